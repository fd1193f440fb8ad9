"""The tasks of the shop. The settings are what qtopo emitted from shop.toml."""

from celery import Celery, chain, chord, group

app = Celery("shop")
app.config_from_object("shop.celeryconfig")


@app.task(name="shop.emails.password_reset", autoretry_for=(ConnectionError,))
def password_reset(address: str = "someone@example.org") -> str:
    return f"reset link to {address}"


@app.task(name="shop.emails.receipt")
def receipt(order: int = 1) -> str:
    return f"receipt for order {order}"


@app.task(name="shop.emails.newsletter")
def newsletter() -> str:
    return "newsletter"


@app.task(name="shop.orders.confirm")
def confirm(parts: list[str] | None = None) -> str:
    return " and ".join(sorted(parts or []))


@app.task(name="shop.orders.refund")
def refund(order: int = 1) -> str:
    return f"refunded {order}"


@app.task(name="shop.orders.reserve")
def reserve(order: int = 1) -> str:
    return f"reserved {order}"


@app.task(name="shop.payments.charge")
def charge(order: int = 1) -> str:
    return f"paid {order}"


@app.task(name="shop.reports.build")
def build() -> int:
    return sum(number * number for number in range(10_000))


@app.task(name="shop.prices.forget")
def forget() -> None:
    """Drops what this worker process remembers of prices."""


@app.task(name="shop.ping")
def ping() -> str:
    return "pong"


def checkout(order: int):
    """The workflow `checkout` of shop.toml."""
    return chain(
        chord([charge.s(order), reserve.s(order)], confirm.s()),
        group(receipt.si(order), ping.si()),
    )
