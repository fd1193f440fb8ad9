"""Each format with files as they are found: what comes out as workers and beat."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import tomli

from qtopo.errors import UnreadableFileError
from qtopo.importers.commands import read
from qtopo.importers.commands.containers import duration
from qtopo.importers.commands.files import recognised
from qtopo.importers.commands.systemd import seconds
from qtopo.importers.complete import complete
from qtopo.importers.draft import Draft
from qtopo.importers.sound import make_sound
from qtopo.importers.sources import Options
from qtopo.importers.write import write

FILES = {
    "Procfile": """\
web: gunicorn app:app
worker: bin/start celery -A main.celery:app worker -E -Q default --concurrency=2 -B -l $LEVEL
bulk: REMAP_SIGTERM=SIGQUIT celery -A main.celery:app worker -Q bulk,default -P gevent
""",
    "celeryd.conf": """\
; Celery's own example
[program:celery]
command=celery worker -A proj --loglevel=INFO
directory=/path/to/project
user=nobody
numprocs=1
stdout_logfile=/var/log/celery/worker.log
autostart=true
startsecs=10
; Need to wait for currently executing tasks to finish at shutdown.
stopwaitsecs = 600
stopasgroup=true
priority=1000

[program:mail]
command=/srv/venv/bin/celery -A proj worker -n mail%(process_num)02d@%%h
    -Q mail --concurrency=%(ENV_SIZE)s
process_name=%(program_name)s_%(process_num)02d
numprocs=3
environment=SIZE="4",DJANGO_SETTINGS_MODULE='proj.settings' ; of the site

[program:beat]
command=celery beat -A proj --schedule /var/lib/celery/beat.db --max-interval 30
""",
    "celery.service": """\
[Service]
Type=forking
EnvironmentFile=/etc/conf.d/celery
ExecStart=/bin/sh -c '${CELERY_BIN} -A $CELERY_APP multi start $CELERYD_NODES \\
    --pidfile=${CELERYD_PID_FILE} --logfile=${CELERYD_LOG_FILE} \\
    --loglevel="${CELERYD_LOG_LEVEL}" $CELERYD_OPTS'
ExecStop=/bin/sh -c '${CELERY_BIN} multi stopwait $CELERYD_NODES'
TimeoutStopSec=5min 20s
Restart=always
""",
    "conf.d/celery": """\
CELERYD_NODES="w1 w2"
CELERY_BIN="/usr/local/bin/celery"
CELERY_APP="proj"
CELERYD_OPTS="--time-limit=300 --concurrency=8"
CELERYD_PID_FILE="/var/run/celery/%n.pid"
CELERYD_LOG_FILE="/var/log/celery/%n%I.log"
CELERYD_LOG_LEVEL="INFO"
""",
    "mail@.service": """\
[Service]
Environment=SIZE=3 "NOTE=two words"
ExecStart=/srv/venv/bin/celery -A proj worker -n mail-%i@%%h -Q mail -c ${SIZE} $MORE
KillMode=mixed
""",
    "Dockerfile": """\
FROM python:3.12 AS base
ENV QUEUES=a,b \\
    # a comment
    SIZE=4
ENV LEGACY the rest
FROM base AS worker
CMD celery -A proj worker -Q $QUEUES -c ${SIZE:-1}
FROM base AS beat
ENTRYPOINT ["tini", "--"]
CMD ["celery", "-A", "proj", "beat"]
STOPSIGNAL SIGTERM
RUN <<EOF
celery worker
EOF
""",
    "docker-compose.yml": """\
x-django: &django
  environment: &env
    DJANGO_SETTINGS_MODULE: settings
    SECRET_KEY: ${SECRET_KEY:?missing}
    WORKER_QUEUES: "default,${EXTRA:-indexing}"
    DATABASE_URL: postgres://u:hunter2@db/x
services:
  web: {<<: *django, command: uwsgi}
  indexer:
    <<: *django
    command: docker/web/celery/worker/run.sh
    stop_grace_period: 1m30s
    deploy: {replicas: 2}
    healthcheck:
      test: celery -A proj status
  mail:
    extends: indexer
    environment:
      - WORKER_QUEUES=mail
    deploy: {replicas: "${MAILERS:-1}"}
  beat:
    image: x
    entrypoint: ["celery", "-A", "proj"]
    command: ["beat", "-S", "django_celery_beat.schedulers:DatabaseScheduler"]
""",
    "run.sh": """\
#!/bin/bash
set -euo pipefail
TASK_CONCURRENCY=${CELERYD_CONCURRENCY:-1000}
if [ ${CELERY_DEBUG:-0} = 1 ]; then log_level="debug"; else log_level="info"; fi
echo "==> $(date) running Celery worker with a concurrency of ${TASK_CONCURRENCY} <=="
exec celery --no-color -A config.celery_app worker \\
     --pool=gevent \\
     --loglevel $log_level \\
     --concurrency="${TASK_CONCURRENCY}" \\
     -E -Q "$WORKER_QUEUES"
""",
    "deploy.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {QUEUES: "a,b", SIZE: "6"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  replicas: 3
  template:
    spec:
      terminationGracePeriodSeconds: 600
      containers:
        - name: worker
          command: [celery]
          args: ["-A", "proj", "worker", "-Q", "$(QUEUES)", "-c", "$(SIZE)", "-n", "w@$(HOSTNAME)"]
          envFrom: [{configMapRef: {name: settings}}]
          env:
            - {name: PLAIN, value: "1"}
            - {name: HOSTNAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: t}}}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: x}
spec: {scaleTargetRef: {name: scaled}, minReplicaCount: 2, maxReplicaCount: 9}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: scaled}
spec:
  template:
    spec:
      containers:
        - {name: main, command: [sh, -c, "exec celery -A proj worker -Q c"]}
""",
    "values.yaml": """\
configMountPath: /app
supersetWorker:
  replicas: {enabled: true, replicaCount: 3}
  command:
    - "/bin/sh"
    - "-c"
    - ". {{ .Values.configMountPath }}/boot.sh; celery --app=superset.tasks:app worker -O fair -c 4"
workers:
  terminationGracePeriodSeconds: 600
  keda: {enabled: true, minReplicaCount: 1, maxReplicaCount: 10}
  args:
    - "bash"
    - "-c"
    - |-
      exec \\
      airflow {{ semverCompare ">=2.0.0" .Values.version | ternary "celery worker" "worker" }}
""",
    "template.yaml": """\
{{- if .Values.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "chart.fullname" . }}-worker
  labels: {{- include "labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.worker.replicas | default 2 }}
  template:
    spec:
      containers:
        - name: mailer
          command: ["celery", "-A", "proj", "worker", "-Q", "{{ .Values.worker.queues }}"]
          args: ["--concurrency={{ .Values.worker.size | default 5 }}"]
{{- end }}
""",
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).parent.mkdir(exist_ok=True, parents=True)
        Path(name).write_text(text)
    return tmp_path


def workers(*named: str) -> tuple[dict[str, Any], Draft]:
    draft = read(named, Options())
    complete(draft)
    make_sound(draft)
    return tomli.loads(write(draft)), draft


def traps(draft: Draft) -> set[str | None]:
    return {one.trap for one in draft.notes}


def test_procfile(files: Path) -> None:
    data, draft = workers("Procfile")
    assert data["app"] == {"celery": "main.celery:app"}
    assert data["workers"] == {
        "worker": {"queues": ["default"], "concurrency": 2, "extra_args": ["--task-events"]},
        "bulk": {
            "queues": ["bulk", "default"],
            "pool": "gevent",
            "env": {"REMAP_SIGTERM": "SIGQUIT"},
        },
    }
    assert "beat" in data or "[beat]" in write(draft)
    assert "embedded-beat" in traps(draft)
    assert draft.origins["workers", "bulk"] == "Procfile:3"


def test_supervisor(files: Path) -> None:
    data, draft = workers("celeryd.conf")
    assert data["workers"]["celery"] == {
        "queues": ["celery"],
        "shutdown": {"drain": "10m"},
        "extra_args": ["--loglevel=INFO"],
    }
    assert data["workers"]["mail"] == {
        "queues": ["mail"],
        "concurrency": 4,
        "replicas": 3,
        "env": {"SIZE": "4", "DJANGO_SETTINGS_MODULE": "proj.settings"},
    }
    assert data["beat"] == {"schedule_file": "/var/lib/celery/beat.db", "max_interval": "30s"}
    assert "stop-signals-children" in traps(draft)
    assert draft.origins["workers", "mail"] == "celeryd.conf:16"


def test_systemd_with_its_variables(files: Path) -> None:
    data, _ = workers("celery.service", "conf.d/celery")
    (name, worker) = next(iter(data["workers"].items()))
    assert name == "w"
    assert worker["replicas"] == 2
    assert worker["concurrency"] == 8
    assert worker["shutdown"] == {"drain": "320s"}
    assert "--time-limit=300" in worker["extra_args"]
    # Alone it is what the init script reads; without it nothing is known.
    alone, _ = workers("conf.d/celery")
    assert alone["workers"]["w"]["concurrency"] == 8
    _, draft = workers("celery.service")
    assert "file-not-named" in traps(draft) or any("refuses" in n.message for n in draft.notes)


def test_systemd_template_unit(files: Path) -> None:
    data, draft = workers("mail@.service")
    assert data["workers"]["mail"] == {
        "queues": ["mail"],
        "concurrency": 3,
        "env": {"SIZE": "3", "NOTE": "two words"},
    }
    assert "stop-signals-children" not in traps(draft)
    assert any("$MORE" in line for one in draft.leftovers for line in one.lines)


def test_dockerfile(files: Path) -> None:
    data, draft = workers("Dockerfile")
    env = {"QUEUES": "a,b", "SIZE": "4", "LEGACY": "the rest"}
    assert data["workers"] == {"worker": {"queues": ["a", "b"], "concurrency": 4, "env": env}}
    assert "beat" in draft.data
    assert draft.origins["workers", "worker"] == "Dockerfile:7"


def test_compose_with_its_script(files: Path) -> None:
    data, draft = workers("docker-compose.yml", "run.sh")
    indexer = data["workers"]["indexer"]
    assert indexer["queues"] == ["default", "indexing"]
    assert (indexer["pool"], indexer["concurrency"], indexer["replicas"]) == ("gevent", 1000, 2)
    assert indexer["shutdown"] == {"drain": "90s"}
    assert indexer["env"]["DJANGO_SETTINGS_MODULE"] == "settings"
    assert data["workers"]["mail"]["queues"] == ["mail"]
    assert "replicas" not in data["workers"]["mail"]
    assert data["beat"] == {"scheduler": "django"}
    assert set(data["workers"]) == {"indexer", "mail"}
    text = write(draft)
    assert "hunter2" not in text
    assert not any("hunter2" in one.message for one in draft.notes)


def test_compose_interpolates_from_dotenv_and_overrides(files: Path) -> None:
    Path(".env").write_text("EXTRA=urgent # of this site\nMAILERS=5\n")
    Path("docker-compose.override.yml").write_text(
        "services:\n  mail:\n    command: celery -A proj worker -Q only --concurrency 1\n"
    )
    data, _ = workers("docker-compose.yml", "docker-compose.override.yml", "run.sh", ".env")
    assert data["workers"]["indexer"]["queues"] == ["default", "urgent"]
    assert data["workers"]["mail"]["queues"] == ["only"]
    assert data["workers"]["mail"]["replicas"] == 5


def test_script_alone_keeps_what_is_not_known_as_a_comment(files: Path) -> None:
    data, draft = workers("run.sh")
    assert "workers" not in data
    text = write(draft)
    assert '#     "$WORKER_QUEUES",' in text
    assert '# pool = "gevent"' in text
    assert "queues-unknown" in traps(draft)


def test_kubernetes(files: Path) -> None:
    data, draft = workers("deploy.yaml")
    assert data["workers"]["w"] == {
        "queues": ["a", "b"],
        "concurrency": 6,
        "replicas": 3,
        "shutdown": {"drain": "10m"},
        "env": {"QUEUES": "a,b", "SIZE": "6", "PLAIN": "1"},
    }
    assert data["workers"]["scaled"] == {"queues": ["c"], "scale": {"min": 2, "max": 9}}
    assert "# env.TOKEN" in write(draft)


def test_values_of_charts(files: Path) -> None:
    data, _ = workers("values.yaml")
    superset = data["workers"]["supersetWorker"]
    assert (superset["replicas"], superset["concurrency"]) == (3, 4)
    airflow = data["workers"]["workers"]
    assert airflow["scale"] == {"min": 1, "max": 10}
    assert airflow["shutdown"] == {"drain": "10m"}


def test_template_with_and_without_values(files: Path) -> None:
    data, draft = workers("template.yaml")
    assert "workers" not in data
    assert "queues-unknown" in traps(draft)
    Path("values.yaml").write_text("worker: {queues: 'a,b', replicas: 4}\n")
    data, _ = workers("template.yaml", "values.yaml")
    assert list(data["workers"].values()) == [
        {"queues": ["a", "b"], "concurrency": 5, "replicas": 4}
    ]


def test_a_template_that_is_no_yaml_is_read_by_line(tmp_path: Path) -> None:
    path = tmp_path / "deployment.yaml"
    path.write_text(
        "spec: {{ if .x }}\n  - [\n  command: celery -A proj worker -Q a -c 2\n"
        '  args: ["celery", "-A", "proj", "beat"]\n'
    )
    data, draft = workers(str(path))
    assert next(iter(data["workers"].values()))["queues"] == ["a"]
    assert "beat" in draft.data
    assert "template-not-rendered" in traps(draft)


def test_formats_are_recognised_without_a_name(files: Path) -> None:
    expected = {
        "Procfile": "procfile",
        "celeryd.conf": "supervisor",
        "celery.service": "systemd",
        "conf.d/celery": "variables",
        "Dockerfile": "dockerfile",
        "docker-compose.yml": "compose",
        "run.sh": "shell",
        "deploy.yaml": "kubernetes",
    }
    for name, format in expected.items():
        assert recognised(name, FILES[name]) == format
        assert recognised("file", FILES[name]) == format, name


def test_names_are_unique_and_alike_workers_become_one(tmp_path: Path) -> None:
    path = tmp_path / "start.sh"
    path.write_text(
        "celery -A p worker -n a-1@%h -Q x\ncelery -A p worker -n a-2@%h -Q x\n"
        "celery -A p worker -n b@%h -Q x\ncelery -A p worker -n b@%h -Q y\n"
    )
    data, _ = workers(str(path))
    assert data["workers"]["a"]["replicas"] == 2
    assert data["workers"]["b"]["queues"] == ["x"]
    assert data["workers"]["b-2"]["queues"] == ["y"]


def test_no_queue_option_means_what_is_declared() -> None:
    draft = Draft("x")
    draft.put(("queues",), {"a": {}, "b": {}, "made": {}})
    draft.note("warning", "x", ("queues", "made"), None, "auto-created-queue")
    draft.put(("workers",), {"all": {}, "most": {}, "none": {}})
    draft.hints.update({"all-queues all": (), "all-queues most": ("b",)})
    draft.hints["all-queues none"] = ("a", "b")
    complete(draft)
    assert draft.data["workers"]["all"]["queues"] == ["a", "b"]
    assert draft.data["workers"]["most"]["queues"] == ["a"]
    assert "queues" not in draft.data["workers"]["none"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90.0), ("5min 20s", 320.0), ("1h", 3600.0), ("infinity", None), ("", None)],
)
def test_spans_of_systemd(text: str, expected: float | None) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1m30s", 90.0), ("20s", 20.0), ("500ms", 0.5), ("45", 45.0), ("x", None)],
)
def test_durations_of_compose(text: str, expected: float | None) -> None:
    assert duration(text) == expected


ALIASES = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)
MERGES = "a0: &a0 {command: x}\n" + "".join(
    f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 20)}]\n" for n in range(1, 400)
)
HOSTILE = {
    "docker-compose.yml": [
        "services: &s\n  <<: *s\n  a: *s\n",
        "services:\n" + ALIASES.replace("a", "  a").replace("*  a", "*a").replace("&  a", "&a"),
        MERGES + "services: *a399\n",
        "services: " + "[" * 100_000,
        "services: " + "{a: " * 50_000,
        "services:\n  w: {command: !!python/object/apply:os.system ['touch hacked']}\n",
        "services:\n  w: {command: 'celery worker -Q $(touch hacked) `touch hacked`'}\n",
        "services:\n" + "".join(f"  s{n}: {{command: celery worker}}\n" for n in range(30_000)),
        "services: {w: {command: celery worker, deploy: {replicas: 99999999999999999999}}}\n",
        "services: {w: {extends: w, command: celery worker}}\n",
    ],
    "values.yaml": [ALIASES, MERGES, "x: " + "- " * 50_000, "a: b\n" * 200_000],
    "start.sh": [
        "A=xxxxxxxxxx\n" + "A=$A$A$A$A\n" * 400 + "celery worker -Q $A\n",
        "celery worker -Q " + "${A:-" * 20_000,
        "celery worker -Q " + "$(" * 50_000,
        "sh -c '" * 3_000 + "celery worker",
        "celery worker " + "-- " * 100_000,
        "celery worker " + "-E " * 500_000,
        ". start.sh\nstart.sh\ncelery worker\n" * 50,
        "if x; then\n" * 50_000 + "celery worker",
        "celery multi start 999999999 -c:1-9999999999 2",
        "cat <<X\n" * 20_000,
        'A=("' + "x " * 500_000,
        "celery worker -Q " + "a," * 900_000,
        "touch hacked; $(touch hacked)",
    ],
    "Procfile": ["w: celery worker -Q " + "x" * 1_900_000, "w" * 1_900_000],
    "Dockerfile": [
        "FROM x\n" + "ENV A=$A$A$A$A\n" * 5_000 + "CMD celery worker -Q $A",
        "[" * 999_999,
    ],
    "x.conf": ["[program:w]\ncommand=" + "%(ENV_x)s" * 100_000, "[program:w]\n" + " x\n" * 400_000],
    "x.service": ["[Service]\nExecStart=" + "celery worker \\\n" * 50_000],
    "template.yaml": ["{{" * 400_000, "a: {{ " + '"' * 300_000, "{{ x\n" * 100_000],
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(name, text, id=f"{name}-{number}")
        for name, texts in HOSTILE.items()
        for number, text in enumerate(texts)
    ],
)
def test_hostile_files_end_soon_and_small(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing runs, nothing hangs, nothing fills memory: it is read, or refused in words."""
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text)
    before = time.process_time()
    try:
        data, _ = workers(name)
    except UnreadableFileError:
        data = {}
    assert len(data.get("workers", ())) <= 2_000
    assert time.process_time() - before < 8
    assert not Path("hacked").exists()


def test_memory_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "docker-compose.yml"
    path.write_text(MERGES + ALIASES.replace("a", "b") + "services: *a399\n")
    tracemalloc.start()
    try:
        workers(str(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60_000_000


@pytest.mark.parametrize("data", [b"\0binary", b"x" * 2_000_001])
def test_what_is_no_text_or_too_long_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_bytes(data)
    with pytest.raises(UnreadableFileError, match="Procfile"):
        read((str(path),), Options())


def test_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UnreadableFileError, match="cannot read"):
            read((str(path),), Options())
