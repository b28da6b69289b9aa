"""A check's report as GitHub workflow annotations."""

from __future__ import annotations

from aoftool.cli.render.units import sentence, units
from aoftool.ops.check.report import Severity, SourceReport, Verdict

_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTICE: "notice",
}


def render(reports: list[SourceReport], quiet: bool) -> str:
    """A workflow command for each finding; with ``quiet`` only for files that are not clean."""
    lines = []
    for path, verdict, findings in units(reports):
        if quiet and verdict is Verdict.CLEAN:
            continue
        for finding in findings:
            level = _LEVELS[finding.severity]
            title = f"aoftool check: {verdict.value}"
            lines.append(
                f"::{level} file={_property(path)},title={_property(title)}"
                f"::{_message(sentence(finding))}"
            )
    return "\n".join(lines)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
