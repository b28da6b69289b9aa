"""``maxmemory``: keys go, or writes are refused, when there is no memory left (evict.c).

Memory is looked at between the turns, not for every command: after as many bytes have come and as
many changes were made as could fill a part of what is left. What one turn brings may stand above
the limit until the next one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from random import Random

from aofserver.ground import Ground
from aofserver.memory.gauge import MemoryGauge
from aofserver.memory.sizes import size_of
from aoftool.keyspace.database import Database
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.rounds import Picker
from aoftool.keyspace.uses import Uses

#: Keys that go between two draws (Redis keeps as many candidates, ``EVPOOL_SIZE``).
_POOL = 16
#: Memory is looked at again after a growth of a part of what is left; at least of so many bytes,
#: or of this part of the limit, whichever is more. What a change may take beside its bytes.
_PART, _LEAST, _LEAST_PART, _PER_CHANGE = 4, 16 << 10, 1 << 10, 128
#: For so many times as long as a look takes nobody looks again.
_REST = 20
#: What an entry takes in the tables, about; items of a value that its size is estimated from.
_ENTRY, _ITEMS = 100, 5
#: A table of more bytes than this, and than this for each entry, is mostly gaps (a full one has
#: about 30); it is copied if there are no more entries than can be copied in some ms.
_SPARSE, _SPARSE_ENTRY, _MOST_COPIED = 64 << 10, 150, 100_000
#: How much longer than its limit eviction may take for a turn that brought many changes.
_MOST_TIMES = 20
#: Notes of uses that the cron looks at at once, whether their keys are still there, and for how
#: many microseconds.
_TIDIED, _TIDY_US = 2000, 1000


class Eviction:
    """Keeps the data below ``maxmemory``.

    Attributes:
        limit: bytes; 0: any number.
        refuses: whether commands that need memory are refused.
        gauge: measures what is taken.
    """

    def __init__(
        self, ground: Ground, gauge: MemoryGauge, pending_bytes: Callable[[], int]
    ) -> None:
        """``pending_bytes``: what waits to be written to the AOF does not count."""
        self.limit = 0
        self.refuses = False
        self._ground = ground
        self.gauge = gauge
        self._pending_bytes = pending_bytes
        self._choice = _Choice(ground.keyspace, ground.ctx.rng)
        self._seen_bytes = self._seen_dirty = 0
        self._allowance = 0
        self._running = False
        self._again_us = self._over_us = 0
        self._real = 1.0

    def forget(self) -> None:
        """CONFIG RESETSTAT: what was too much until now does not count."""
        self._over_us = 0

    def update(self) -> None:
        """An option has changed."""
        config = self._ground.config
        self.limit = config.number("maxmemory")
        policy = config.text("maxmemory-policy")
        self._choice.policy, self._choice.samples = policy, config.number("maxmemory-samples")
        self._choice.forget()
        self._take_notes(policy)
        self._allowance = 0
        if self.limit:
            # CONFIG SET may stand in a transaction, which must not be torn apart.
            self._ground.turn.later(self._go_on)
        else:
            self._time(False)
            self._refuse(False)

    def _take_notes(self, policy: str) -> None:
        """Have notes of uses taken if the policy wants them; those for a client stay."""
        config, keyspace = self._ground.config, self._ground.keyspace
        frequent, uses = policy.endswith("lfu"), keyspace.uses
        wanted = frequent or (policy.endswith("lru") and self.limit > 0)
        if uses is not None and uses.frequent != frequent and (wanted or uses.frequent):
            uses.stop()
            uses = keyspace.uses = None
        if uses is None and wanted:
            uses = keyspace.uses = Uses(keyspace.databases, self._ground.ctx.rng, frequent)
        if uses is not None:
            uses.log_factor = config.number("lfu-log-factor")
            uses.decay_minutes = config.number("lfu-decay-time")

    def tick(self) -> None:
        """The cron: what grew without anybody's bytes is seen here."""
        uses, clock = self._ground.keyspace.uses, self._ground.clock
        until = clock.monotonic_us() + _TIDY_US
        while uses is not None and uses.surplus and clock.monotonic_us() < until:
            uses.tidy(_TIDIED)
        if self.limit and clock.monotonic_us() >= self._again_us:
            self._check()

    def look(self, size: int) -> None:
        """``size`` bytes have come and are to be served: is there memory for them?"""
        if not self.limit:
            return
        ground = self._ground
        grown = ground.stats.input_bytes + size - self._seen_bytes
        changes = ground.ctx.dirty - self._seen_dirty
        due = grown + changes * _PER_CHANGE >= self._allowance
        if self.refuses:
            due = changes != 0
        elif due:
            due = ground.clock.monotonic_us() >= self._again_us
        if due:
            self._check()

    def _check(self) -> None:
        ground = self._ground
        if ground.loading is not None or ground.is_busy():
            return
        changes = ground.ctx.dirty - self._seen_dirty
        used = self._measured()
        if used > self.limit:
            used = self._evict(used, changes)
        self._time(used > self.limit)
        self._refuse(used > self.limit and not self._running)

    @property
    def over_us(self) -> int:
        """For how many microseconds there has been more than the limit; 0 where there is not."""
        return self._ground.clock.monotonic_us() - self._over_us if self._over_us else 0

    def _time(self, over: bool) -> None:
        """Note since when there is more than the limit (``stat_last_eviction_exceeded_time``)."""
        if not over:
            self._ground.stats.over_us += self.over_us
            self._over_us = 0
        elif not self._over_us:
            self._over_us = self._ground.clock.monotonic_us()

    def _measured(self) -> int:
        ground = self._ground
        began = ground.clock.monotonic_us()
        used = self.gauge.measure() - self._pending_bytes()
        now = ground.clock.monotonic_us()
        self._again_us = now + _REST * (now - began)
        self._seen_bytes, self._seen_dirty = ground.stats.input_bytes, ground.ctx.dirty
        self._allowance = max(self._least, (self.limit - used) // _PART)
        return used

    @property
    def _least(self) -> int:
        return max(_LEAST, self.limit // _LEAST_PART)

    def _refuse(self, refuses: bool) -> None:
        if refuses != self.refuses:
            self.refuses = refuses
            self._ground.ctx.options.out_of_memory = refuses
            self._ground.refresh()

    # Keys go.
    def _evict(self, used: int, changes: int) -> int:
        """Remove keys until there is memory left, or time is up (``performEvictions``).

        Redis has its time again for every command: here it is as much for every change.
        """
        ground = self._ground
        if self._choice.policy == "noeviction":
            return used
        began = ground.clock.monotonic_us()
        limit_us = _time_limit_us(ground.config.number("maxmemory-eviction-tenacity"))
        until = began + limit_us * max(1, min(changes, _MOST_TIMES))
        wanted = max(0, self.limit - self._least)
        self._running = False
        while used > wanted:
            goal = used - wanted
            freed = gone = 0
            while freed * self._real < goal and not self._running:
                found = self._choice.victim()
                if found is None:
                    break
                freed += self._remove(*found)
                gone += 1
                self._running = not gone % 16 and ground.clock.monotonic_us() >= until
            ground.dispatcher.propagation.end_of_cycle()
            for database in ground.keyspace.databases:
                _compact(database)
            before, used = used, self._measured()
            if gone:
                # Tables keep their places, and other things grow: learn what an estimate is worth.
                self._real = min(2.0, max(0.1, (self._real + (before - used) / freed) / 2))
            if self._running or not gone:
                break
        took_ms = (ground.clock.monotonic_us() - began) // 1000
        ground.latency.add("eviction-cycle", took_ms)
        ground.turn.arm()
        if self._running:
            ground.turn.later(self._go_on)
        return used

    def _go_on(self) -> None:
        self._running = False
        if self.limit:
            self._check()

    def _remove(self, database: Database, key: bytes) -> int:
        """Evict a key; about how many bytes that frees."""
        value = database.data[key]
        size = len(value) if type(value) is bytes else size_of(value, _ITEMS)
        freed = _ENTRY + len(key) + size
        began = self._ground.clock.monotonic_us() if self._ground.latency.threshold_ms else 0
        self._ground.dispatcher.propagation.evicted(database, key)
        if began:
            took_us = self._ground.clock.monotonic_us() - began
            self._ground.latency.add("eviction-del", took_us // 1000)
        uses = self._ground.keyspace.uses
        if uses is not None:
            uses.forget(database, key)
        return freed


def _compact(database: Database) -> None:
    """Give back the places of keys that are gone: a table keeps them until it is filled up again.

    Nothing can be drawn quickly from a table that is mostly gaps, and it takes memory for nothing.
    """
    data, expires = database.data, database.expires
    if len(data) <= _MOST_COPIED and sys.getsizeof(data) > _SPARSE + _SPARSE_ENTRY * len(data):
        database.data = dict(data)
    if len(expires) <= _MOST_COPIED and (
        sys.getsizeof(expires) > _SPARSE + _SPARSE_ENTRY * len(expires)
    ):
        database.expires = dict(expires)


def _time_limit_us(tenacity: int) -> float:
    """For how long clients may wait (``evictionTimeLimitUs``)."""
    if tenacity <= 10:
        return 50 * tenacity
    return float("inf") if tenacity == 100 else 500 * 1.15 ** (tenacity - 10)


class _Choice:
    """Which keys go next.

    Redis takes the best of some keys for each one that goes, and keeps the best of the others for
    the next choice. Here so many are drawn at once that a handful can go, the best first.

    Attributes:
        policy, samples: ``maxmemory-policy`` and ``maxmemory-samples``.
    """

    def __init__(self, keyspace: Keyspace, rng: Random) -> None:
        self.policy, self.samples = "noeviction", 5
        self._keyspace = keyspace
        self._rng = rng
        self._pickers: dict[int, Picker] = {}
        #: (score, database's number, key), the best one last.
        self._pool: list[tuple[int, int, bytes]] = []

    def forget(self) -> None:
        """Begin anew, with a policy of another kind."""
        self._pool.clear()

    def victim(self) -> tuple[Database, bytes] | None:
        """A key to evict, or None where no key may go."""
        while True:
            if not self._pool:
                self._draw()
            if not self._pool:
                return None
            seen, index, key = self._pool.pop()
            database = self._keyspace.databases[index]
            # One that was used since it was drawn may stay.
            if key in self._table(database) and self._rank(database)(key) >= seen:
                return database, key

    def _table(self, database: Database) -> dict[bytes, int]:
        return database.data if self.policy.startswith("allkeys") else database.expires

    def _rank(self, database: Database) -> Callable[[bytes], int]:
        """What says how good it is that a key goes."""
        uses, expires = self._keyspace.uses, database.expires
        if self.policy.endswith("ttl"):
            return lambda key: -expires.get(key, 0)
        if self.policy.endswith("random") or uses is None:
            return lambda key: 0
        return uses.rank(database)

    def _draw(self) -> None:
        """Draw keys of all databases, of each as many as it has a share of all keys."""
        tables = [(database, self._table(database)) for database in self._keyspace.databases]
        total = sum(len(table) for _, table in tables)
        samples = 1 if self.policy.endswith("random") else self.samples
        drawn: set[tuple[int, int, bytes]] = set()
        for database, table in tables:
            if table:
                picker = self._pickers.setdefault(database.index, Picker())
                pick, chance, rank = picker.pick, self._rng.random, self._rank(database)
                for _ in range(-(-samples * _POOL * len(table) // total)):
                    key = pick(table, chance())
                    if key is not None:
                        drawn.add((rank(key), database.index, key))
        self._pool = sorted(drawn)[-max(1, len(drawn) // samples) :]
