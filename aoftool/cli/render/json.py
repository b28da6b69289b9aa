"""A check's report as one JSON document; docs/check-report.md describes it."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import Enum
from typing import Any

from aoftool import __version__
from aoftool.ops.check.report import SourceReport, Verdict, worst

#: Changes when a field changes its meaning or goes; new fields may come under the same number.
SCHEMA = "aoftool.check/1"


def render(reports: list[SourceReport], quiet: bool) -> str:
    """One document; with ``quiet`` clean sources are left out of it."""
    verdict = worst([report.verdict for report in reports])
    shown = [report for report in reports if not (quiet and report.verdict is Verdict.CLEAN)]
    document = {
        "schema": SCHEMA,
        "aoftool": __version__,
        "verdict": verdict.value,
        "exit_code": int(verdict.exit_code),
        "sources": [_source(report) for report in shown],
    }
    return json.dumps(document, indent=2, default=_plain)


def _source(report: SourceReport) -> dict[str, Any]:
    fields = asdict(report)
    del fields["own_verdict"]
    return {
        "path": fields.pop("path"),
        "verdict": report.verdict.value,
        "exit_code": int(report.verdict.exit_code),
        **fields,
    }


def _plain(value: object) -> object:
    """What JSON has no form for: bytes as hex, enumerations by their value."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"no JSON form for {type(value).__name__}")
