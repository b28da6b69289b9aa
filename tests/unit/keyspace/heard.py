"""Calls whose events are heard: what is told to keyspace notifications, and of expired fields."""

from __future__ import annotations

from typing import Any

from aoftool.keyspace.context import Style
from aoftool.keyspace.database import Database
from tests.unit.keyspace.calls import Calls

BOTH_STYLES = [Style.REDIS_6, Style.REDIS_7]


class HeardCalls(Calls):
    """Calls, and what was told of them. As in a server, fields that expire are HDELs in the AOF.

    Attributes:
        events: (event, key) of every change.
        expired: (key, fields) of the fields that expired.
    """

    def __init__(self, style: Style = Style.REDIS_7) -> None:
        super().__init__(style)
        self.events: list[tuple[str, str]] = []
        self.expired: list[tuple[str, list[str]]] = []
        self.ctx.listener = self._heard
        for database in self.keyspace.databases:
            database.on_fields_expired = self._fields_expired

    def _heard(self, event: bytes, key: bytes, database: Database) -> None:
        self.events.append((event.decode(), key.decode()))

    def _fields_expired(self, index: int, key: bytes, fields: list[bytes]) -> None:
        names = [name.decode() for name in fields]
        self.expired.append((key.decode(), names))
        self.log += [f"HDEL {key.decode()} {name}" for name in names]

    def __call__(self, line: str) -> Any:
        """Run a line; its reply, as what it is."""
        return super().__call__(line)

    def heard(self, line: str) -> list[tuple[str, str]]:
        """Run a line; the events of it alone."""
        before = len(self.events)
        self(line)
        return self.events[before:]

    def pass_ms(self, duration_ms: int) -> None:
        """Let time go by."""
        self.keyspace.clock.now_ms += duration_ms
