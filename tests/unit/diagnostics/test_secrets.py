from __future__ import annotations

import pytest

from qtopo.diagnostics.secrets import masked


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('url = "amqp://u:hunter2@h//"', 'url = "amqp://u:*******@h//"'),
        ('url = "redis://:p@ss@h/0"', 'url = "redis://:****@h/0"'),
        ('url = "amqp://h:5672//"', 'url = "amqp://h:5672//"'),
        ('redis_password = "abc"', 'redis_password = "***"'),
        ("a = { DB_PASSWORD = 'x y' }", "a = { DB_PASSWORD = '***' }"),
        ('"api_token" = """s"""', '"api_token" = """*"""'),
        ('queue = "password"', 'queue = "password"'),
    ],
)
def test_secrets_are_stars_in_their_columns(line, shown):
    assert masked(line) == shown
    assert len(masked(line)) == len(line)
