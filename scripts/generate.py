"""Writes everything in this repository that is generated: `python scripts/generate.py [--check]`.

With `--check` nothing is written; the exit code is 1 where something is stale,
and it is named.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
TOPOLOGIES = ROOT / "topologies"

EXAMPLES = {
    "shop.toml": ("shop/celeryconfig.py",),
    "simple.toml": ("simple/celeryconfig.py",),
    "media.toml": ("media/celeryconfig.py",),
    "tenants.toml": ("tenants/celeryconfig.py",),
    "redis-priorities.toml": ("redis_priorities/celeryconfig.py",),
    "django.toml": ("djangosite/celeryconfig.py", "--namespace", "CELERY"),
}
"""Each example with what follows `qtopo emit -t EXAMPLE`."""


def generated() -> Iterator[tuple[Path, str]]:
    """Yield each generated file and its text, what others are made from first."""
    sys.path.insert(0, str(ROOT / "scripts"))
    import celery_settings
    import format_page
    import gallery
    import rules_page
    import transport_differences

    yield celery_settings.TARGET.resolve(), celery_settings.render()
    yield TOPOLOGIES / "tenants.toml", _module(TOPOLOGIES / "tenants" / "generate.py").render()
    for topology, (output, *options) in EXAMPLES.items():
        yield TOPOLOGIES / output, _emitted(topology, *options)
    yield from rules_page.pages()
    yield format_page.TARGET.resolve(), format_page.render()
    yield transport_differences.TARGET.resolve(), transport_differences.render()
    # Last: it draws the examples.
    yield from gallery.pages()


def strays(written: set[Path]) -> list[Path]:
    """Return the files of wholly generated folders that nothing generates any more."""
    import gallery
    import rules_page

    kept = {*written, gallery.BY_DOT}
    folders = (rules_page.FOLDER.resolve(), gallery.FOLDER)
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if path not in kept)


def _emitted(topology: str, *options: str) -> str:
    """Return what the command line emits; it has proved it with Celery."""
    from qtopo.cli.main import OK, main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["emit", "-t", str(TOPOLOGIES / topology), "-", *options])
    if status != OK:
        raise SystemExit(f"{topology} cannot be emitted\n{err.getvalue()}")
    return out.getvalue()


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(arguments: list[str]) -> int:
    """Write what is stale, or name it; returns the exit code."""
    check = "--check" in arguments
    stale = 0
    written = set()
    for path, text in generated():
        written.add(path)
        # Bytes: a checkout with other line ends is stale too.
        if path.exists() and path.read_bytes() == text.encode():
            continue
        stale += 1
        name = path.relative_to(ROOT).as_posix()
        if check:
            sys.stderr.write(f"{name} is stale: run `python scripts/generate.py`\n")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
            sys.stdout.write(f"wrote {name}\n")
    for path in strays(written):
        stale += 1
        name = path.relative_to(ROOT).as_posix()
        if check:
            sys.stderr.write(f"{name} is stale: nothing generates it any more\n")
        else:
            path.unlink()
            sys.stdout.write(f"removed {name}\n")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
