"""One task per customer, registered by name: the queue follows from the name."""

from celery import Celery

app = Celery("tenants")
app.config_from_object("tenants.celeryconfig")

TENANTS = [f"t{number:03}" for number in range(1, 201)]


def register(tenant: str) -> None:
    @app.task(name=f"crm.{tenant}.sync")
    def sync() -> str:
        return f"synced {tenant}"


for name in TENANTS:
    register(name)
