"""A check's report as a JUnit test report for CI."""

from __future__ import annotations

from xml.etree import ElementTree

from aoftool.cli.render.units import sentence, units
from aoftool.ops.check.report import SourceReport, Verdict


def render(reports: list[SourceReport], quiet: bool) -> str:
    """A test suite with a case for each file; a case fails unless its file is clean."""
    suite = ElementTree.Element("testsuite", name="aoftool check")
    tests = failures = 0
    for path, verdict, findings in units(reports):
        tests += 1
        failures += verdict is not Verdict.CLEAN
        if quiet and verdict is Verdict.CLEAN:
            continue
        case = ElementTree.SubElement(
            suite, "testcase", classname="aoftool.check", name=_xml_text(path)
        )
        lines = "\n".join(sentence(finding) for finding in findings)
        if verdict is not Verdict.CLEAN:
            failure = ElementTree.SubElement(
                case,
                "failure",
                type=verdict.value,
                message=f"{verdict.value} (exit code {verdict.exit_code})",
            )
            failure.text = _xml_text(lines)
        elif lines:
            ElementTree.SubElement(case, "system-out").text = _xml_text(lines)
    suite.set("tests", str(tests))
    suite.set("failures", str(failures))
    ElementTree.indent(suite)
    text: str = ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
    return text


def _xml_text(text: str) -> str:
    """XML 1.0 has no form for control characters, not even escaped."""
    return "".join(
        c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text
    )
