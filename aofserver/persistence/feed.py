"""From what commands did to the bytes of the AOF (``propagate`` and ``call`` in server.c).

A unit is one command, or one EXEC with all it runs. What its commands did is collected and then
fed as a whole, in the style of the release that is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aoftool.format.resp.encode import encode_command
from aoftool.keyspace.context import Style

MULTI, EXEC = encode_command([b"MULTI"]), encode_command([b"EXEC"])


class Feed:
    """Puts SELECT, MULTI and EXEC where they belong and hands the bytes on.

    Attributes:
        style: whose AOF is written.
        selected: the database that the bytes so far have selected; -1: none is known.
        sink: takes the bytes of each unit; None while nobody wants them.
    """

    def __init__(self, style: Style) -> None:
        self.style = style
        self.selected = -1
        self.sink: Callable[[bytes], None] | None = None

    def command(self, db: int, record: bytes) -> None:
        """One record that stands by itself."""
        sink = self.sink
        if sink is None:
            return
        if db != self.selected:
            self.selected = db
            record = encode_command((b"SELECT", b"%d" % db)) + record
        sink(record)

    def unit(self, records: Sequence[tuple[int, bytes]], wrap: bool, begin: int, end: int) -> None:
        """The records of one unit, in a transaction where ``wrap`` says so.

        Redis 6 has MULTI in the database ``begin`` and EXEC in ``end``, as if they were commands
        on data; Redis 7 has them in none.
        """
        if self.sink is None:
            return
        parts: list[bytes] = []
        six = self.style is Style.REDIS_6
        if wrap:
            if six:
                self._select(begin, parts)
            parts.append(MULTI)
        for db, record in records:
            self._select(db, parts)
            parts.append(record)
        if wrap:
            if six:
                self._select(end, parts)
            parts.append(EXEC)
        if parts:
            self.sink(b"".join(parts))

    def _select(self, db: int, parts: list[bytes]) -> None:
        if db != self.selected:
            self.selected = db
            parts.append(encode_command((b"SELECT", b"%d" % db)))
