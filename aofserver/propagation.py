"""What the AOF must hold of a command (``propagate`` and ``deleteExpiredKeyAndPropagate``).

What was found expired on the way is collected with it: Redis 6 logs each such deletion by itself,
Redis 7 in one unit with what has found it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from aofserver.measures.stats import Stats
from aofserver.persistence.feed import Feed
from aoftool.format.resp.encode import encode_command
from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import Call, Command, verbatim
from aoftool.keyspace.commands.scripts import effects_of_script
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.database import Database
from aoftool.keyspace.keyspecs import Argv

#: The number of a database, and a command's bytes.
Record = tuple[int, bytes]


class Propagation:
    """Gives the feed its units.

    Attributes:
        feed: takes them.
        collected: records of the unit that runs: an EXEC's, or deletions of keys that were found
            expired.
        in_exec: whether a transaction runs.
    """

    def __init__(self, ctx: Context, feed: Feed, stats: Stats) -> None:
        self.feed = feed
        self.collected: list[Record] = []
        self.in_exec = False
        self._ctx = ctx
        self._stats = stats
        for database in ctx.keyspace.databases:
            database.on_expired = self.expired
            database.on_fields_expired = self.fields_expired

    def propagate(self, command: Command, argv: Argv, reply: Reply, raw: bytes) -> None:
        """Feed what the AOF must hold of a call, after what was found expired by it."""
        ctx, db = self._ctx, self._ctx.db.index
        if self.feed.sink is None:
            self.collected.clear()
            return
        rule = command.propagate
        if rule is verbatim:
            records = [(db, raw or encode_command(argv))]
        elif rule is effects_of_script:
            records = _by_database(rule(Call(ctx, argv, reply)), db)
        else:
            records = [(db, encode_command(words)) for words in rule(Call(ctx, argv, reply))]
        if self.in_exec:
            self.collected += records
            return
        wrap = len(records) > 1 and command.wraps(self.feed.style)
        if self.feed.style is Style.REDIS_6:
            self.end_of_cycle()
            wrap = wrap or (rule is effects_of_script and ctx.fact.began)
            self.feed.unit(records, wrap, db, db)
            return
        self.collected += records
        self.close_unit(wrap)

    def close_unit(self, wrap: bool) -> None:
        """Feed what was collected: Redis 7 wraps several records that belong together."""
        if self.feed.style is Style.REDIS_6:
            self.end_of_cycle()
            return
        records, self.collected = self.collected, []
        db = self._ctx.db.index
        self.feed.unit(records, wrap or len(records) > 1, db, db)

    def expired(self, index: int, key: bytes) -> None:
        """A key was found expired: Redis 6 logs that at once, Redis 7 with what found it."""
        self._stats.expired_keys += 1
        if self._ctx.listener is not None:
            self._ctx.listener(b"expired", key, self._ctx.keyspace.databases[index])
        word = b"UNLINK" if self._ctx.options.lazy_expire else b"DEL"
        self._deletion(index, encode_command((word, key)))

    def evicted(self, database: Database, key: bytes) -> None:
        """Remove a key because there is no memory left."""
        self._stats.evicted_keys += 1
        database.delete(key)
        if self._ctx.listener is not None:
            self._ctx.listener(b"evicted", key, database)
        if self.feed.sink is None:
            return
        word = b"UNLINK" if self._ctx.options.lazy_eviction else b"DEL"
        self._deletion(database.index, encode_command((word, key)))

    def fields_expired(self, index: int, key: bytes, fields: list[bytes]) -> None:
        """Fields of a hash were found expired: each is a record of its own."""
        self._stats.expired_fields += len(fields)
        if self._ctx.listener is not None:
            database = self._ctx.keyspace.databases[index]
            self._ctx.listener(b"hexpired", key, database)
            if key not in database.data:
                self._ctx.listener(b"del", key, database)
        for field in fields:
            self._deletion(index, encode_command((b"HDEL", key, field)))

    def _deletion(self, index: int, record: bytes) -> None:
        if self.feed.sink is None:
            return
        self.collected.append((index, record))

    def end_of_cycle(self) -> None:
        """Feed deletions that no command of a client has caused, each by itself."""
        records, self.collected = self.collected, []
        for db, group in groupby(records, itemgetter(0)):
            self.feed.command(db, b"".join(record for _, record in group))


def _by_database(effects: Iterable[Sequence[bytes]], db: int) -> list[Record]:
    """What a script did, beginning in ``db``: where it went is told by the feed."""
    records: list[Record] = []
    for words in effects:
        if words[0].upper() == b"SELECT":
            db = int(words[1])
        else:
            records.append((db, encode_command(words)))
    return records
