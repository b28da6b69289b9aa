"""What CI formats report on: each file, and each file set as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from aoftool.cli.render.words import number
from aoftool.ops.check.report import Finding, SourceReport, Verdict


class Unit(NamedTuple):
    """One thing that is clean or not."""

    path: str
    verdict: Verdict
    findings: list[Finding]


def units(reports: list[SourceReport]) -> Iterator[Unit]:
    """The files of all reports, each set before its files."""
    for report in reports:
        if report.manifest is not None or not report.files:
            yield Unit(report.manifest or report.path, report.own_verdict, report.findings)
        for file in report.files:
            yield Unit(file.path, file.verdict, file.findings)


def sentence(finding: Finding) -> str:
    """A finding in one line."""
    where = "" if finding.offset is None else f"offset {number(finding.offset)}: "
    times = f" ({finding.count} times)" if finding.count > 1 else ""
    return f"[{finding.code}] {where}{finding.reason}{times}"
