"""Makes findings: adds what surrounds the offset, what others make of it, and keeps them few."""

from __future__ import annotations

import os
from dataclasses import replace

from aoftool.ops.check.opinions import Place, opinion
from aoftool.ops.check.report import FileReport, Finding, Severity, Verdict
from aoftool.ops.window import Window

#: Findings of one code that are kept in full; the rest is counted.
MAX_DETAILED = 20
#: Bytes shown before and behind the offset of a finding.
CONTEXT_BEFORE, CONTEXT_AFTER = 24, 40


class Collector:
    """Puts findings into the report of one file."""

    def __init__(self, window: Window, fd: int, report: FileReport) -> None:
        self._window = window
        self._fd = fd
        self._report = report
        self._seen: dict[str, int] = {}

    def add(
        self,
        code: str,
        severity: Severity,
        reason: str,
        offset: int | None = None,
        *,
        start: int | None = None,
        record: int | None = None,
        verdict: Verdict | None = None,
    ) -> None:
        """Keep a finding of this code, or count it with the last one kept.

        ``verdict``: what the file becomes by it, where it is an error. Raises OSError.
        """
        seen = self._seen.get(code, 0)
        self._seen[code] = seen + 1
        if seen >= MAX_DETAILED:
            self._count_on(code)
            return
        context_offset, context = self._context(offset) if offset is not None else (0, b"")
        found = context[offset - context_offset :] if offset is not None else b""
        view = opinion(code, self._place(start, found))
        self._report.add(
            Finding(
                code,
                severity,
                reason,
                offset,
                record,
                start,
                context,
                context_offset,
                view.checker,
                view.loader,
            ),
            verdict,
        )

    def _place(self, start: int | None, found: bytes) -> Place:
        """Where a command that starts at ``start`` stands; ``found`` is what is seen there."""
        report = self._report
        if found.startswith(b"#"):
            return Place.ANNOTATION
        if start is not None and start > report.valid_up_to:
            return Place.IN_TRANSACTION
        if report.preamble_end is not None and report.valid_up_to == report.preamble_end:
            return Place.BEHIND_PREAMBLE
        return Place.PLAIN

    def _count_on(self, code: str) -> None:
        findings = self._report.findings
        at = max(i for i, finding in enumerate(findings) if finding.code == code)
        findings[at] = replace(findings[at], count=findings[at].count + 1)

    def _context(self, offset: int) -> tuple[int, bytes]:
        first = max(0, offset - CONTEXT_BEFORE)
        length = offset - first + CONTEXT_AFTER
        if self._window.size is not None:
            return first, os.pread(self._fd, length, first)
        return max(first, self._window.base), self._window.peek(first, length)
