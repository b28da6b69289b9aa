"""``check``: tells what a file holds, whether it loads, and what is wrong where."""

from __future__ import annotations

from pathlib import Path

from aoftool.errors import FileSetError, SourceError
from aoftool.ops.check.fileset import check_set, missing_files
from aoftool.ops.check.options import CheckOptions, Level
from aoftool.ops.check.report import (
    Cut,
    FileKind,
    FileReport,
    Finding,
    KeyCount,
    Run,
    Severity,
    SourceReport,
    Verdict,
    worst,
)
from aoftool.ops.check.single import check_file
from aoftool.ops.source import resolve
from aoftool.ops.window import Progress, no_progress

__all__ = [
    "CheckOptions",
    "Cut",
    "FileKind",
    "FileReport",
    "Finding",
    "KeyCount",
    "Level",
    "Run",
    "Severity",
    "SourceReport",
    "Verdict",
    "check_path",
    "worst",
]


def check_path(
    path: Path, options: CheckOptions | None = None, progress: Progress = no_progress
) -> SourceReport:
    """Check what ``path`` stands for: a file, ``-``, a manifest, or a directory that holds one.

    Reads only. Everything that is wrong is in the report; nothing is raised for bad input.
    Level STATE takes a keyspace: see ``state.check_state``. ``progress`` is called with the number
    of bytes passed since its last call.
    """
    options = options or CheckOptions()
    if options.level is Level.STATE:
        raise ValueError("check_state runs files on a keyspace, check_path does not")
    report = SourceReport(str(path), options.level.value)
    try:
        source = resolve(path)
    except FileSetError as error:
        code = "manifest" if error.path is None else "file-set"
        report.add_error(code, str(error), Verdict.FILE_SET)
        return report
    except SourceError as error:
        report.add_error("unreadable", error.reason, Verdict.UNREADABLE)
        return report
    missing = missing_files(source)
    report.files = [
        FileReport(str(part.path), part.role.value, verdict=Verdict.FILE_SET)
        if part in missing
        else check_file(part, options, progress)
        for part in source.parts
    ]
    if source.manifest is not None:
        check_set(source, missing, report)
    return report
