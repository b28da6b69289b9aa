"""Commands as lines, run on a keyspace whose clock stands still, and the AOF that comes of them."""

from __future__ import annotations

from random import Random

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.context import NO_EVENT, Context, Options, Style
from aoftool.keyspace.database import Database, Keyspace
from aoftool.keyspace.engine import run_logged
from aoftool.keyspace.errors import CommandError

#: Unix time in ms at which the clock stands.
NOW = 1_700_000_000_000
#: Both styles, to run a test in each.
STYLES = list(Style)


class Calls:
    """Runs a line at a time; words are parted by one blank.

    Attributes:
        log: what the AOF holds, a line for each record.
        wraps: whether the records of the last command that was run are one transaction.
    """

    def __init__(self, style: Style = Style.REDIS_7) -> None:
        self.keyspace = Keyspace()
        self.keyspace.clock.now_ms = NOW
        self.ctx = Context(self.keyspace, Random(1), Options(style=style))
        self.log: list[str] = []
        self.wraps = False

    def __call__(self, line: str) -> Reply:
        """Run a line; its reply, an error as ``-text``."""
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
        """Run a line; the keyspace events that it told, each with its key."""
        told: list[tuple[str, str]] = []

        def listener(event: bytes, key: bytes, _database: Database) -> None:
            if event != NO_EVENT:
                told.append((event.decode(), key.decode()))

        self.ctx.listener = listener
        self(line)
        self.ctx.listener = None
        return told
