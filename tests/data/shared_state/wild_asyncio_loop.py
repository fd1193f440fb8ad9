# ruff: noqa
import asyncio

from celery import shared_task

_loop = None


def loop():
    global _loop
    if _loop is None or _loop.is_closed():
        _loop = asyncio.new_event_loop()  # expect: global
    return _loop


async def fetch(url, seen):
    seen.add(url)
    await asyncio.sleep(0)
    return url


@shared_task
def crawl(urls):
    seen = set()
    return [loop().run_until_complete(fetch(url, seen)) for url in urls]
