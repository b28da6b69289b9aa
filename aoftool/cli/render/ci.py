"""A check's report for CI: a JUnit test report, and GitHub workflow annotations."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from aoftool.cli.render.words import number
from aoftool.ops.check.report import Finding, Severity, SourceReport, Verdict

_GITHUB_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTICE: "notice",
}


def _units(reports: list[SourceReport]) -> Iterator[tuple[str, Verdict, list[Finding], int]]:
    """(path, verdict, findings, exit code) of each file, and of each set as a whole."""
    for report in reports:
        if report.manifest is not None or not report.files:
            path = report.manifest or report.path
            verdict = report.own_verdict
            yield path, verdict, report.findings, int(verdict.exit_code)
        for file in report.files:
            yield file.path, file.verdict, file.findings, int(file.verdict.exit_code)


def _sentence(finding: Finding) -> str:
    where = "" if finding.offset is None else f"offset {number(finding.offset)}: "
    times = f" ({finding.count} times)" if finding.count > 1 else ""
    return f"[{finding.code}] {where}{finding.reason}{times}"


def render_junit(reports: list[SourceReport], quiet: bool) -> str:
    """A test suite with a case for each file; a case fails unless its file is clean."""
    suite = ElementTree.Element("testsuite", name="aoftool check")
    tests = failures = 0
    for path, verdict, findings, exit_code in _units(reports):
        tests += 1
        failures += verdict is not Verdict.CLEAN
        if quiet and verdict is Verdict.CLEAN:
            continue
        case = ElementTree.SubElement(suite, "testcase", classname="aoftool.check", name=path)
        lines = "\n".join(_sentence(finding) for finding in findings)
        if verdict is not Verdict.CLEAN:
            failure = ElementTree.SubElement(
                case, "failure", type=verdict.value, message=f"{verdict.value} (exit {exit_code})"
            )
            failure.text = _xml_text(lines)
        elif lines:
            ElementTree.SubElement(case, "system-out").text = _xml_text(lines)
    suite.set("tests", str(tests))
    suite.set("failures", str(failures))
    text: str = ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
    return text


def _xml_text(text: str) -> str:
    """XML 1.0 has no form for control characters, not even escaped."""
    return "".join(c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def render_github(reports: list[SourceReport], quiet: bool) -> str:
    """A workflow command for each finding; with ``quiet`` only for files that are not clean."""
    lines = []
    for path, verdict, findings, _ in _units(reports):
        if quiet and verdict is Verdict.CLEAN:
            continue
        for finding in findings:
            level = _GITHUB_LEVELS[finding.severity]
            title = f"aoftool check: {verdict.value}"
            lines.append(
                f"::{level} file={_property(path)},title={_property(title)}"
                f"::{_message(_sentence(finding))}"
            )
    return "\n".join(lines)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
