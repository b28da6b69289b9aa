"""Checks the commands of a file: from its start, or from behind its RDB preamble."""

from __future__ import annotations

from aoftool.format.aof.annotations import timestamp_of
from aoftool.format.resp.scan import Kind, Note, Status
from aoftool.keyspace.catalog import Command, commands
from aoftool.ops.check.collector import Collector
from aoftool.ops.check.damage import judge_end
from aoftool.ops.check.databases import check_database_range
from aoftool.ops.check.options import CheckOptions, Level
from aoftool.ops.check.report import FileReport, Severity, Verdict
from aoftool.ops.check.scanning import drive, new_scanner
from aoftool.ops.source import Role
from aoftool.ops.window import Window

#: Unknown names that get a count of their own; the rest is counted together.
MAX_LEARNED = 1000


class RespPart:
    """One pass over the commands of one file, filling in its report."""

    def __init__(self, window: Window, fd: int, report: FileReport, options: CheckOptions) -> None:
        self._window = window
        self._fd = fd
        self._report = report
        self._options = options
        self._strict = options.level is Level.COMMANDS
        self._scanner = new_scanner(options.level)
        self._scanner.begin(window.offset)
        self._collector = Collector(window, fd, report)
        self._learned: list[bytes] = []
        self._since: tuple[int, ...] = ()

    def run(self) -> None:
        """Scan to the end of the file or to the first damage, and judge. Raises OSError."""
        status = drive(self._scanner, self._window, self._noted)
        self._collect()
        judge_end(
            status == Status.BAD,
            self._scanner,
            self._window,
            self._fd,
            self._report,
            self._collector,
            self._learned,
        )

    # What the scanner stopped to show; True to go on.
    def _noted(self) -> bool:
        note = Note(self._scanner.note)
        if note is Note.ANNOTATION:
            self._annotation()
        elif note is Note.UNKNOWN:
            self._unknown()
        elif self._strict:
            self._faulty(note)
        return True

    def _annotation(self) -> None:
        report = self._report
        report.annotations += 1
        seconds = timestamp_of(self._scanner.word0 or b"")
        if seconds is not None:
            report.first_ts = seconds if report.first_ts is None else report.first_ts
            report.last_ts = seconds

    def _unknown(self) -> None:
        """A name outside the table: say so once, then let the scanner count it by itself."""
        name = (self._scanner.word0 or b"").upper()
        if name and len(self._learned) < MAX_LEARNED:
            self._scanner.learn(name, 0, Kind.PLAIN, 1)
            self._learned.append(name)
        if not self._strict or (name and self._options.allows(name)):
            return
        if b"." in name:
            # Names with a dot are those of modules, which Redis 8 brings along itself.
            text = f"{shown(name)} is a module's command; its arguments are not checked"
            self._add("module-command", Severity.NOTICE, text)
        elif name:
            self._add("unknown-command", Severity.ERROR, f"no server knows {shown(name)}")
        else:
            self._add("unknown-command", Severity.ERROR, "the command's name is empty or very long")

    def _faulty(self, note: Note) -> None:
        """A record at fault by its arity, its place or its sub-command."""
        scanner = self._scanner
        name = (scanner.word0 or b"").upper()
        if note is Note.CONTAINER:
            self._subcommand(commands()[name])
        elif note is Note.ARITY:
            self._add("arity", Severity.ERROR, _arity_text(name, scanner.argc))
        elif note is Note.SELECT:
            self._add("select", Severity.ERROR, "SELECT without a database number")
        elif note is Note.NESTED_MULTI:
            self._add("nested-multi", Severity.ERROR, "MULTI inside a transaction")
        elif note is Note.LONE_EXEC:
            self._add("lone-exec", Severity.ERROR, "EXEC without MULTI")

    def _subcommand(self, command: Command) -> None:
        word = (self._scanner.word1 or b"").upper()
        full = command.name + b" " + word
        found = command.subcommands.get(word)
        if found is None:
            self._add("unknown-subcommand", Severity.ERROR, f"no server knows {shown(full)}")
            return
        self._since = max(self._since, found.since)
        if not found.accepts(self._scanner.argc):
            self._add("arity", Severity.ERROR, _arity_text(full, self._scanner.argc))

    def _add(self, code: str, severity: Severity, reason: str) -> None:
        start = self._scanner.record_start
        verdict = Verdict.CORRUPT if severity is Severity.ERROR else None
        number = self._scanner.records
        self._collector.add(
            code, severity, reason, start, start=start, record=number, verdict=verdict
        )

    def _collect(self) -> None:
        """Copy what the scanner counted into the report."""
        scanner, report = self._scanner, self._report
        report.records, report.transactions = scanner.records, scanner.transactions
        counts = scanner.counts()
        report.commands = {shown(name): n for name, n in counts.items()}
        other = scanner.records - sum(counts.values())
        if other:
            report.commands["(other)"] = other
        databases = scanner.databases()
        for db, count in databases.items():
            report.databases[db] = report.databases.get(db, 0) + count
        known = commands()
        since = [known[name].since for name in counts if name in known]
        newest = max([self._since, *since], default=())
        report.requires = ".".join(map(str, newest)) or None
        if self._strict:
            greatest = max([scanner.db, *databases])
            check_database_range(self._collector, "database-range", greatest, self._options)
        if report.annotations and report.role == Role.SINGLE.value:
            # Files of a set need Redis 7 anyway.
            text = f"'#' lines: {report.annotations}"
            self._collector.add("annotations", Severity.NOTICE, text)


def shown(name: bytes) -> str:
    """A command name as text, other bytes than printable ASCII escaped."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in name)


def _arity_text(name: bytes, argc: int) -> str:
    return f"{shown(name)} with {argc} arguments (its name included) does not fit its arity"
