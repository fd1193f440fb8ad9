"""Writes ../tenants.toml: one queue per customer, so that no customer starves another.

    python generate.py > ../tenants.toml
"""

TENANTS = [f"t{number:03}" for number in range(1, 201)]
PER_WORKER = 50

HEADER = """\
# One queue per customer (200 of them): a customer who imports a million rows
# waits for himself alone. Written by tenants/generate.py; four kinds of worker
# share the customers between them.

[app]
name = "tenants"
celery = "tenants.app:app"

[broker]
transport = "rabbitmq"
url = "env:TENANTS_BROKER_URL"

[results]
url = "env:TENANTS_RESULT_URL"
backend = "redis"

[defaults]
queue = "default"

[queues.default]

[workers.default]
queues = ["default"]
concurrency = 2
"""


def main() -> None:
    print(HEADER)
    for tenant in TENANTS:
        print(f"[queues.tenant-{tenant}]")
    for tenant in TENANTS:
        print(f'\n[[routes]]\ntask = "crm.{tenant}.*"\nqueue = "tenant-{tenant}"')
    for tenant in TENANTS:
        print(f'\n[tasks."crm.{tenant}.sync"]')
    for group, start in enumerate(range(0, len(TENANTS), PER_WORKER), 1):
        queues = "".join(f'    "tenant-{one}",\n' for one in TENANTS[start : start + PER_WORKER])
        print(f"\n[workers.shard-{group}]\nqueues = [\n{queues}]\nconcurrency = 8\nprefetch_multiplier = 1")


if __name__ == "__main__":
    main()
