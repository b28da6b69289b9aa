"""Which commands took long, for SLOWLOG, for LATENCY, or for both."""

from __future__ import annotations

from aofserver.clients.session import Session
from aofserver.ground import Ground
from aofserver.measures.slowlog import Slowlog
from aofserver.redaction import redacted
from aoftool.keyspace.command import Flags, Table
from aoftool.keyspace.keyspecs import Argv


class Slowness:
    """Is told by the dispatcher, and says what it wants to be told of."""

    def __init__(self, ground: Ground, slowlog: Slowlog, table: Table) -> None:
        self._ground = ground
        self._slowlog = slowlog
        self._table = table
        ground.dispatcher.on_slow = self.keep

    def update(self) -> None:
        """An option has changed: what may be wanted?"""
        ground = self._ground
        us, ms = ground.config.number("slowlog-log-slower-than"), ground.latency.threshold_ms
        wanted = ([us * 1000] if us >= 0 else []) + ([ms * 1_000_000] if ms else [])
        ground.dispatcher.slow_nanos = min(wanted, default=-1)

    def keep(self, session: Session, argv: Argv, nanos: int) -> None:
        """A command took long."""
        ground = self._ground
        slower_than_us = ground.config.number("slowlog-log-slower-than")
        command = self._table.find(argv, ground.ctx.options.style)
        flags = command.flags
        if nanos // 1000 >= slower_than_us >= 0 and Flags.SKIP_SLOWLOG not in flags:
            at_s = ground.clock.unix_ms() // 1000
            shown = redacted(argv, command.name)
            self._slowlog.add(at_s, nanos // 1000, shown, session.address, session.name)
        event = "fast-command" if Flags.FAST in flags else "command"
        ground.latency.add(event, nanos // 1_000_000)
