"""What a check has to say: plain data, rendered by the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from aoftool.errors import ExitCode
from aoftool.ops.check.opinions import opinion


class Verdict(Enum):
    """The outcome for one file or one file set; the value is its name in reports."""

    CLEAN = "clean"
    TRUNCATED = "truncated"
    NEWER = "newer"
    CORRUPT = "corrupt"
    FILE_SET = "file-set"
    UNREADABLE = "unreadable"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that stands for this verdict alone."""
        return _EXIT_CODES[self]

    @property
    def rank(self) -> int:
        """How bad it is: with several files the highest rank wins."""
        return _RANKED.index(self)


_RANKED = list(Verdict)
_EXIT_CODES = {
    Verdict.CLEAN: ExitCode.CLEAN,
    Verdict.TRUNCATED: ExitCode.TRUNCATED,
    Verdict.NEWER: ExitCode.NEWER,
    Verdict.CORRUPT: ExitCode.CORRUPT,
    Verdict.FILE_SET: ExitCode.FILE_SET,
    Verdict.UNREADABLE: ExitCode.UNREADABLE,
}


def worst(verdicts: list[Verdict]) -> Verdict:
    """The verdict with the highest rank; CLEAN for none."""
    return max(verdicts, key=lambda verdict: verdict.rank, default=Verdict.CLEAN)


class Severity(Enum):
    """How much a finding weighs: only errors change the verdict."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class FileKind(Enum):
    """What a file turned out to hold."""

    AOF = "aof"
    AOF_PREAMBLE = "aof-preamble"
    RDB = "rdb"
    EMPTY = "empty"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth saying about a file.

    Attributes:
        code: stable name of the kind of finding (docs/cli.md lists them).
        severity: only ERROR changes the verdict.
        reason: what is wrong, in one clause.
        offset: byte offset where it is seen, if anywhere.
        record: number of the command, from 1 up, or None.
        start: byte offset where that command begins.
        context, context_offset: a few bytes around ``offset`` and where they begin.
        checker, loader: what redis-check-aof and the server's loader make of it.
        count: how often it occurs; the other attributes describe the first occurrence.
    """

    code: str
    severity: Severity
    reason: str
    offset: int | None = None
    record: int | None = None
    start: int | None = None
    context: bytes = b""
    context_offset: int = 0
    checker: str = ""
    loader: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """Well-formed commands behind damage: from ``offset`` to ``end``, ``records`` of them."""

    offset: int
    end: int
    records: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What ``truncate`` would remove: everything from ``offset`` on.

    ``records``: commands inside the removed bytes that are whole (an open transaction's, or, behind
    damage in the middle, those of the runs). ``forced``: only ``--corrupt`` may do it.
    """

    offset: int
    bytes: int
    records: int
    forced: bool


@dataclass(slots=True)
class FileReport:
    """Everything a check learned about one file.

    Attributes:
        path: as given, or as the manifest leads to it; ``-`` for standard input.
        role: ``single``, ``base``, ``incr``.
        writer: AUX fields of its RDB part, by name.
        rdb_version: version number of its RDB part, with its magic; else None.
        preamble_end: offset behind the RDB part; else None.
        keys, expires, types: of its RDB part, counted.
        records: whole commands before the first damage; transactions: MULTI..EXEC among them.
        databases: commands and keys by database number; commands: commands by name.
        annotations: ``#`` lines; first_ts, last_ts: Unix times in seconds of ``#TS:`` lines.
        valid_up_to, valid_records: where the part that loads ends, outside any transaction.
        runs: well-formed commands found behind damage.
        requires: newest release among those that introduced the commands in use.
    """

    path: str
    role: str = "single"
    kind: FileKind = FileKind.UNKNOWN
    size: int = 0
    writer: dict[str, str] = field(default_factory=dict)
    rdb_version: str | None = None
    preamble_end: int | None = None
    keys: int = 0
    expires: int = 0
    types: dict[str, int] = field(default_factory=dict)
    functions: int = 0
    records: int = 0
    transactions: int = 0
    databases: dict[int, int] = field(default_factory=dict)
    commands: dict[str, int] = field(default_factory=dict)
    annotations: int = 0
    first_ts: int | None = None
    last_ts: int | None = None
    valid_up_to: int = 0
    valid_records: int = 0
    verdict: Verdict = Verdict.CLEAN
    findings: list[Finding] = field(default_factory=list)
    cut: Cut | None = None
    runs: list[Run] = field(default_factory=list)
    requires: str | None = None

    def add(self, finding: Finding, verdict: Verdict | None = None) -> None:
        """Keep a finding; an error makes the verdict at least ``verdict``."""
        self.findings.append(finding)
        if verdict is not None:
            self.verdict = worst([self.verdict, verdict])

    def add_unreadable(self, reason: str) -> None:
        """The file could not be read to its end."""
        self.add(Finding("unreadable", Severity.ERROR, reason), Verdict.UNREADABLE)


@dataclass(frozen=True, slots=True)
class KeyCount:
    """Keys of one type in one database after a load; ``expires`` of them have an expiry."""

    db: int
    type: str
    keys: int
    expires: int


@dataclass(slots=True)
class SourceReport:
    """The report on one PATH: a single file, or a file set with its manifest.

    Attributes:
        path: as given.
        manifest: path of the manifest where there is one.
        files: in the order in which a server loads them.
        findings: what concerns the set as a whole.
        level: ``framing``, ``commands`` or ``state``.
        state: what a server would hold after it, at level ``state``; None where that is not known.
    """

    path: str
    level: str
    manifest: str | None = None
    files: list[FileReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    own_verdict: Verdict = Verdict.CLEAN
    state: list[KeyCount] | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of the set's own verdict and its files'."""
        return worst([self.own_verdict, *(file.verdict for file in self.files)])

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    def add_finding(self, code: str, severity: Severity, reason: str) -> None:
        """Keep a finding about the set as a whole."""
        view = opinion(code)
        self.findings.append(
            Finding(code, severity, reason, checker=view.checker, loader=view.loader)
        )

    def add_error(self, code: str, reason: str, verdict: Verdict) -> None:
        """Keep an error about the set; its verdict becomes at least ``verdict``."""
        self.add_finding(code, Severity.ERROR, reason)
        self.own_verdict = worst([self.own_verdict, verdict])
