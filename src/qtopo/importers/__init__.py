"""Existing things to a topology: one module per source, one line each in `sources.py`.

A source fills a `Draft` (`draft.py`). Several are merged, completed with what Celery
would do unasked (`complete.py`), and written as TOML (`write.py`). What cannot be
carried over is a note or a leftover, never dropped.
"""
