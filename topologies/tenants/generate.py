"""Writes ../tenants.toml: one queue per customer, so that no customer starves another.

python generate.py > ../tenants.toml
"""

import sys

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

ROUTE = """
[[routes]]
task = "crm.{tenant}.*"
queue = "tenant-{tenant}"
"""

WORKER = """
[workers.shard-{number}]
queues = [
{queues}]
concurrency = 8
prefetch_multiplier = 1
"""


def render() -> str:
    """Return the text of the topology."""
    parts = [HEADER]
    parts += [f"[queues.tenant-{tenant}]\n" for tenant in TENANTS]
    parts += [ROUTE.format(tenant=tenant) for tenant in TENANTS]
    parts += [f'\n[tasks."crm.{tenant}.sync"]\n' for tenant in TENANTS]
    for number, start in enumerate(range(0, len(TENANTS), PER_WORKER), 1):
        shard = TENANTS[start : start + PER_WORKER]
        queues = "".join(f'    "tenant-{tenant}",\n' for tenant in shard)
        parts.append(WORKER.format(number=number, queues=queues))
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(render())
