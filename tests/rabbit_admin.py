"""RabbitMQ from the administrator's side: vhosts and users of a test's own, what is declared."""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

from brokers import MANAGEMENT, RABBITMQ, _answers, _missing


def ask(method, path, body=None):
    """Ask the management API; returns what it answers, and raises HTTPError with its reason."""
    parts = urlsplit(RABBITMQ)
    account = f"{parts.username or 'guest'}:{parts.password or 'guest'}"
    request = urllib.request.Request(
        f"{MANAGEMENT.rstrip('/')}/api/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": "Basic " + b64encode(account.encode()).decode(),
            "Content-Type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise AssertionError(f"{error.code}: {error.read().decode()}") from None
    return json.loads(text) if text else None


def url(vhost, user=None, password=None):
    """The URL of a vhost, for the administrator or a user of a test's."""
    parts = urlsplit(RABBITMQ)
    if user is not None:
        place = f"{parts.hostname}:{parts.port or 5672}"
        parts = parts._replace(netloc=f"{quote(user)}:{quote(password)}@{place}")
    return parts._replace(path="/" + quote(vhost, safe="")).geturl()


@contextmanager
def new_vhost():
    """The name of an empty vhost; it is gone afterwards."""
    _answers(RABBITMQ, 5672)
    try:
        ask("GET", "overview")
    except OSError:
        _missing("the management API of RabbitMQ does not answer")
    name = f"qtopo-test-{secrets.token_hex(6)}"
    ask("PUT", f"vhosts/{name}")
    user = quote(urlsplit(RABBITMQ).username or "guest")
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    try:
        ask("PUT", f"permissions/{name}/{user}", everything)
        yield name
    finally:
        ask("DELETE", f"vhosts/{name}")


@contextmanager
def passwords(users):
    """Give each user a password; returns them by user, and removes the users afterwards."""
    given = {user: secrets.token_hex(8) for user in users}
    try:
        for user, password in given.items():
            ask("PUT", f"users/{quote(user)}", {"password": password, "tags": ""})
        yield given
    finally:
        for user in given:
            ask("DELETE", f"users/{quote(user)}")


def declared(vhost):
    """What a vhost holds, in a form that can be compared: exchanges, queues, bindings."""
    return comparable(ask("GET", f"definitions/{vhost}"))


def comparable(document):
    """Definitions as sets of texts, by kind, without the vhost."""
    return {
        kind: sorted(
            json.dumps({key: one[key] for key in sorted(one) if key != "vhost"}, sort_keys=True)
            for one in document[kind]
        )
        for kind in ("exchanges", "queues", "bindings")
    }
