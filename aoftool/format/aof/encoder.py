"""Commands to AOF bytes, with SELECT where the database changes and ``#TS:`` where time does.

Used by everything that writes an AOF, offline or live; it stands where ``feedAppendOnlyFile``
stands in aof.c. It translates nothing: what a command says in the AOF is decided before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aoftool.format.resp.encode import encode_annotation, encode_command

_MULTI = encode_command([b"MULTI"])
_EXEC = encode_command([b"EXEC"])


class AofEncoder:
    """Remembers the selected database and the last annotated second of one AOF.

    Attributes:
        db: the database that the written bytes have selected; -1 where none is known, so that the
            next command is preceded by a SELECT (as after opening a file or ending a rewrite).
    """

    def __init__(self, db: int = -1, timestamps: bool = False) -> None:
        self.db = db
        self._timestamps = timestamps
        self._second = -1

    def command(self, argv: Sequence[bytes], db: int | None, now_s: int = 0) -> bytes:
        """The bytes of one command; ``db`` None means that it works on no database (MULTI, EXEC).

        ``now_s``: Unix time in seconds, used only where timestamps are on.
        """
        return self.annotation(now_s) + self.select(db) + encode_command(argv)

    def transaction(self, commands: Iterable[tuple[int, Sequence[bytes]]], now_s: int = 0) -> bytes:
        """(db, argv) pairs between MULTI and EXEC; SELECTs stand inside, as Redis 7 writes them."""
        parts = [self.annotation(now_s), _MULTI]
        for db, argv in commands:
            parts += self.select(db), encode_command(argv)
        return b"".join(parts) + _EXEC

    def select(self, db: int | None) -> bytes:
        """SELECT, or nothing where ``db`` is selected already or None."""
        if db is None or db == self.db:
            return b""
        self.db = db
        return encode_command([b"SELECT", b"%d" % db])

    def annotation(self, now_s: int) -> bytes:
        """``#TS:`` where timestamps are on and the second differs from the last one's."""
        if not self._timestamps or now_s == self._second:
            return b""
        self._second = now_s
        return encode_annotation(b"#TS:%d" % now_s)
