"""The pages of the errors of shape: what each means, an example of it, and the same made right.

Their examples are run by the tests, as those of the rules are. What is not in
the text of one file (its bytes, the disk, other files) has no example.
"""

from __future__ import annotations


def _page(why: str, example: str = "", instead: str = "") -> str:
    text = f"## Why is this bad?\n\n{why}\n"
    if example:
        text += (
            f"\n## Example\n\n```toml\n{example}\n```\n\n## Use instead\n\n```toml\n{instead}\n```"
        )
    return text.rstrip("\n")


_QUEUE = '[queues.celery]\n{}\n\n[workers.main]\nqueues = ["celery"]'
_WORKER = '[queues.celery]\n\n[workers.main]\nqueues = ["celery"]\n{}'

PAGES = {
    "invalid-toml": _page(
        "Nothing can be read from the line on: the finding is where the text stops being TOML,\n"
        "which may be a line after the mistake. Nothing else is reported of the file."
    ),
    "not-utf8": _page(
        "TOML is UTF-8 by definition. Save the file in that encoding; the finding is at the\n"
        "first byte that cannot belong to it."
    ),
    "unreadable-file": _page(
        "It is a folder, or whoever runs qtopo may not read it. What the file holds is then\n"
        "missing from the topology, so nothing can be said of the rest either."
    ),
    "unknown-key": _page(
        "Celery and kombu drop what they do not know without a word: a misspelled\n"
        "`max_priorty` is a queue without priorities. Here an unknown key is an error.",
        _QUEUE.format("max_priorty = 9"),
        _QUEUE.format("max_priority = 9"),
    ),
    "wrong-type": _page(
        "A value of another type would fail later, in a worker, or mean something else: the\n"
        'text `"false"` counts as true. Durations and sizes are texts with a unit, so that\n'
        "nobody has to know whether a number means seconds or milliseconds.",
        _QUEUE.format("message_ttl = 40"),
        _QUEUE.format('message_ttl = "40s"\ndead_letter = "dead"')
        + '\n\n[exchanges.dead]\n\n[queues.dead]\nexchange = "dead"\n'
        'routing_key = "celery"\nparking = true',
    ),
    "invalid-value": _page(
        "Only some words, or numbers in some range, mean anything here.",
        _WORKER.format('pool = "preform"'),
        _WORKER.format('pool = "prefork"'),
    ),
    "invalid-unit": _page(
        "A duration is a number with `ms`, `s`, `m`, `h`, `d` or `w`, a size one with `kB`,\n"
        "`MB`, `KiB`, `MiB` and so on, a rate one with `/s`, `/m` or `/h`. Without the unit a\n"
        "number could mean anything; kombu takes seconds where RabbitMQ takes milliseconds.",
        _WORKER.format('max_memory_per_child = "400"'),
        _WORKER.format('max_memory_per_child = "400MB"'),
    ),
    "missing-key": _page(
        "A table without it does not say enough to do anything with: a worker without queues\n"
        "would consume every queue there is.",
        '[queues.celery]\n\n[workers.main]\npool = "threads"',
        _WORKER.format('pool = "threads"'),
    ),
    "conflicting-keys": _page(
        "Each of the keys says what the other says too, and Celery would use one of them\n"
        "without a word: `--concurrency` is ignored beside `--autoscale`.",
        _WORKER.format("concurrency = 4\nautoscale = { min = 2, max = 8 }"),
        _WORKER.format("autoscale = { min = 2, max = 8 }"),
    ),
    "invalid-name": _page(
        "An empty queue name lets the broker make one up; control characters break log lines,\n"
        "command lines and the separators that kombu puts between names on Redis.",
        _WORKER.format('\n[machines."small\\u0007"]\ncpus = 2'),
        _WORKER.format("\n[machines.small]\ncpus = 2"),
    ),
    "duplicate-name": _page(
        "TOML refuses one name twice in a file; over included files it would be an accident\n"
        "which of the two counts. Only `[settings]` and the other tables of the main file may\n"
        "be said once. Rename one of them, or put what belongs together into one file."
    ),
    "include-missing": _page(
        "What the file was to declare is missing, and all that refers to it would look like a\n"
        "mistake. Paths are relative to the file that includes them."
    ),
    "include-without-match": _page(
        "A pattern may match nothing on purpose, so this is a warning; mostly a folder was\n"
        "renamed. Patterns are relative to the file that includes them."
    ),
    "include-cycle": _page(
        "Each of the files would have to be read before the other. Include each of them from\n"
        "the main file alone."
    ),
    "misplaced-table": _page(
        "There is one application, one broker and one set of defaults: they stand in the main\n"
        "file, where a reader looks for them. `qtopo schema --included` tells editors so."
    ),
    "near-miss-overlay": _page(
        "An overlay may add a queue or a worker that the base has not. One whose name differs\n"
        "from that of the base by a slip of the keyboard was meant to change that one: the\n"
        "base's stays as it is, and a second one runs beside it.",
        _WORKER.format(
            '\n[environments.staging.workers.mian]\nqueues = ["celery"]\nconcurrency = 1'
        ),
        _WORKER.format("\n[environments.staging.workers.main]\nconcurrency = 1"),
    ),
    "typo-in-overlay": _page(
        "What the overlay changes is not there, and what it says would not be enough to add\n"
        "it (a queue needs nothing, but one that nothing else names gets and gives nothing):\n"
        "the change is lost, and the environment runs with the values of the base.",
        _WORKER.format("\n[environments.staging.workers.mian]\nconcurrency = 1"),
        _WORKER.format("\n[environments.staging.workers.main]\nconcurrency = 1"),
    ),
    "plugin-unusable": _page(
        "The rules of the plugin are not run, so that nothing they would find is found. Install\n"
        "it where qtopo is installed, or name a file as `./rules.py`."
    ),
    "secret-in-file": _page(
        "The file is read, reviewed and kept in version control, and so is what is compiled\n"
        "from it. Whoever can read either has the password, for as long as the history is\n"
        "kept. The message does not repeat it.",
        '[broker]\nurl = "amqp://shop:s3cret@mq.example/shop"\n\n' + _WORKER.format(""),
        '[broker]\nurl = "env:BROKER_URL"\n\n' + _WORKER.format(""),
    ),
}
"""By the name of the shape."""
