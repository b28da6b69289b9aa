"""Streams: entries by ID, in the nodes that a server keeps them in (t_stream.c).

Approximate trimming removes whole nodes only, so their borders are part of what a stream is. Where
they fall follows from the sizes of the listpacks that servers pack entries in. Finding that out is
dear, so entries are appended to a tail without borders, which is cut into nodes when somebody needs
to know: a stream that is only appended to and read never pays.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

from aoftool.format.rdb import EncodingLimits, StreamEntry, StreamId, StreamValue
from aoftool.format.rdb.listpack import EMPTY_SIZE, int_size, item_size
from aoftool.keyspace.streamgroups import Group

MIN_ID: StreamId = (0, 0)
MAX_ID: StreamId = ((1 << 64) - 1, (1 << 64) - 1)
_WRAP, _SIGN = 1 << 64, 1 << 63


class _Node:
    """Entries that stand in one listpack.

    Attributes:
        ids, bodies: the live entries, ascending; a body is field, value, field, value...
        last: the greatest ID ever put here.
        count: entries, deleted ones that still take room included.
        names: the fields of the first entry; those of another are not written where they are equal.
        packed: bytes of the listpack without its counts of live and deleted entries.
    """

    __slots__ = ("bodies", "count", "ids", "last", "master", "names", "packed")

    def __init__(self, master: StreamId = MIN_ID, names: list[bytes] | None = None) -> None:
        self.ids: list[StreamId] = []
        self.bodies: list[list[bytes]] = []
        self.master = self.last = master
        self.count = 0
        self.names = names or []
        self.packed = (
            EMPTY_SIZE + int_size(len(self.names)) + sum(map(item_size, self.names)) + int_size(0)
        )

    @property
    def size(self) -> int:
        """Bytes of the listpack."""
        live = len(self.ids)
        return self.packed + int_size(live) + int_size(self.count - live)

    def append(self, entry_id: StreamId, body: list[bytes]) -> None:
        """Put an entry at the end, and count what it takes (``streamAppendItem``)."""
        pairs = len(body) // 2
        same = body[::2] == self.names
        self.packed += (
            int_size(2 if same else 0)
            + int_size(_difference(entry_id[0], self.master[0]))
            + int_size(_difference(entry_id[1], self.master[1]))
            + (0 if same else int_size(pairs))
            + sum(map(item_size, body[1::2] if same else body))
            + int_size(3 + pairs if same else 4 + 2 * pairs)
        )
        self.ids.append(entry_id)
        self.bodies.append(body)
        self.last = entry_id
        self.count += 1

    def copy(self) -> _Node:
        copied = _Node()
        copied.ids, copied.bodies = self.ids.copy(), self.bodies.copy()
        copied.master, copied.last, copied.count = self.master, self.last, self.count
        copied.names, copied.packed = self.names, self.packed
        return copied


def _difference(one: int, other: int) -> int:
    """A difference of unsigned 64-bit numbers, as C keeps it in a signed one."""
    return (one - other + _SIGN) % _WRAP - _SIGN


class Stream:
    """A stream.

    Attributes:
        last_id: greatest ID ever given, or set by XSETID.
        max_deleted_id: greatest ID that XDEL removed.
        entries_added: how many were ever added.
        groups: consumer groups by name.
        node_bytes, node_entries: ``stream-node-max-bytes``, ``-entries``; 0: no limit.
    """

    __slots__ = (
        "_length",
        "_nodes",
        "_tail",
        "entries_added",
        "groups",
        "last_id",
        "max_deleted_id",
        "node_bytes",
        "node_entries",
    )

    def __init__(self, limits: EncodingLimits | None = None) -> None:
        limits = limits or EncodingLimits()
        self.node_bytes = limits.stream_node_bytes
        self.node_entries = limits.stream_node_entries
        self._nodes: list[_Node] = []
        #: Entries behind all nodes, which are not cut into nodes yet.
        self._tail = _Node()
        self._length = 0
        self.last_id = self.max_deleted_id = MIN_ID
        self.entries_added = 0
        self.groups: dict[bytes, Group] = {}

    def __len__(self) -> int:
        return self._length

    def append(self, entry_id: StreamId, body: list[bytes]) -> None:
        """Add an entry; its ID must be above ``last_id``, and nobody may change ``body``."""
        tail = self._tail
        tail.ids.append(entry_id)
        tail.bodies.append(body)
        self._length += 1
        self.entries_added += 1
        self.last_id = entry_id

    # Reading.
    @property
    def first_id(self) -> StreamId:
        """The ID of the first entry; 0-0 where there is none."""
        return next(self.forward(), (MIN_ID, []))[0]

    @property
    def edge_id(self) -> StreamId:
        """The first ID that still takes room, be it deleted; the greatest ID for none."""
        if not self._nodes:
            self._cut()
        return self._nodes[0].master if self._nodes else MAX_ID

    @property
    def top_id(self) -> StreamId:
        """The ID of the last entry that was not deleted; 0-0 where there is none."""
        return next(self.backward(), (MIN_ID, []))[0]

    def forward(self, start: StreamId = MIN_ID, end: StreamId = MAX_ID) -> Iterator[StreamEntry]:
        """The entries from ``start`` to ``end``, both included; nothing may change meanwhile."""
        nodes = self._nodes
        for at in range(bisect_left(nodes, start, key=_last), len(nodes) + 1):
            node = nodes[at] if at < len(nodes) else self._tail
            ids, bodies = node.ids, node.bodies
            for position in range(bisect_left(ids, start), bisect_right(ids, end)):
                yield ids[position], bodies[position]
            if ids and ids[-1] > end:
                return

    def backward(self, start: StreamId = MIN_ID, end: StreamId = MAX_ID) -> Iterator[StreamEntry]:
        """The same entries, the last one first."""
        nodes = self._nodes
        for at in range(len(nodes), bisect_left(nodes, start, key=_last) - 1, -1):
            node = nodes[at] if at < len(nodes) else self._tail
            ids, bodies = node.ids, node.bodies
            for position in range(bisect_right(ids, end) - 1, bisect_left(ids, start) - 1, -1):
                yield ids[position], bodies[position]

    def find(self, entry_id: StreamId) -> list[bytes] | None:
        """The body of an entry, or None."""
        for _, body in self.forward(entry_id, entry_id):
            return body
        return None

    def node_keys(self) -> list[StreamId]:
        """The keys of the nodes: the ID that each began with."""
        self._cut()
        return [node.master for node in self._nodes]

    # Removing.
    def delete(self, entry_id: StreamId) -> bool:
        """Remove an entry; whether it was there (``streamDeleteItem``)."""
        at = bisect_left(self._nodes, entry_id, key=_last)
        if at >= len(self._nodes) - 1:
            self._cut()
            at = bisect_left(self._nodes, entry_id, key=_last)
            if at == len(self._nodes):
                return False
        node = self._nodes[at]
        position = bisect_left(node.ids, entry_id)
        if position == len(node.ids) or node.ids[position] != entry_id:
            return False
        del node.ids[position], node.bodies[position]
        if not node.ids:
            del self._nodes[at]
        self._length -= 1
        return True

    def trim(
        self,
        length: int | None = None,
        min_id: StreamId | None = None,
        approximately: bool = False,
        limit: int = 0,
    ) -> int:
        """Remove the first entries until at most ``length`` are left, or none below ``min_id``.

        ``approximately``: whole nodes only. ``limit``: stop before more than so many are removed;
        0: no limit. Returns how many were removed (``streamTrim``).
        """
        before, dropped = self._length, 0
        nodes = self._nodes
        while length is None or self._length > length:
            if dropped >= len(nodes) - 1 and self._tail.ids:
                self._cut()  # the last node may have to grow first
            if dropped == len(nodes):
                break
            node = nodes[dropped]
            live = len(node.ids)
            if limit and before - self._length + live > limit:
                break
            whole = node.last < min_id if min_id is not None else self._length - live >= length  # type: ignore[operator]
            if whole:
                self._length -= live
                dropped += 1
                continue
            if not approximately:
                excess = (
                    bisect_left(node.ids, min_id) if min_id is not None else self._length - length  # type: ignore[operator]
                )
                del node.ids[:excess], node.bodies[:excess]
                self._length -= excess
            break
        del nodes[:dropped]
        return before - self._length

    def _cut(self) -> None:
        """Put the entries of the tail in nodes, as ``streamAppendItem`` does with each."""
        tail, nodes = self._tail, self._nodes
        if not tail.ids:
            return
        self._tail = _Node()
        node = nodes[-1] if nodes else None
        for entry_id, body in zip(tail.ids, tail.bodies, strict=True):
            if node is None or self._is_full(node, body):
                node = _Node(entry_id, body[::2])
                nodes.append(node)
            node.append(entry_id, body)

    def _is_full(self, node: _Node, body: list[bytes]) -> bool:
        if self.node_entries and node.count >= self.node_entries:
            return True
        return bool(self.node_bytes) and node.size + sum(map(len, body)) >= self.node_bytes

    # How far a group has read.
    def count_read(self, group: Group, entry_id: StreamId) -> None:
        """Keep a group's ``entries_read`` while it goes on to this entry."""
        if (
            group.entries_read is not None
            and group.last_id >= self.first_id
            and not self._deleted_from(group.last_id)
        ):
            group.entries_read += 1
        elif self.entries_added:
            group.entries_read = self.entries_up_to(entry_id)

    def _deleted_from(self, start: StreamId) -> bool:
        """Whether an entry was deleted at ``start`` or behind it (``streamRangeHasTombstones``)."""
        return bool(self._length) and MIN_ID != self.max_deleted_id >= start

    def entries_up_to(self, entry_id: StreamId) -> int | None:
        """How many entries were ever added up to this ID, None: not known.

        ``streamEstimateDistanceFromFirstEverEntry``.
        """
        added, size = self.entries_added, self._length
        if not added:
            return 0
        if not size and entry_id <= self.last_id:
            return added
        if MIN_ID != entry_id < self.max_deleted_id:
            return None
        if entry_id == self.last_id:
            return added
        first = self.first_id
        if entry_id > self.last_id or MIN_ID != self.max_deleted_id >= first:
            return None
        if entry_id < first:
            return added - size
        return added - size + 1 if entry_id == first else None

    def lag(self, group: Group) -> int | None:
        """How many entries a group has not read, None: not known (``streamReplyWithCGLag``)."""
        if not self.entries_added or not self._length:
            return 0
        first = self.first_id
        if group.last_id < first and self.max_deleted_id < first:
            return self._length
        read = group.entries_read
        if read is None or self._deleted_from(group.last_id):
            read = self.entries_up_to(group.last_id)
        return None if read is None else self.entries_added - read

    # Conversion.
    def copy(self) -> Stream:
        """A stream that changes apart from this one; it shares the bodies, which nobody changes."""
        copied = Stream.from_rdb(
            StreamValue([], self.last_id, self.max_deleted_id, 0, self._plain())
        )
        copied.node_bytes, copied.node_entries = self.node_bytes, self.node_entries
        copied._nodes = [node.copy() for node in self._nodes]
        copied._tail = self._tail.copy()
        copied._length = self._length
        copied.entries_added = self.entries_added
        return copied

    def _plain(self) -> list[Any]:
        return [group.to_rdb() for _, group in sorted(self.groups.items())]

    @classmethod
    def from_rdb(cls, value: StreamValue) -> Stream:
        """The live stream of a decoded one; its nodes are those of entries added one by one."""
        stream = cls()
        for entry_id, body in value.entries:
            stream.append(entry_id, body)
        stream.last_id, stream.max_deleted_id = value.last_id, value.max_deleted_id
        stream.entries_added = value.entries_added
        stream.groups = {group.name: Group.from_rdb(group) for group in value.groups}
        return stream

    def to_rdb(self) -> StreamValue:
        """The stream as the RDB package writes it."""
        return StreamValue(
            list(self.forward()),
            self.last_id,
            self.max_deleted_id,
            self.entries_added,
            self._plain(),
        )

    def comparable(self) -> Any:
        """What two streams have in common that commands see as the same.

        Left out: consumers that have nothing pending, and when consumers were seen, which an AOF
        does not keep.
        """
        groups = {
            name: (group.last_id, group.entries_read, group.to_rdb().pending)
            for name, group in self.groups.items()
        }
        counts = (self.last_id, self.max_deleted_id, self.entries_added)
        return list(self.forward()), counts, groups


def _last(node: _Node) -> StreamId:
    return node.last
