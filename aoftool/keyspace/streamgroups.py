"""Consumer groups of a stream: what was delivered to whom and is not acknowledged yet.

Times are Unix times in ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sortedcontainers import SortedList

from aoftool.format.rdb import Consumer as PlainConsumer
from aoftool.format.rdb import Group as PlainGroup
from aoftool.format.rdb import PendingEntry, StreamId


class Delivery:
    """A delivered entry that is not acknowledged (``streamNACK``)."""

    __slots__ = ("at_ms", "consumer", "count")

    def __init__(self, consumer: Consumer, at_ms: int, count: int = 1) -> None:
        self.consumer = consumer
        self.at_ms = at_ms
        self.count = count


class Pending:
    """Deliveries by entry ID (``pel``); their order is built when it is first asked for."""

    __slots__ = ("_order", "entries")

    def __init__(self) -> None:
        self.entries: dict[StreamId, Delivery] = {}
        self._order: SortedList[StreamId] | None = None

    def __len__(self) -> int:
        return len(self.entries)

    def put(self, entry_id: StreamId, delivery: Delivery) -> None:
        """Add a delivery, or put another one in its place."""
        if self._order is not None and entry_id not in self.entries:
            self._order.add(entry_id)
        self.entries[entry_id] = delivery

    def remove(self, entry_id: StreamId) -> None:
        """Take out a delivery that is there. Raises KeyError."""
        del self.entries[entry_id]
        if self._order is not None:
            self._order.remove(entry_id)

    @property
    def order(self) -> SortedList[StreamId]:
        """The IDs in order."""
        if self._order is None:
            self._order = SortedList(self.entries)
        return self._order

    def within(self, start: StreamId, end: StreamId | None = None) -> Iterator[StreamId]:
        """The IDs from ``start`` to ``end``, both included; nothing may change meanwhile."""
        return iter(self.order.irange(start, end))


class Consumer:
    """A consumer; ``seen_ms``: it last tried, ``active_ms``: it last got something, or None."""

    __slots__ = ("active_ms", "name", "pending", "seen_ms")

    def __init__(self, name: bytes, seen_ms: int, active_ms: int | None = None) -> None:
        self.name = name
        self.seen_ms = seen_ms
        self.active_ms = active_ms
        self.pending = Pending()


class Group:
    """A consumer group (``streamCG``).

    Attributes:
        last_id: last delivered ID.
        entries_read: how many entries of the stream's life it has read, None: not known.
        pending: all deliveries; each is in its consumer's too.
        consumers: by name.
    """

    __slots__ = ("consumers", "entries_read", "last_id", "name", "pending")

    def __init__(self, name: bytes, last_id: StreamId, entries_read: int | None = None) -> None:
        self.name = name
        self.last_id = last_id
        self.entries_read = entries_read
        self.pending = Pending()
        self.consumers: dict[bytes, Consumer] = {}

    def assign(
        self, entry_id: StreamId, consumer: Consumer, at_ms: int, count: int | None = None
    ) -> Delivery:
        """Make an entry pending for a consumer, away from who had it; ``count`` None: as it was."""
        delivery = self.pending.entries.get(entry_id)
        if delivery is None:
            delivery = Delivery(consumer, at_ms)
            self.pending.put(entry_id, delivery)
        elif delivery.consumer is not consumer:
            delivery.consumer.pending.remove(entry_id)
            delivery.consumer = consumer
        delivery.at_ms = at_ms
        if count is not None:
            delivery.count = count
        consumer.pending.put(entry_id, delivery)
        return delivery

    def settle(self, entry_id: StreamId) -> bool:
        """Make an entry no longer pending; whether it was."""
        delivery = self.pending.entries.get(entry_id)
        if delivery is None:
            return False
        self.pending.remove(entry_id)
        delivery.consumer.pending.remove(entry_id)
        return True

    def remove_consumer(self, consumer: Consumer) -> int:
        """Remove a consumer and what is pending for it; how many that were."""
        for entry_id in consumer.pending.entries:
            self.pending.remove(entry_id)
        del self.consumers[consumer.name]
        return len(consumer.pending)

    @classmethod
    def from_rdb(cls, plain: PlainGroup) -> Group:
        """The live group of a decoded one."""
        group = cls(plain.name, plain.last_id, plain.entries_read)
        for name, seen_ms, active_ms in plain.consumers:
            group.consumers[name] = Consumer(name, seen_ms, active_ms)
        for entry in plain.pending:
            owner = group.consumers[entry.consumer]
            group.assign(entry.id, owner, entry.delivered_at_ms, entry.delivery_count)
        return group

    def to_rdb(self) -> PlainGroup:
        """The group as the RDB package writes it: by ID and by name."""
        return PlainGroup(
            self.name,
            self.last_id,
            self.entries_read,
            list(_plain_pending(self.pending)),
            [
                PlainConsumer(consumer.name, consumer.seen_ms, consumer.active_ms)
                for _, consumer in sorted(self.consumers.items())
            ],
        )


def _plain_pending(pending: Pending) -> Iterable[PendingEntry]:
    for entry_id in sorted(pending.entries):
        delivery = pending.entries[entry_id]
        yield PendingEntry(entry_id, delivery.consumer.name, delivery.at_ms, delivery.count)
