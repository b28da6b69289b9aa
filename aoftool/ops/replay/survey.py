"""What is known of a source before anything of it is sent, and what to say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aoftool.errors import AofError, ExitCode, FileSetError, ManifestError, RefusedError
from aoftool.ops.check import CheckOptions, Level, Severity, SourceReport, Verdict, check_path
from aoftool.ops.replay.selection import Selection
from aoftool.ops.replay.target import Facts
from aoftool.ops.replay.unfit import UNFIT
from aoftool.ops.source import STDIN, Source, resolve
from aoftool.ops.window import Progress

#: What reaches beyond the keys of the source, or brings code: said before it is sent.
LOUD = {
    "FLUSHALL": "empties the whole target",
    "FLUSHDB": "empties a database",
    "SWAPDB": "swaps databases",
    "SCRIPT": "loads or forgets scripts",
    "EVAL": "runs scripts",
    "EVALSHA": "runs scripts that must be loaded",
    "FCALL": "calls functions",
}
#: Commands for which older releases have others (``translation``).
TRANSLATED = frozenset(("GETEX", "GETDEL", "LMOVE", "SETEX", "PSETEX"))


class DamagedSource(AofError):
    """A source that cannot be replayed to its end; nothing was sent."""

    def __init__(self, path: Path, report: SourceReport) -> None:
        said = _first_error(report) or report.verdict.value
        super().__init__(f"{path}: {said}; nothing was sent; run: aoftool check {path}")
        self.exit_code = report.verdict.exit_code  # type: ignore[misc]


def _first_error(report: SourceReport) -> str | None:
    """What is wrong first, and where."""
    found = [*report.findings, *(one for file in report.files for one in file.findings)]
    for one in found:
        if one.severity is Severity.ERROR:
            return one.reason if one.offset is None else f"{one.reason} at offset {one.offset}"
    return None


@dataclass(frozen=True, slots=True)
class Survey:
    """A source as it was looked over.

    Attributes:
        source: its files; size: their bytes together.
        commands: how often each occurs, by name in upper case; empty where that is not known.
        databases: those with keys or commands.
        functions: libraries in RDB form.
        last_second: of its last ``#TS:``, or None.
        known: False for standard input, which can only be read once.
    """

    source: Source
    size: int = 0
    commands: dict[str, int] = field(default_factory=dict)
    databases: frozenset[int] = frozenset()
    functions: int = 0
    last_second: int | None = None
    known: bool = False


def survey(path: Path, truncated: bool, progress: Progress) -> Survey:
    """Look over what ``path`` stands for; reads all of it.

    Raises DamagedSource for what a server would not load, and what ``resolve`` raises.
    ``truncated``: a cut tail of the last file is no damage.
    """
    try:
        source = resolve(path)
    except ManifestError as error:
        raise FileSetError(str(error), path) from error
    if path == STDIN:
        return Survey(source)
    report = check_path(path, CheckOptions(Level.FRAMING), progress)
    fine = (Verdict.CLEAN, Verdict.TRUNCATED) if truncated else (Verdict.CLEAN,)
    if report.verdict not in fine:
        raise DamagedSource(path, report)
    return _told(source, report)


def _told(source: Source, report: SourceReport) -> Survey:
    commands: dict[str, int] = {}
    databases: set[int] = set()
    last = None
    for file in report.files:
        for name, count in file.commands.items():
            commands[name.upper()] = commands.get(name.upper(), 0) + count
        databases |= file.databases.keys()
        last = file.last_ts if file.last_ts is not None else last
    functions = sum(file.functions for file in report.files)
    return Survey(source, report.size, commands, frozenset(databases), functions, last, known=True)


def announcements(found: Survey, selection: Selection) -> list[str]:
    """What the source will do to the target beside writing keys, a line each."""
    if not found.known:
        return ["standard input is read once: what it holds is not known before"]
    return [
        f"{name}: {count} times; it {effect}"
        for name, effect in LOUD.items()
        if (count := found.commands.get(name)) and selection.names(name.encode())
    ]


def unknown_commands(found: Survey, selection: Selection, facts: Facts) -> dict[str, int]:
    """Commands of the source that the target has not and that have no other form, with counts."""
    unknown = {
        name: count
        for name, count in found.commands.items()
        if name != "(OTHER)"
        and name not in TRANSLATED
        and name.encode() not in UNFIT
        and selection.names(name.encode())
        and not facts.knows(name.encode())
    }
    wanted = selection.names(b"FUNCTION") and not (selection.match or selection.types)
    if found.functions and wanted and not facts.knows(b"FUNCTION"):
        unknown["FUNCTION"] = unknown.get("FUNCTION", 0) + found.functions
    return unknown


def unfit_commands(found: Survey, selection: Selection) -> dict[str, int]:
    """Commands of the source that are sent to no target, with counts (see ``unfit``)."""
    return {
        name: count
        for name, count in found.commands.items()
        if name.encode() in UNFIT and selection.names(name.encode())
    }


class UnknownCommands(RefusedError):
    """The target has not all commands of the source, or some are unfit; nothing was sent."""

    exit_code = ExitCode.REFUSED

    def __init__(self, unknown: dict[str, int], unfit: dict[str, int], path: Path) -> None:
        parts = {"the target has no": unknown, "not about data are": unfit}
        told = "; ".join(f"{what} {_listed(names)}" for what, names in parts.items() if names)
        super().__init__(
            f"{told}; leave them out with --skip-command, or go on where they fail with "
            "--on-error continue", path
        )  # fmt: skip
        self.unknown = unknown
        self.unfit = unfit


def _listed(names: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in sorted(names.items()))
