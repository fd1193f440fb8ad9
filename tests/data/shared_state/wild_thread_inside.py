# ruff: noqa
import threading

from celery import shared_task

RESULTS = []


def collect(url):
    RESULTS.append(url)  # expect: module-object


@shared_task
def crawl(urls):
    threads = [threading.Thread(target=collect, args=(url,)) for url in urls]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
