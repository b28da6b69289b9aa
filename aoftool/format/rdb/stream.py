"""Streams: nodes of entries packed into listpacks, and consumer groups.

A node is keyed by the ID of its first entry, its *master*. Its listpack starts with the count of
live entries, the count of deleted ones, the number of the master's fields, these fields, and a 0;
then for each entry: flags, ID as differences to the master's, its fields and values (values only,
with the flag SAME_FIELDS), and how many items that was (t_stream.c, ``streamAppendItem``; checked
as ``streamValidateListpackIntegrity`` does). The raw fields of the three layouts come from the
shapes in ``opcodes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from struct import Struct
from typing import Any

from aoftool.errors import CorruptError
from aoftool.format.rdb.listpack import encode_listpack, read_listpack
from aoftool.format.rdb.values import (
    Consumer,
    Group,
    PendingEntry,
    StreamEntry,
    StreamId,
    StreamValue,
)

_ID = Struct(">QQ")
_DELETED, _SAME_FIELDS = 1, 2
_MASK = (1 << 64) - 1
#: An unknown read counter (``SCG_INVALID_ENTRIES_READ``, -1) as a length.
_UNKNOWN_READ = _MASK
_NEVER = -1
#: What an entry takes besides its fields and values, as an estimate: flags, ID, counts.
_ENTRY_OVERHEAD = 16


def build_stream(layout: int, fields: list[Any]) -> StreamValue:
    """A stream from the raw fields of ``STREAM_LISTPACKS`` (layout 1), ``_2`` or ``_3``.

    Raises CorruptError, its offset one in the blob of the node at hand, or 0.
    """
    nodes, _length, last_ms, last_seq, *more = fields
    groups = more[-1]
    entries: list[StreamEntry] = []
    for key, blob in nodes:
        entries += decode_node(key, blob)
    if any(a[0] >= b[0] for a, b in pairwise(entries)):
        raise CorruptError("stream entries out of order", 0)
    max_deleted, added = (0, 0), len(entries)
    if layout > 1:
        _first_ms, _first_seq, *deleted, added = more[:-1]
        max_deleted = (deleted[0], deleted[1])
    return StreamValue(
        entries, (last_ms, last_seq), max_deleted, added, [_group(layout, raw) for raw in groups]
    )


def decode_node(key: bytes, blob: bytes) -> Iterator[StreamEntry]:
    """The live entries of one node. Raises CorruptError, its offset one in ``blob``."""
    if len(key) != _ID.size:
        raise CorruptError(f"stream node with an ID of {len(key)} bytes", 0)
    master = _ID.unpack(key)
    items = read_listpack(blob)
    live, deleted, width = _ints(items, 0, 3)
    if not 0 <= width <= len(items) - 4 or items[3 + width] != 0:
        raise CorruptError("stream node with a wrong master entry", 0)
    names = [_text(item) for item in items[3 : 3 + width]]
    at = 4 + width
    seen = [0, 0]
    while at < len(items):
        flags, ms, seq = _ints(items, at, 3)
        if flags & _SAME_FIELDS:
            start, size = at + 3, width
        else:
            start, size = at + 4, 2 * _ints(items, at + 3, 1)[0]
        stop = start + size
        if size < 0 or _ints(items, stop, 1)[0] != stop - at:
            raise CorruptError("stream entry with a wrong item count", 0)
        seen[flags & _DELETED] += 1
        if not flags & _DELETED:
            body = [_text(item) for item in items[start:stop]]
            if flags & _SAME_FIELDS:
                body = [part for pair in zip(names, body, strict=True) for part in pair]
            yield ((master[0] + ms) & _MASK, (master[1] + seq) & _MASK), body
        at = stop + 1
    if seen != [live, deleted]:
        raise CorruptError("stream node with a wrong count of entries", 0)


def _ints(items: list[bytes | int], start: int, count: int) -> list[int]:
    found = [item for item in items[start : start + count] if isinstance(item, int)]
    if len(found) != count:
        raise CorruptError("stream node without a number where one belongs", 0)
    return found


def _text(item: bytes | int) -> bytes:
    return b"%d" % item if isinstance(item, int) else item


def _group(layout: int, raw: tuple[Any, ...]) -> Group:
    name, last_ms, last_seq, *read, pending, consumers = raw
    owners: dict[bytes, bytes] = {}
    known = {key for key, _, _ in pending}
    for owner, *_times, keys in consumers:
        for key in keys:
            # ``rdbLoadObject`` refuses both: an ID that the group does not know, or twice.
            if key not in known or key in owners:
                raise CorruptError("pending entry of a consumer that its group does not know", 0)
            owners[key] = owner
    if len(owners) != len(pending):
        raise CorruptError("pending entry without a consumer, or twice", 0)
    return Group(
        name,
        (last_ms, last_seq),
        read[0] if read and read[0] != _UNKNOWN_READ else None,
        sorted(
            PendingEntry(_ID.unpack(key), owners[key], time, count) for key, time, count in pending
        ),
        [_consumer(layout, *times) for *times, _keys in consumers],
    )


def _consumer(layout: int, name: bytes, seen: int, active: int = _NEVER) -> Consumer:
    # Before there was an active time, servers take the seen time for it (``rdbLoadObject``).
    if layout < 3:
        active = seen
    return Consumer(name, seen, None if active == _NEVER else active)


def stream_fields(
    layout: int, stream: StreamValue, node_bytes: int, node_entries: int
) -> list[Any]:
    """The raw fields of ``stream`` for layout 1, 2 or 3: what ``build_stream`` takes.

    A node holds at most ``node_entries`` entries and about ``node_bytes`` bytes.
    """
    entries = stream.entries
    nodes = [encode_node(part) for part in _parts(entries, node_bytes, node_entries)]
    fields: list[Any] = [nodes, len(entries), *stream.last_id]
    if layout > 1:
        first = entries[0][0] if entries else (0, 0)
        fields += [*first, *stream.max_deleted_id, stream.entries_added]
    fields.append([_group_fields(layout, group) for group in stream.groups])
    return fields


def encode_node(entries: list[StreamEntry]) -> tuple[bytes, bytes]:
    """One node: its key and its listpack."""
    master, body = entries[0]
    names = body[::2]
    items: list[bytes] = [b"%d" % len(entries), b"0", b"%d" % len(names), *names, b"0"]
    for (ms, seq), pairs in entries:
        same = pairs[::2] == names
        start = len(items)
        items += _numbers(
            _SAME_FIELDS if same else 0, _signed(ms - master[0]), _signed(seq - master[1])
        )
        if same:
            items += pairs[1::2]
        else:
            items.append(b"%d" % (len(pairs) // 2))
            items += pairs
        items += _numbers(len(items) - start)
    return _ID.pack(*master), encode_listpack(items)


def _signed(difference: int) -> int:
    """A difference of two unsigned 64-bit numbers as C stores it in a signed one."""
    return ((difference & _MASK) ^ 1 << 63) - (1 << 63)


def _numbers(*numbers: int) -> list[bytes]:
    return [b"%d" % number for number in numbers]


def _parts(
    entries: Iterable[StreamEntry], node_bytes: int, node_entries: int
) -> Iterator[list[StreamEntry]]:
    part: list[StreamEntry] = []
    size = 0
    for entry in entries:
        weight = _ENTRY_OVERHEAD + sum(map(len, entry[1])) + 2 * len(entry[1])
        if part and (len(part) >= node_entries or size + weight > node_bytes):
            yield part
            part, size = [], 0
        part.append(entry)
        size += weight
    if part:
        yield part


def _group_fields(layout: int, group: Group) -> tuple[Any, ...]:
    keys: dict[bytes, list[bytes]] = {consumer.name: [] for consumer in group.consumers}
    pending = []
    for entry in group.pending:
        key = _ID.pack(*entry.id)
        keys[entry.consumer].append(key)
        pending.append((key, entry.delivered_at_ms, entry.delivery_count))
    read = _UNKNOWN_READ if group.entries_read is None else group.entries_read
    return (
        group.name,
        *group.last_id,
        *([read] if layout > 1 else []),
        pending,
        [_consumer_fields(layout, consumer, keys[consumer.name]) for consumer in group.consumers],
    )


def _consumer_fields(layout: int, consumer: Consumer, keys: list[bytes]) -> tuple[Any, ...]:
    active = _NEVER if consumer.active_at_ms is None else consumer.active_at_ms
    return (consumer.name, consumer.seen_at_ms, *([active] if layout > 2 else []), keys)


def format_id(stream_id: StreamId) -> bytes:
    """``ms-seq``, as commands write an ID."""
    return b"%d-%d" % stream_id
