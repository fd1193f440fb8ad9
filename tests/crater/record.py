"""Writes `verdicts.toml` anew: what is found now, with the verdicts given so far.

    python tests/crater/record.py

What is new comes with the verdict "?", which the tests do not accept: look at
it by hand, and say `true` (a defect of that project) and why. A false alarm
gets no verdict: the rule is wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tomli
import tomli_w

sys.path.insert(0, str(Path(__file__).parents[1]))

from crater import corpus, judge


def main() -> None:
    old = judge.snapshot()
    known = {judge.key(one): one for one in old["findings"]}
    unlike = {judge.key(one): one for one in old["unlike"]}
    defects = {(one["project"], one["number"]): one for one in old["defects"]}
    new: dict[str, list[dict]] = {"defects": [], "unlike": [], "findings": []}
    for project in corpus.projects():
        for number, one in enumerate(corpus.facts(project).get("known_defects") or []):
            before = defects.get((project, number), {"found": [], "why": "?"})
            new["defects"].append(
                {"project": project, "number": number, "kind": one["kind"]}
                | {"found": before["found"], "why": before["why"]}
            )
        for one in judge.unlike(project):
            before = unlike.get(judge.key(one), {"why": "?"})
            new["unlike"].append({**one, "why": before["why"]})
        for one in judge.findings(project):
            before = known.get(judge.key(one), {"verdict": "?", "why": "?"})
            new["findings"].append({**one, "verdict": before["verdict"], "why": before["why"]})
    text = tomli_w.dumps(new)
    judge.SNAPSHOT.write_text(judge.HEADER + text, encoding="utf-8")
    assert tomli.loads(text) == new


if __name__ == "__main__":
    main()
