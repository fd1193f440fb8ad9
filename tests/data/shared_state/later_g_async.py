# ruff: noqa
import asyncio

from celery import shared_task

HITS = {}


async def one(x):
    HITS[x] = HITS.get(x, 0) + 1  # expect: module-object


async def many(xs):
    await asyncio.gather(*(one(x) for x in xs))


@shared_task
def work(xs):
    asyncio.run(many(xs))
