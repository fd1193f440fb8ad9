# ruff: noqa
from celery import shared_task

try:
    import simplejson as json
except ImportError:
    import json

if True:
    CACHE = {}
else:
    CACHE = None


@shared_task
def work(key):
    json.encoder.FLOAT_REPR = repr  # expect: module-attribute
    if CACHE is not None:
        CACHE[key] = 1  # expect: module-object
