# ruff: noqa


def make(app):
    calls = 0
    rows = []

    @app.task
    def work(x):
        nonlocal calls
        calls += 1  # expect: closure
        rows.append(x)  # expect: closure

    return work
