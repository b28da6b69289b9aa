"""When keys were last used, or how often: what LRU and LFU eviction choose by (evict.c).

Kept beside the keys, and only once somebody wants to know: until then no command pays for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.rounds import Rounds

if TYPE_CHECKING:
    from random import Random

    from aoftool.keyspace.database import Database

#: The counter of a key that is new (``LFU_INIT_VAL``), and the greatest one.
NEW, MOST = 5, 255
_MINUTE_MS = 60_000
#: Numbers that are kept to be shared.
_MOST_SAME = 4096


class Uses:
    """Takes note of every use of a key.

    Attributes:
        frequent: whether it counts uses (LFU), or takes their time (LRU).
        log_factor, decay_minutes: ``lfu-log-factor`` and ``lfu-decay-time``.
        resting: a client is served that leaves the notes of keys alone; new keys get theirs.
    """

    def __init__(self, databases: Iterable[Database], rng: Random, frequent: bool = False) -> None:
        self.frequent = frequent
        self.resting = False
        self.log_factor, self.decay_minutes = 10, 1
        self._databases = list(databases)
        self._rng = rng
        #: By database and key: Unix seconds of the last use; of LFU Unix minutes and the counter,
        #: in the last byte. Equal numbers are one object.
        self._notes: list[dict[bytes, int]] = [{} for _ in self._databases]
        self._same: dict[int, int] = {}
        self._tidied = [Rounds() for _ in self._databases]
        self._since_s = self._databases[0].clock.now_ms // 1000
        for database in self._databases:
            database.on_use = self._counter(database) if frequent else self._timer(database)

    def stop(self) -> None:
        """Take note of nothing any more."""
        for database in self._databases:
            database.on_use = None

    def _timer(self, database: Database) -> Callable[[bytes], None]:
        notes, clock = self._notes[database.index], database.clock
        now_ms = now_s = 0

        def used(key: bytes) -> None:
            nonlocal now_ms, now_s
            if self.resting and key in notes:
                return
            if clock.now_ms - now_ms >= 1000 or clock.now_ms < now_ms:
                now_s = clock.now_ms // 1000
                now_ms = now_s * 1000
            notes[key] = now_s

        return used

    def _counter(self, database: Database) -> Callable[[bytes], None]:
        notes = self._notes[database.index]

        def used(key: bytes) -> None:
            if key not in notes:
                self.set_count(database, key, NEW)
                return
            if self.resting:
                return
            counter = self.count(database, key)
            base = max(0, counter - NEW)
            if counter < MOST and self._rng.random() < 1 / (base * self.log_factor + 1):
                counter += 1
            self.set_count(database, key, counter)

        return used

    def at_rest(self, call: Callable[[], Reply]) -> Reply:
        """Call something, and let the notes of keys as they are meanwhile (``CLIENT_NO_TOUCH``)."""
        self.resting = True
        try:
            return call()
        finally:
            self.resting = False

    def rank(self, database: Database) -> Callable[[bytes], int]:
        """What says how good it is that a key of a database goes: more is better."""
        if self.frequent:
            return lambda key: MOST - self.count(database, key)
        note, since_s = self._notes[database.index].get, self._since_s
        return lambda key: -note(key, since_s)

    def idle_s(self, database: Database, key: bytes) -> int:
        """Seconds since a key was used, or since notes are taken."""
        last_s = self._notes[database.index].get(key, self._since_s)
        return max(0, database.clock.now_ms // 1000 - last_s)

    def count(self, database: Database, key: bytes) -> int:
        """The counter of a key's uses from 0 to 255, logarithmic, as time has lowered it."""
        note = self._notes[database.index].get(key)
        if note is None:
            return NEW
        counter = note & 0xFF
        if not self.decay_minutes:
            return counter
        passed = database.clock.now_ms // _MINUTE_MS - (note >> 8)
        return max(0, counter - passed // self.decay_minutes)

    def set_idle(self, database: Database, key: bytes, seconds: int) -> None:
        """Have a key be as if it was last used so many seconds ago."""
        if not self.frequent:
            self._notes[database.index][key] = database.clock.now_ms // 1000 - seconds

    def set_count(self, database: Database, key: bytes, counter: int) -> None:
        """Have a key's counter be this one."""
        if self.frequent:
            note = database.clock.now_ms // _MINUTE_MS << 8 | counter
            if len(self._same) > _MOST_SAME:
                self._same.clear()
            self._notes[database.index][key] = self._same.setdefault(note, note)

    def forget(self, database: Database, key: bytes) -> None:
        """A key is gone."""
        self._notes[database.index].pop(key, None)

    @property
    def surplus(self) -> int:
        """About how many notes there are of keys that are gone, at least."""
        return sum(
            max(0, len(notes) - len(database.data))
            for database, notes in zip(self._databases, self._notes, strict=True)
        )

    def tidy(self, most: int) -> None:
        """Forget keys that are gone, after a look at up to ``most`` notes of each database."""
        for database, notes, way in zip(self._databases, self._notes, self._tidied, strict=True):
            if not database.data:
                notes.clear()
            for key in way.keys(notes, most):
                if key not in database.data:
                    del notes[key]
