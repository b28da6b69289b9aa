"""Commands as lines, run on a keyspace whose clock the test moves: the AOF, and what is told."""

from __future__ import annotations

from random import Random
from typing import Any

from aoftool.keyspace.context import NO_EVENT, Context, Options, Style
from aoftool.keyspace.database import Database
from aoftool.keyspace.engine import run_logged
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspace import Keyspace

#: Unix time in ms at which the clock starts.
NOW = 1_700_000_000_000
#: Both styles, to run a test in each.
STYLES = list(Style)


class Calls:
    """Runs a line at a time; words are parted by one blank.

    Attributes:
        log: what the AOF holds, a line for each record; as in a server, fields that expire are
            HDELs in it.
        wraps: whether the records of the last command that was run are one transaction.
        events: (keyspace event, key) of every change.
        expired: (key, fields) of the fields that expired.
    """

    def __init__(self, style: Style = Style.REDIS_7) -> None:
        self.keyspace = Keyspace()
        self.keyspace.clock.now_ms = NOW
        self.ctx = Context(self.keyspace, Random(1), Options(style=style))
        self.ctx.listener = self._listen
        self.log: list[str] = []
        self.wraps = False
        self.events: list[tuple[str, str]] = []
        self.expired: list[tuple[str, list[str]]] = []
        for database in self.keyspace.databases:
            database.on_fields_expired = self._fields_expired

    def _listen(self, event: bytes, key: bytes, database: Database) -> None:
        if event != NO_EVENT:
            self.events.append((event.decode(), key.decode()))

    def _fields_expired(self, index: int, key: bytes, fields: list[bytes]) -> None:
        names = [name.decode() for name in fields]
        self.expired.append((key.decode(), names))
        self.log += [f"HDEL {key.decode()} {name}" for name in names]

    def __call__(self, line: str) -> Any:
        """Run a line; its reply as what it is, an error as ``-text``."""
        argv = [word.encode() for word in line.split(" ")]
        try:
            reply, records, command = run_logged(self.ctx, argv)
        except CommandError as error:
            return b"-" + error.text
        self.log += [b" ".join(record).decode() for record in records]
        self.wraps = len(records) > 1 and command.wraps(self.ctx.options.style)
        return reply

    def logged(self, *lines: str) -> list[str]:
        """Run lines; the records of these alone."""
        before = len(self.log)
        for line in lines:
            self(line)
        return self.log[before:]

    def heard(self, line: str) -> list[tuple[str, str]]:
        """Run a line; the events of it alone."""
        before = len(self.events)
        self(line)
        return self.events[before:]

    def pass_ms(self, duration_ms: int) -> None:
        """Let time go by."""
        self.keyspace.clock.now_ms += duration_ms
