"""The YAML of a named file, read once; a template is filled in as far as its values are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.importers.commands.process import Remark
from qtopo.importers.commands.template import is_template, plain
from qtopo.importers.commands.yaml_tree import BadYamlError, documents
from qtopo.importers.draft import INFO, WARNING

if TYPE_CHECKING:
    from qtopo.importers.commands.files import File, Files
    from qtopo.importers.commands.yaml_tree import Tree


def trees(file: File, files: Files) -> list[Tree]:
    """Return the documents of a file; what is no YAML has none, and that is said."""
    if file.path not in files.trees:
        files.trees[file.path] = _read(file, files)
    found: list[Tree] = files.trees[file.path]
    return found


def _read(file: File, files: Files) -> list[Tree]:
    try:
        return documents(file.text, files.budget)
    except BadYamlError as error:
        first = error
    if is_template(file.text):
        filled = plain(file.text, _values(file, files))
        try:
            found = documents(filled, files.budget)
        except BadYamlError:
            pass
        else:
            files.remark(
                Remark(INFO, "a template: conditions are not decided, values only where known"),
                f"{file.path}:1",
            )
            return found
        files.remark(
            Remark(
                WARNING,
                "a template that is no YAML before it is rendered: only its lines are looked at; "
                "render it (`helm template`) and name the result",
                "template-not-rendered",
            ),
            f"{file.path}:1",
        )
    else:
        files.remark(Remark(WARNING, f"no YAML: {first}"), f"{file.path}:{first.line}")
    return []


def _values(file: File, files: Files) -> Tree | None:
    """Return the values of the chart, where they are among the named files."""
    from qtopo.importers.commands.files import KUBERNETES

    for one in files.of(KUBERNETES):
        if one.path != file.path and "values" in one.name:
            try:
                found = documents(one.text, files.budget)
            except BadYamlError:
                continue
            files.used.add(one.path)
            if found:
                return found[0]
    return None
