"""The speed and memory of qtopo, as ratios measured side by side in one run.

    python benchmarks/run.py            all of it
    python benchmarks/run.py --quick    smaller files, fewer runs

Every ratio has a bar; one that is missed is said, and the exit code is 1.
Figures are whole processes: the median of several runs, taken in turn so that
a machine that changes its speed changes both sides.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import delivery
import pictures
import routing

HERE = Path(__file__).resolve().parent
SIMPLE = HERE.parent / "topologies" / "simple.toml"


def large(queues: int, routes: int, tasks: int) -> str:
    """A topology of a given size that `check` finds nothing wrong with."""
    lines = [
        '[app]\ncelery = "big:app"',
        '[broker]\ntransport = "rabbitmq"\nversion = "3.13"',
        '[defaults]\nqueue = "q0"',
    ]
    lines += [f'[queues.q{n}]\ndescription = "queue number {n}"' for n in range(queues)]
    lines += [f'[[routes]]\ntask = "app{n}.jobs.*"\nqueue = "q{n % queues}"' for n in range(routes)]
    lines += [
        f'[tasks."app{n % routes}.jobs.task{n}"]\nduration = "{n % 50 + 1}s"\ncpu = 0.5'
        for n in range(tasks)
    ]
    per = max(1, queues // 50)
    for n, start in enumerate(range(0, queues, per)):
        names = ", ".join(f'"q{m}"' for m in range(start, min(start + per, queues)))
        lines.append(f"[workers.w{n}]\nqueues = [{names}]\nconcurrency = 8")
    return "\n".join(lines) + "\n"


class Run:
    """One finished process: seconds of wall and processor time, peak memory in MB."""

    def __init__(self, command: list[str]) -> None:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=HERE.parent
        )
        errors = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1000
        if process.returncode:
            raise SystemExit(f"{command} failed with {process.returncode}: {errors.decode()}")


def compare(
    one: list[str], other: list[str], runs: int
) -> tuple[float, float, float, float, float]:
    """Return median times of both, their median ratio pair by pair, and both peaks of memory."""
    Run(one), Run(other)
    pairs = [(Run(one), Run(other)) for _ in range(runs)]
    return (
        statistics.median(a.wall for a, _ in pairs),
        statistics.median(b.wall for _, b in pairs),
        statistics.median(a.wall / b.wall for a, b in pairs),
        statistics.median(a.memory for a, _ in pairs),
        statistics.median(b.memory for _, b in pairs),
    )


class Report:
    """Prints a line per figure and remembers what missed its bar."""

    def __init__(self) -> None:
        self.missed = 0

    def line(self, what: str, value: float, bar: float, detail: str) -> None:
        met = value <= bar
        self.missed += not met
        print(f"{'ok  ' if met else 'MISS'} {what:<58} {value:6.2f}  (bar {bar:.2f})  {detail}")


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def command(name: str, *arguments: str) -> list[str]:
    """Return a command line of qtopo's, as the console script runs it."""
    argv = ["qtopo", name, *arguments]
    return python(f"import sys; sys.argv = {argv!r}\nfrom qtopo.cli.main import run\nrun()")


def check(file: str | Path) -> list[str]:
    return command("check", str(file))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="smaller files, fewer runs")
    parser.add_argument("--report-only", action="store_true", help="exit 0 whatever the figures")
    args = parser.parse_args()
    quick = args.quick
    # As pip leaves what it installs; an editable install is compiled at every start.
    compileall.compile_dir(HERE.parent / "src", quiet=2)
    report = Report()
    runs = 5 if quick else 15
    version = sys.version.split()[0]
    print(f"Python {version}, {os.cpu_count()} cores; medians of {runs} runs; times in ms\n")

    ours, theirs, ratio, _, _ = compare(check(SIMPLE), python("import pydantic"), runs)
    report.line(
        "qtopo check simple.toml / import pydantic",
        ratio,
        2.0,
        f"{ours * 1e3:.0f} / {theirs * 1e3:.0f}",
    )

    scale = 10 if quick else 1
    runs = 2 if quick else 3
    with tempfile.TemporaryDirectory() as folder:
        times = {}
        for part in (10, 1):
            size = [10_000 // scale // part, 10_000 // scale // part, 100_000 // scale // part]
            file = Path(folder, f"large-{part}.toml")
            file.write_text(large(*size))
            reference = python(f"import tomllib; tomllib.loads(open({str(file)!r}).read())")
            ours, theirs, ratio, memory, reference_memory = compare(check(file), reference, runs)
            times[part] = ours
            if part > 1:
                # Only there to see how the time grows: start-up is half of it.
                continue
            name = f"{size[0]} queues, {size[1]} routes, {size[2]} tasks"
            detail = f"{ours * 1e3:.0f} / {theirs * 1e3:.0f}"
            report.line(f"check {name} / tomllib.loads", ratio, 2.0, detail)
            routing.benchmark(report.line, file, runs)
            load = python(f"import gc, qtopo; gc.disable(); qtopo.load({str(file)!r})")
            all_ = command("route", "--all", "-t", str(file))
            ours, theirs, ratio, _, _ = compare(all_, load, runs)
            detail = f"{ours * 1e3:.0f} / {theirs * 1e3:.0f}"
            report.line("  the command `qtopo route --all` / loading", ratio, 2.0, detail)
        report.line(
            "  its peak memory / (1.5 tomllib's + 200 MB)",
            memory / (1.5 * reference_memory + 200),
            1.0,
            f"{memory:.0f} MB / {reference_memory:.0f} MB",
        )
        report.line(
            "  time for ten times the size / ten", times[1] / times[10] / 10, 1.3, "grows linearly"
        )
    delivery.benchmark(report.line, quick=quick)
    # Nothing where Graphviz is not installed.
    for figure in pictures.measure((150,) if quick else pictures.SIZES, runs=3 if quick else 7):
        detail = f"{figure.ours * 1e3:.0f} / {figure.theirs * 1e3:.0f}"
        report.line(figure.what, figure.ratio, figure.bar, detail)
    print(f"\n{report.missed} missed" if report.missed else "\nall bars met")
    return 1 if report.missed and not args.report_only else 0


if __name__ == "__main__":
    sys.exit(main())
