"""A check's report for a person at a terminal."""

from __future__ import annotations

import click

from aoftool.cli.render.words import hex_lines, moment, number, plural
from aoftool.ops.check.report import (
    FileKind,
    FileReport,
    Finding,
    Severity,
    SourceReport,
    Verdict,
)

_KINDS = {
    FileKind.AOF: "AOF",
    FileKind.AOF_PREAMBLE: "AOF with an RDB preamble",
    FileKind.RDB: "RDB",
    FileKind.EMPTY: "empty",
    FileKind.UNKNOWN: "unknown",
}
_VERDICTS = {
    Verdict.CLEAN: ("clean", "green"),
    Verdict.TRUNCATED: ("TRUNCATED TAIL, can be repaired", "yellow"),
    Verdict.NEWER: ("NEWER FORMAT than this program knows", "yellow"),
    Verdict.CORRUPT: ("CORRUPT", "red"),
    Verdict.FILE_SET: ("WRONG FILE SET", "red"),
    Verdict.UNREADABLE: ("UNREADABLE", "red"),
}
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTICE: "cyan"}
#: Command names shown; the rest is counted.
_MAX_NAMES = 12
#: Runs behind damage that are shown; the rest is counted.
_MAX_RUNS = 5


def render(reports: list[SourceReport], quiet: bool) -> str:
    """All reports, one after the other; with ``quiet`` only those that are not clean."""
    blocks = [
        _source(report) for report in reports if not (quiet and report.verdict is Verdict.CLEAN)
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _source(report: SourceReport) -> list[str]:
    return _files(report) + _state(report)


def _files(report: SourceReport) -> list[str]:
    if report.manifest is None and len(report.files) == 1:
        return _file(report.files[0])
    lines = [_headline(report.manifest or report.path, report.verdict)]
    if report.manifest is not None:
        lines.append(_row("kind", f"multi-part AOF, {plural(len(report.files), 'file')} to load"))
    for finding in report.findings:
        lines += _finding(finding)
    for file in report.files:
        lines += ["", *_file(file)]
    return lines


def _state(report: SourceReport) -> list[str]:
    """What a server holds after it has loaded this."""
    if report.state is None:
        return []
    total = sum(count.keys for count in report.state)
    lines = [_row("loads as", f"{plural(total, 'key')}")]
    for count in report.state:
        expires = f", {number(count.expires)} with an expiry" if count.expires else ""
        lines.append(_row("", f"db{count.db} {count.type} {number(count.keys)}{expires}"))
    return lines


def _headline(path: str, verdict: Verdict) -> str:
    words, colour = _VERDICTS[verdict]
    return f"{path}: {click.style(words, fg=colour, bold=True)}"


def _row(name: str, text: str) -> str:
    return f"  {name:<13} {text}"


def _file(report: FileReport) -> list[str]:
    lines = [_headline(report.path, report.verdict)]
    if report.kind is not FileKind.UNKNOWN:
        lines += [_row(name, text) for name, text in _facts(report) if text]
    for finding in report.findings:
        lines += _finding(finding)
    return lines + _what_to_do(report)


def _facts(report: FileReport) -> list[tuple[str, str]]:
    role = "" if report.role == "single" else f", {report.role.upper()} file"
    return [
        ("kind", _KINDS[report.kind] + role),
        ("size", plural(report.size, "byte")),
        ("written by", _writer(report)),
        ("keys", _keys(report)),
        ("records", _records(report)),
        ("databases", _pairs({f"db{db}": n for db, n in sorted(report.databases.items())}, 16)),
        ("timestamps", _timestamps(report)),
        ("commands", _commands(report)),
        ("needs", f"Redis {report.requires} or newer" if report.requires else ""),
    ]


def _writer(report: FileReport) -> str:
    if report.rdb_version is None:
        return ""
    names = (("redis-ver", "Redis"), ("valkey-ver", "Valkey"))
    versions = [f"{name} {report.writer[aux]}" for aux, name in names if aux in report.writer]
    created = report.writer.get("ctime", "")
    when = f", {moment(int(created))}" if created.isdigit() else ""
    return f"{', '.join(versions) or 'unknown'} (RDB version {report.rdb_version}){when}"


def _keys(report: FileReport) -> str:
    if report.rdb_version is None:
        return ""
    text = f"{number(report.keys)} in RDB form, {number(report.expires)} with an expiry"
    if report.functions:
        text += f", {plural(report.functions, 'function library').replace('librarys', 'libraries')}"
    types = _pairs(report.types, 10)
    return f"{text}: {types}" if types else text


def _records(report: FileReport) -> str:
    if report.kind in (FileKind.RDB, FileKind.EMPTY):
        return ""
    text = f"{plural(report.records, 'command')}, {plural(report.transactions, 'MULTI block')}"
    if report.valid_up_to < report.size:
        kept = f"offset {number(report.valid_up_to)}, command {number(report.valid_records)}"
        text += f"; valid up to {kept}"
    return text


def _timestamps(report: FileReport) -> str:
    if report.first_ts is None or report.last_ts is None:
        return ""
    if report.first_ts == report.last_ts:
        return moment(report.first_ts)
    return f"{moment(report.first_ts)} to {moment(report.last_ts)}"


def _commands(report: FileReport) -> str:
    ranked = dict(sorted(report.commands.items(), key=lambda item: (-item[1], item[0])))
    return _pairs(ranked, _MAX_NAMES)


def _pairs(counts: dict[str, int], limit: int) -> str:
    shown = [f"{name} {number(count)}" for name, count in list(counts.items())[:limit]]
    more = len(counts) - limit
    return ", ".join(shown) + (f", and {more} more" if more > 0 else "")


def _finding(finding: Finding) -> list[str]:
    label = click.style(finding.severity.value, fg=_COLOURS[finding.severity], bold=True)
    where = []
    if finding.offset is not None:
        where.append(f"offset {number(finding.offset)}")
    if finding.record is not None:
        where.append(f"record {number(finding.record)}")
    place = f" at {', '.join(where)}" if where else ""
    times = f" (and {number(finding.count - 1)} more like it)" if finding.count > 1 else ""
    lines = [f"  {label} [{finding.code}]{place}: {finding.reason}{times}"]
    if finding.severity is Severity.ERROR:
        lines += [f"    {line}" for line in _context(finding)]
    if finding.severity is not Severity.NOTICE or finding.loader:
        for who, says in (("redis-check-aof", finding.checker), ("the server", finding.loader)):
            if says:
                lines.append(f"    {who}: {says}")
    return lines


def _context(finding: Finding) -> list[str]:
    """The bytes around the offset; an arrow stands before the row that begins with it."""
    if finding.offset is None or not finding.context:
        return []
    split = max(0, finding.offset - finding.context_offset)
    before = hex_lines(finding.context[:split], finding.context_offset)
    behind = hex_lines(finding.context[split:], finding.offset)
    arrows = ["> "] + ["  "] * len(behind)
    return ["  " + line for line in before] + [
        arrow + line for arrow, line in zip(arrows, behind, strict=False)
    ]


def _what_to_do(report: FileReport) -> list[str]:
    lines = []
    for run in report.runs[:_MAX_RUNS]:
        lines.append(
            f"  behind the damage, {plural(run.records, 'whole command')} stand from offset "
            f"{number(run.offset)} to {number(run.end)}"
        )
    if len(report.runs) > _MAX_RUNS:
        rest = report.runs[_MAX_RUNS:]
        total = sum(run.records for run in rest)
        lines.append(f"  and {number(total)} more in {plural(len(rest), 'further run')}")
    if report.cut is not None:
        cut = report.cut
        flag = " --corrupt" if cut.forced else ""
        lines.append(
            f"  to cut {plural(cut.bytes, 'byte')} from offset {number(cut.offset)} on "
            f"({plural(cut.records, 'whole command')} among them): "
            f"aoftool truncate{flag} {'FILE' if report.path == '-' else report.path}"
        )
    return lines
