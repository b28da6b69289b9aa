"""Judges how the commands of a file end: cleanly, cut short, zero-filled, or in damage."""

from __future__ import annotations

from aoftool.format.resp.reasons import TEXT, Wrong
from aoftool.format.resp.scan import RespScanner
from aoftool.ops.check.collector import Collector
from aoftool.ops.check.report import Cut, FileReport, Severity, Verdict
from aoftool.ops.check.resync import find_runs
from aoftool.ops.window import Window

_CODES = {
    Wrong.RECORD_TYPE: "record-type",
    Wrong.ARRAY_COUNT: "array-count",
    Wrong.BULK_TYPE: "bulk-type",
    Wrong.BULK_LENGTH: "bulk-length",
    Wrong.LINE_END: "line-end",
    Wrong.BULK_END: "bulk-end",
    Wrong.NO_ARGUMENTS: "no-arguments",
    Wrong.ANNOTATION: "annotation",
}


def judge_end(
    bad: bool,
    scanner: RespScanner,
    window: Window,
    fd: int,
    report: FileReport,
    collector: Collector,
    also_known: list[bytes],
) -> None:
    """Say how the scan ended, what loads, and what ``truncate`` would cut. Raises OSError.

    ``bad``: the scan stopped at a wrong byte; otherwise it reached the end of the file.
    """
    open_multi = scanner.tx_start >= 0
    report.valid_up_to = scanner.tx_start if open_multi else scanner.record_start
    report.valid_records = scanner.tx_records if open_multi else scanner.records
    number = scanner.records + 1
    start = scanner.record_start
    cut_short = scanner.inside or window.pos < window.end
    if bad:
        offset = scanner.bad_offset
        window.pos = max(0, offset - window.base)
        if window.zeros_to_end():
            text = f"zeros from here to the end ({window.offset - offset} bytes)"
            collector.add(
                "zero-filled",
                Severity.ERROR,
                text,
                offset,
                start=start,
                record=number,
                verdict=Verdict.TRUNCATED,
            )
        else:
            reason = Wrong(scanner.bad_reason)
            text = "this is neither an AOF nor an RDB file" if offset == 0 else TEXT[reason]
            collector.add(
                _CODES[reason],
                Severity.ERROR,
                text,
                offset,
                start=start,
                record=number,
                verdict=Verdict.CORRUPT,
            )
            _look_behind(window, fd, start + 1, report, collector, also_known)
    elif cut_short:
        _look_behind(window, fd, start + 1, report, collector, also_known)
        _report_cut_short(scanner, window, report, collector)
    elif open_multi:
        text = "the file ends inside a transaction: MULTI without EXEC"
        collector.add(
            "open-multi",
            Severity.ERROR,
            text,
            scanner.tx_start,
            start=scanner.tx_start,
            record=scanner.tx_records + 1,
            verdict=Verdict.TRUNCATED,
        )
    _plan_cut(window, report)


def _report_cut_short(
    scanner: RespScanner, window: Window, report: FileReport, collector: Collector
) -> None:
    """The file ends inside a command: cut off, unless whole commands stand behind its start."""
    start = scanner.record_start
    arguments, lacking = scanner.missing if scanner.inside else (0, 0)
    what = (
        f"{arguments} argument{'s' if arguments != 1 else ''} not complete"
        if arguments
        else ("its first line is not complete")
    )
    if lacking:
        what += f", the open one lacks {lacking} of its bytes"
    if report.runs:
        found = sum(run.records for run in report.runs)
        text = (
            f"a length or count here runs past the end of the file ({what}), "
            f"yet {found} whole commands follow behind it"
        )
        code, verdict = "length-past-end", Verdict.CORRUPT
    else:
        text = f"the file ends inside this command: {what}"
        code, verdict = "cut-short", Verdict.TRUNCATED
    if scanner.tx_start >= 0:
        text += f"; it stands in a transaction that begins at offset {scanner.tx_start}"
    collector.add(
        code,
        Severity.ERROR,
        text,
        start,
        start=start,
        record=scanner.records + 1,
        verdict=verdict,
    )


def _look_behind(
    window: Window,
    fd: int,
    start: int,
    report: FileReport,
    collector: Collector,
    also_known: list[bytes],
) -> None:
    """Find the runs of good commands behind the record that is damaged or cut."""
    if window.size is not None:
        report.runs = list(find_runs(fd, start, also_known))
    else:
        text = "this input cannot be read twice: whether good commands follow was not looked for"
        collector.add("read-once", Severity.NOTICE, text)


def _plan_cut(window: Window, report: FileReport) -> None:
    """What truncate would remove, where the framing gives it anything to remove."""
    size = window.size if window.size is not None else window.base + window.end
    forced = bool(report.runs) or _has_wrong_byte(report)
    if report.valid_up_to >= size or (forced and report.valid_up_to == 0):
        return  # nothing would go, or nothing would stay
    records = report.records - report.valid_records + sum(run.records for run in report.runs)
    report.cut = Cut(report.valid_up_to, size - report.valid_up_to, records, forced)


def _has_wrong_byte(report: FileReport) -> bool:
    codes = set(_CODES.values())
    return any(finding.code in codes for finding in report.findings)
