# ruff: noqa
TABLE = {}
MODE = "slow"


def remember(key):
    _keep(key)


def _keep(key):
    TABLE[key] = 1  # expect: module-object


def unrelated():
    TABLE.clear()
