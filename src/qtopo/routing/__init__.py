"""Celery's router and the broker's delivery, as pure functions of a topology."""
