"""``truncate``: cuts what a crash left at the end of an AOF, as ``aof-load-truncated yes`` does.

Unlike the server it never cuts into a preamble, never cuts a file that is not the last of its set,
and keeps what it cuts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from aoftool.errors import (
    CorruptError,
    FileSetError,
    FormatError,
    ManifestError,
    RefusedError,
    SourceError,
)
from aoftool.format.resp.decode import decode_command_at
from aoftool.ops.check import CheckOptions, Level, Verdict, check_path
from aoftool.ops.check.report import Cut, FileReport, SourceReport
from aoftool.ops.safefile import cut_file, save_range
from aoftool.ops.source import STDIN, identity_of, resolve
from aoftool.ops.window import Progress, no_progress
from aoftool.ops.writers import find_writers

_OPTIONS = CheckOptions(level=Level.FRAMING)
#: How far back the last command that is kept is looked for, to show it.
_LOOK_BACK = 1 << 16


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be cut, found out by a check and not yet done.

    Attributes:
        path: the file to cut; report: what the check said of it.
        cut: None where there is nothing to cut.
        identity: device, inode and size of the checked file.
        last_kept: the last command that stays, or None where it is far longer than a line.
    """

    path: Path
    report: FileReport
    source: SourceReport
    cut: Cut | None
    identity: tuple[int, int, int]
    last_kept: list[bytes] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: where the cut bytes are kept, and what the check says now."""

    kept_in: Path | None
    after: SourceReport


def plan_truncate(path: Path, *, corrupt: bool = False, progress: Progress = no_progress) -> Plan:
    """Check ``path`` and find what is to be cut; touches nothing.

    ``corrupt``: cut at damage in the middle too. Raises RefusedError where a cut would not be
    safe or would not help, and what ``check`` finds unreadable or no file set as its own errors.
    """
    if path == STDIN:
        raise RefusedError("standard input cannot be cut, name a file", path)
    source = check_path(path, _OPTIONS, progress)
    for finding in source.findings:
        if finding.code == "unreadable":
            raise SourceError(finding.reason, path)
    if source.own_verdict is Verdict.FILE_SET:
        errors = [f.reason for f in source.findings if f.severity.value == "error"]
        raise FileSetError(f"{path}: {'; '.join(errors)}", path)
    for report in source.files:
        if report.verdict is Verdict.UNREADABLE:
            raise SourceError(report.findings[-1].reason, Path(report.path))
    _refuse_earlier_damage(source)
    if not source.files:
        raise FileSetError(f"{path}: the manifest names no file", path)
    last = source.files[-1]
    _refuse(last, corrupt)
    target = Path(last.path)
    if source.manifest is None:
        _refuse_member_of_set(target)
    status = target.stat()
    return Plan(
        target,
        last,
        source,
        last.cut,
        (*identity_of(status), last.size),
        _last_command(target, last),
    )


def _refuse_earlier_damage(source: SourceReport) -> None:
    for report in source.files[:-1]:
        if report.verdict is not Verdict.CLEAN:
            reason = f"{report.findings[-1].reason}; only the last file of a set may be cut"
            raise RefusedError(reason, Path(report.path))


def _refuse(report: FileReport, corrupt: bool) -> None:
    """Refuse damage that no cut mends, and damage in the middle that nobody asked to cut."""
    if report.verdict in (Verdict.CLEAN, Verdict.TRUNCATED):
        return
    path, finding = Path(report.path), report.findings[0]
    where = f"{finding.reason} (offset {finding.offset})"
    if report.cut is None:
        raise RefusedError(f"{where}: cutting does not mend this", path)
    if not corrupt:
        found = sum(run.records for run in report.runs)
        behind = f"{found} whole commands stand behind it; " if found else ""
        raise RefusedError(
            f"{where}: damage in the middle. {behind}--corrupt cuts everything from offset "
            f"{report.cut.offset} on",
            path,
        )


def _refuse_member_of_set(path: Path) -> None:
    """A file that a manifest beside it names must be the last one the manifest loads."""
    for manifest_path in path.parent.glob("*.manifest"):
        try:
            source = resolve(manifest_path)
        except ManifestError:
            continue
        names = [part.path.name for part in source.parts]
        if path.name in names[:-1]:
            raise RefusedError(
                f"{manifest_path.name} loads {names[-1]} after it; only the last file of a set "
                "may be cut",
                path,
            )


def _last_command(path: Path, report: FileReport) -> list[bytes] | None:
    """The command that ends where the kept part ends, if it is near."""
    end = report.valid_up_to
    start = max(report.preamble_end or 0, end - _LOOK_BACK)
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(end - start)
    at = len(data)
    while (at := data.rfind(b"*", 0, at)) >= 0:
        try:
            decoded = decode_command_at(data, at, len(data))
        except FormatError:
            continue
        if decoded is not None and decoded[1] == len(data):
            return decoded[0]
    return None


def apply_truncate(
    plan: Plan, *, keep: bool = True, in_use: bool = False, progress: Progress = no_progress
) -> Outcome:
    """Carry out the plan, then check again.

    ``keep``: put the cut bytes into ``NAME.cut-OFFSET`` first. ``in_use``: cut even though another
    process has the file open for writing. Raises RefusedError where the file is not the one that
    was checked, CorruptError where it is not sound afterwards, SourceError where the system
    refuses.
    """
    if plan.cut is None:
        return Outcome(None, plan.source)
    try:
        kept_in = _cut(plan, plan.cut, keep, in_use)
    except OSError as error:
        raise SourceError(error.strerror or str(error), plan.path) from error
    after = check_path(Path(plan.source.path), _OPTIONS, progress)
    if after.verdict is not Verdict.CLEAN:
        raise CorruptError("the file is not sound after the cut", plan.cut.offset)
    return Outcome(kept_in, after)


def _cut(plan: Plan, cut: Cut, keep: bool, in_use: bool) -> Path | None:
    path = plan.path.resolve()
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        _refuse_change(fd, plan)
        writers = [] if in_use else find_writers(fd)
        if writers:
            named = ", ".join(f"{writer.name} (pid {writer.pid})" for writer in writers)
            raise RefusedError(f"it is open for writing by {named}; stop that first", plan.path)
        kept_in = None
        if keep:
            size = plan.identity[2]
            kept_in = save_range(fd, cut.offset, size, Path(f"{path}.cut-{cut.offset}"))
            _refuse_change(fd, plan)
        cut_file(fd, cut.offset, path.parent)
        return kept_in
    finally:
        os.close(fd)


def _refuse_change(fd: int, plan: Plan) -> None:
    status = os.fstat(fd)
    if (*identity_of(status), status.st_size) != plan.identity:
        raise RefusedError("it changed since it was checked; nothing was cut", plan.path)
