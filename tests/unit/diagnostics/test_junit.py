"""The report as JUnit XML: the whole file, counts that agree, and that no text breaks it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from goldens import agrees, everything
from hypothesis import example, given
from hypothesis import strategies as st
from reports import problem, report

from qtopo.diagnostics.junit import render
from qtopo.topology.finding import Place


def parsed(text: str) -> ET.Element:
    """Return the root; counts, and who has failed, are checked throughout."""
    root = ET.fromstring(text.encode())
    assert root.tag == "testsuites"
    suites = list(root)
    for suite in suites:
        cases = list(suite)
        assert {case.tag for case in cases} == {"testcase"}
        assert int(suite.attrib["tests"]) == len(cases)
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    for count in ("tests", "failures"):
        assert int(root.attrib[count]) == sum(int(suite.attrib[count]) for suite in suites)
    return root


def test_the_whole_file() -> None:
    text = render(everything())
    parsed(text)
    agrees("report.xml", text)


def test_a_clean_file_has_one_case_that_passes() -> None:
    root = parsed(render(everything()))
    (suite,) = (one for one in root if one.attrib["name"] == "clean & <fine>.toml")
    (case,) = suite
    assert list(case) == []


def test_no_secret() -> None:
    assert "hunter2" not in render(everything())


def test_ascii_where_the_output_takes_no_more() -> None:
    text = render(everything(unicode=False))
    assert text.isascii()
    assert ET.tostring(parsed(text)) == ET.tostring(parsed(render(everything())))


@given(st.text(min_size=1), st.text(min_size=1))
@example("\x00\x0b\ufffe]]>", "\ud800&amp;\"'<")
def test_any_text_is_xml(message: str, file: str) -> None:
    one = problem(Place(file, (), None, None), message, help=message)
    root = parsed(render(report(one, files=(file,))))
    assert len(list(root)) == 1


@pytest.mark.parametrize("severity", ["error", "warning", "info"])
def test_the_severity_is_the_type_of_the_failure(severity: str) -> None:
    one = problem(Place("a.toml", (), None, None), severity=severity)
    failure = parsed(render(report(one))).find("*/testcase/failure")
    assert failure is not None
    assert failure.attrib["type"] == severity
