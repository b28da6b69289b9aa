"""Memory as a target: what would a server hold?"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from aoftool.keyspace.context import Context, Options, Style
from aoftool.keyspace.database import Clock
from aoftool.keyspace.engine import run
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspace import Keyspace
from aoftool.ops.loading import OFFLINE_DATABASES
from aoftool.ops.replay.ledger import Ledger
from aoftool.ops.replay.link import Link
from aoftool.ops.replay.model import Unit, Window
from aoftool.ops.replay.moments import Moments, held
from aoftool.ops.replay.settling import Settled
from aoftool.ops.replay.target import Facts


class MemorySink:
    """A keyspace of our own, in which time stands still."""

    passing = True

    def __init__(self, style: Style, now_ms: int) -> None:
        self.facts = Facts()
        self.keyspace = Keyspace(OFFLINE_DATABASES, Clock(now_ms, paused=True))
        self._ctx = Context(self.keyspace, Random(0), Options(style=style))
        self._ctx.trusted = True
        self._ledger: Ledger

    def start(self, ledger: Ledger, window: Window) -> None:
        """See Sink."""
        self._ledger = ledger

    def push(self, unit: Unit) -> None:
        """See Sink."""
        ledger, ctx = self._ledger, self._ctx
        ledger.sent(unit)
        if unit.db is not None:
            ctx.db = self.keyspace.database(unit.db)
        for index, argv in enumerate(unit.words()):
            if unit.inner and index in (0, unit.replies - 1):
                continue  # MULTI and EXEC: nobody else is here
            try:
                run(ctx, argv)
            except CommandError as error:
                ledger.error(unit, index, error.text)
        ledger.finished(unit)

    def turn(self, seconds: float) -> None:
        """See Sink."""

    def drain(self) -> None:
        """See Sink."""

    def settle(self, moments: Moments) -> Settled:
        """See Sink."""
        settled = Settled()
        for database in self.keyspace.databases:
            for key, at_ms in list(database.expires.items()):
                own = held(at_ms)
                if own is None:
                    continue
                if moments.drops(own):
                    database.delete(key)
                    settled.expired += 1
                    continue
                settled.keys += 1
                final = moments.final(own)
                if final is None:
                    database.persist(key)
                else:
                    database.set_expire(key, final)
        return settled

    def links(self) -> Iterator[Link]:
        """See Sink."""
        return iter(())

    def owners(self, keys: list[bytes]) -> Iterator[tuple[Link, list[bytes]]]:
        """See Sink."""
        return iter(())

    def close(self) -> None:
        """See Sink."""
