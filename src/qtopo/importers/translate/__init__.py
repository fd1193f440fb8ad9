"""What settings make Celery do, as tables of a topology."""
