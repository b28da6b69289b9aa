"""Streams: nodes and groups, both ways, and what must be refused."""

from __future__ import annotations

from typing import Any

import pytest

from aoftool.errors import CorruptError
from aoftool.format.rdb import Consumer, Group, PendingEntry, StreamValue
from aoftool.format.rdb.listpack import encode_listpack
from aoftool.format.rdb.stream import build_stream, decode_node, encode_node, stream_fields

TOP = 2**64 - 1
Entries = list[tuple[tuple[int, int], list[bytes]]]

ENTRIES: list[Entries] = [
    [((1, 1), [b"a", b"1"])],
    [((1, 5), [b"a", b"1"]), ((2, 0), [b"a", b"x"]), ((2, 1), [b"b", b"x", b"c", b"300"])],
    [((0, 1), []), ((0, 2), [b"only", b"one"])],
    [((1, TOP), [b"a", b"1"]), ((2, 0), [b"a", b"1"]), ((TOP, TOP), [b"", b""])],
    [((0, 1), [b"f", b"v"]), ((TOP, 0), [b"f", b"v"])],
]


@pytest.mark.parametrize("entries", ENTRIES)
def test_node(entries: Entries) -> None:
    assert list(decode_node(*encode_node(entries))) == entries


def test_deleted_entries_are_left_out() -> None:
    items = b"1 1 1 f 0 2 0 0 v 4 3 1 0 w 4"
    blob = encode_listpack(items.split())
    assert list(decode_node(bytes(16), blob)) == [((0, 0), [b"f", b"v"])]


FULL = StreamValue(
    entries=[((n, n % 3), [b"f", b"%d" % n, b"g", b"x" * (n % 50)]) for n in range(1, 500)],
    last_id=(1000, 7),
    max_deleted_id=(900, 1),
    entries_added=700,
    groups=[
        Group(b"empty", (0, 0), 0),
        Group(
            b"busy",
            (12, 0),
            11,
            [
                PendingEntry((1, 1), b"alice", 1_700_000_000_000, 1),
                PendingEntry((3, 0), b"bob", 1_700_000_000_001, 9),
                PendingEntry((400, 400), b"alice", 0, 300),
            ],
            [Consumer(b"alice", 5, 4), Consumer(b"bob", 6, None), Consumer(b"idle", 7, 7)],
        ),
        Group(b"unknown", (1, 2), None),
    ],
)


def test_the_newest_layout_keeps_everything() -> None:
    assert build_stream(3, stream_fields(3, FULL, 4096, 100)) == FULL


@pytest.mark.parametrize("layout", [1, 2])
def test_older_layouts_lose_only_what_they_lack(layout: int) -> None:
    back = build_stream(layout, stream_fields(layout, FULL, 4096, 100))
    assert (back.entries, back.last_id) == (FULL.entries, FULL.last_id)
    assert [group.pending for group in back.groups] == [group.pending for group in FULL.groups]
    busy = back.groups[1]
    assert busy.consumers[1] == Consumer(b"bob", 6, 6)
    assert busy.entries_read == {1: None, 2: 11}[layout]
    assert back.max_deleted_id == {1: (0, 0), 2: (900, 1)}[layout]
    assert back.entries_added == {1: 499, 2: 700}[layout]


def test_node_limits() -> None:
    fields = stream_fields(1, FULL, 4096, 100)
    assert all(len(blob) <= 4096 for _, blob in fields[0])
    fields = stream_fields(1, FULL, 10**9, 100)
    assert [len(list(decode_node(*node))) for node in fields[0]] == [100, 100, 100, 100, 99]
    assert len(stream_fields(1, FULL, 1, 100)[0]) == len(FULL.entries)


def test_empty_stream() -> None:
    empty = StreamValue([], (5, 5), (5, 5), 1)
    for layout in (2, 3):
        assert build_stream(layout, stream_fields(layout, empty, 4096, 100)) == empty


@pytest.mark.parametrize(
    "items",
    [
        "",
        "1 0 1 f",
        "1 0 1 f 1",
        "1 0 9 f 0",
        "1 0 -1 0",
        "x 0 0 0",
        "1 0 1 f 0 2 0 0 v 5",
        "1 0 1 f 0 2 0 0 v",
        "1 0 1 f 0 2 0 x v 4",
        "1 0 1 f 0 0 0 0 -1 v 3",
        "1 0 1 f 0 0 0 0 99 v 3",
        "2 0 1 f 0 2 0 0 v 4",
        "0 1 1 f 0 2 0 0 v 4",
    ],
)
def test_wrong_nodes(items: str) -> None:
    with pytest.raises(CorruptError):
        list(decode_node(bytes(16), encode_listpack([item.encode() for item in items.split()])))


def test_wrong_node_key() -> None:
    with pytest.raises(CorruptError, match="15 bytes"):
        list(decode_node(bytes(15), encode_node(ENTRIES[0])[1]))


def _group(pending: list[int], *owned: list[int]) -> list[Any]:
    def key(number: int) -> bytes:
        return number.to_bytes(16, "big")

    consumers = [(b"c%d" % n, 0, [key(k) for k in keys]) for n, keys in enumerate(owned)]
    return [[], 0, 0, 0, [(b"g", 0, 0, [(key(k), 0, 1) for k in pending], consumers)]]


@pytest.mark.parametrize(
    "fields",
    [
        _group([1], []),
        _group([1], [1, 2]),
        _group([1], [1], [1]),
        _group([1, 1], [1]),
        _group([], [1]),
    ],
)
def test_pending_entries_have_one_owner(fields: list[Any]) -> None:
    with pytest.raises(CorruptError, match="pending"):
        build_stream(1, fields)


def test_entries_ascend() -> None:
    nodes = [encode_node([((2, 0), [])]), encode_node([((1, 0), [])])]
    with pytest.raises(CorruptError, match="order"):
        build_stream(1, [nodes, 2, 2, 0, []])
