"""The options of `qtopo route` that imitate a call: what `apply_async` would be given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.errors import QtopoError

if TYPE_CHECKING:
    import argparse

    from qtopo.routing.call import Call

DECORATOR_OPTIONS = (
    "queue",
    "exchange",
    "exchange_type",
    "routing_key",
    "priority",
    "delivery_mode",
)
"""What a task's decorator can say of its way."""


def add_call_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a call."""
    group = parser.add_argument_group(
        "the call", "as apply_async and send_task take it; --header and --exchange count here too"
    )
    group.add_argument("--queue", metavar="NAME", help="sent with queue=NAME")
    group.add_argument("--routing-key", metavar="KEY", help="sent with routing_key=KEY")
    group.add_argument(
        "--priority", type=int, metavar="N", help="sent with priority=N, as it goes on the wire"
    )
    group.add_argument(
        "--countdown", metavar="TIME", help='sent with a countdown: "5m", "250ms", or seconds'
    )
    group.add_argument(
        "--delivery-mode", choices=("persistent", "transient"), help="sent with this delivery_mode"
    )
    group.add_argument(
        "--decorator",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what the task's decorator says, such as queue=emails",
    )
    group.add_argument(
        "--registered",
        action="store_true",
        help="the sending process has imported the task (--decorator implies it)",
    )
    group.add_argument(
        "--as",
        dest="imitate",
        choices=("retry", "chord-body", "map", "starmap", "chunks"),
        help="what Celery itself sends for it: its retry, what ends a chord with this body (as "
        "[results] says), or the task behind .map(), .starmap() and .chunks()",
    )


def read_call(args: argparse.Namespace) -> Call | None:
    """Return the call that the options imitate, without a task; None where there are none.

    Raises QtopoError where an option makes no sense.
    """
    options: dict[str, Any] = {}
    for name in ("queue", "exchange", "routing_key", "priority"):
        value = getattr(args, name)
        if value is not None:
            options[name] = value
    if args.delivery_mode is not None:
        options["delivery_mode"] = {"transient": 1, "persistent": 2}[args.delivery_mode]
    if args.countdown is not None:
        options["countdown"] = _seconds(args.countdown)
    if args.header:
        options["headers"] = read_headers(args.header)
    decorator = dict(_decorator(one) for one in args.decorator)
    if not options and not decorator and not args.registered:
        return None
    from qtopo.routing.call import Call

    registered = bool(decorator) or args.registered
    method = "apply_async" if registered else "send_task"
    return Call("", options=options, decorator=decorator, registered=registered, method=method)


def read_headers(texts: list[str]) -> dict[str, Any]:
    """Read NAME=VALUE pairs; true, false and whole numbers are what they look like."""
    found = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise QtopoError(f"--header takes NAME=VALUE, not {text!r}")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) < 19:
        return int(text)
    return text


def _decorator(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise QtopoError(f"--decorator takes KEY=VALUE, not {text!r}", "--decorator queue=emails")
    if name not in DECORATOR_OPTIONS:
        from qtopo.topology.suggest import did_you_mean

        raise QtopoError(
            f"a decorator's {name!r} has no say in where a task goes",
            did_you_mean(name, DECORATOR_OPTIONS) or f"it is one of {', '.join(DECORATOR_OPTIONS)}",
        )
    if name == "priority":
        try:
            return name, int(value)
        except ValueError:
            raise QtopoError(f"a priority is a whole number, not {value!r}") from None
    return name, {"transient": 1, "persistent": 2}.get(value, value)


def _seconds(text: str) -> float:
    from math import isfinite

    from qtopo.topology.units import parse_duration

    try:
        seconds = float(text)
    except ValueError:
        try:
            return parse_duration(text)
        except ValueError as error:
            raise QtopoError(f"--countdown: {error}", '"5m", "250ms", or seconds') from None
    if not isfinite(seconds):
        raise QtopoError(f"--countdown takes a time, not {text!r}", '"5m", "250ms", or seconds')
    return seconds
