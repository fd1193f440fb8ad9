"""JSON of somebody else's, read within bounds: size, number of values, depth."""

from __future__ import annotations

from typing import Any

from qtopo.errors import UnreadableFileError

MOST_BYTES = 32 * 1024 * 1024
_MOST_VALUES = 2_500_000
_WAY_OUT = "export one vhost alone"


def parse(raw: bytes, what: str) -> tuple[Any, list[str]]:
    """Return the value, and the keys that an object in it holds twice: the last counts.

    Raises UnreadableFileError for what is too large, too deep or no JSON.
    """
    import json

    if len(raw) > MOST_BYTES:
        raise UnreadableFileError(f"{what} is larger than {MOST_BYTES // 2**20} MiB", _WAY_OUT)
    # Every value but the first comes behind one of these.
    if sum(map(raw.count, (b",", b":", b"[", b"{"))) > _MOST_VALUES:
        raise UnreadableFileError(f"{what} holds more than {_MOST_VALUES} values", _WAY_OUT)
    twice: dict[str, None] = {}

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    twice[key] = None
                seen.add(key)
        return found

    try:
        value = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=table, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"{what} is no JSON: byte {error.start} is not UTF-8", None
        ) from None
    except json.JSONDecodeError as error:
        raise UnreadableFileError(
            f"{what} is no JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except RecursionError:
        raise UnreadableFileError(f"{what} is nested too deep") from None
    except ValueError:
        # A number of thousands of digits, or one that JSON does not have.
        raise UnreadableFileError(f"{what} is no JSON: a number that cannot be read") from None
    return value, list(twice)


def _no_constant(name: str) -> Any:
    raise ValueError(name)
