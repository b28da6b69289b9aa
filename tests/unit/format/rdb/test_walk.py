"""The span walkers: they agree with the decoder, with each other, and for every window size."""

from __future__ import annotations

from typing import Any

import pytest

from aoftool.format.rdb import Key, decode_events
from aoftool.format.rdb.opcodes import HEADER_SIZE, TRAILER_SIZE, TYPES, Dialect, Opcode, Type
from aoftool.format.rdb.walk import PureRdbWalker, RdbWalker, Wrong, plan_for
from aoftool.format.resp.scan import Status
from tests.corpus import SERVERS
from tests.unit.format.rdb.corpus import SMALL, dump

TWINS = [PureRdbWalker, RdbWalker]
twins = pytest.mark.parametrize("cls", TWINS)


def walk(
    cls: type[PureRdbWalker], data: bytes, size: int, dialect: Dialect = Dialect.REDIS
) -> dict[str, Any]:
    """Walk over items in windows that grow by ``size`` bytes; what was seen."""
    walker = cls(plan_for(dialect))
    walker.begin(1000)
    base, pos, end = 1000, 0, 0
    notes: list[tuple[int, int, int]] = []
    while True:
        status = int(walker.scan(data, pos, end, base))
        pos = walker.pos
        if status == Status.NOTE:
            notes.append((int(walker.item), walker.item_start, base + pos))
            if walker.item == Opcode.EOF:
                break
        elif status == Status.BAD or end == len(data):
            break
        elif walker.skip:
            step = min(walker.skip, len(data) - end)
            walker.skipped(step)
            pos = end = end + step
            end = min(len(data), end + size)
        else:
            end = min(len(data), end + size)
    bad = (walker.bad_offset, int(walker.bad_reason)) if status == Status.BAD else None
    return {
        "notes": notes, "keys": walker.keys, "expires": walker.expires, "bad": bad,
        "types": walker.type_counts(), "good_end": walker.good_end, "key_start": walker.key_start,
        "inside": bool(walker.inside),
    }  # fmt: skip


@twins
@pytest.mark.parametrize("server", SERVERS)
def test_the_walk_agrees_with_the_decoder(cls: type[PureRdbWalker], server: str) -> None:
    data = dump(server)
    keys = [event for event in decode_events(data) if isinstance(event, Key)]
    seen = walk(cls, data[HEADER_SIZE:], 1 << 16)
    assert seen["bad"] is None
    assert seen["keys"] == len(keys)
    assert seen["expires"] == sum(key.expire_at_ms is not None for key in keys)
    assert seen["types"] == {t: sum(key.type == t for key in keys) for t in {k.type for k in keys}}
    trailer = TRAILER_SIZE if data[5:9] >= b"0005" else 0
    assert seen["good_end"] == 1000 + len(data) - HEADER_SIZE - trailer


@twins
@pytest.mark.parametrize("size", [1, 2, 5, 63, 1000])
def test_window_sizes_do_not_matter(cls: type[PureRdbWalker], size: int) -> None:
    data = SMALL.read_bytes()[HEADER_SIZE:]
    assert walk(cls, data, size) == walk(PureRdbWalker, data, len(data))


@twins
def test_every_prefix_ends_inside(cls: type[PureRdbWalker]) -> None:
    data = SMALL.read_bytes()[HEADER_SIZE:-TRAILER_SIZE]
    for end in range(len(data)):
        seen = walk(cls, data[:end], 7)
        assert seen["bad"] is None
        assert all(item != Opcode.EOF for item, _, _ in seen["notes"])
        assert seen["inside"] or seen["good_end"] == 1000 + end


def test_flipped_bits_give_the_twins_the_same() -> None:
    data = SMALL.read_bytes()[HEADER_SIZE:]
    for at in range(len(data)):
        for bit in (1, 0x10, 0x80):
            broken = bytearray(data)
            broken[at] ^= bit
            expected = walk(PureRdbWalker, bytes(broken), len(data))
            assert walk(RdbWalker, bytes(broken), 31) == expected, (at, bit)


KEY = b"\x01k"
#: A value of each layout, by hand: (dialect, type, bytes behind the key).
VALUES = [
    (Dialect.REDIS, Type.STRING, b"\x40\x01v"),
    (Dialect.REDIS, Type.STRING, b"\xc0\x7b"),
    (Dialect.REDIS, Type.STRING, b"\xc1\x7b\x00"),
    (Dialect.REDIS, Type.STRING, b"\xc2\x7b\x00\x00\x00"),
    (Dialect.REDIS, Type.STRING, b"\xc3\x03\x14abc"),
    (Dialect.REDIS, Type.STRING, b"\x80\x00\x00\x00\x01v"),
    (Dialect.REDIS, Type.STRING, b"\x81\x00\x00\x00\x00\x00\x00\x00\x01v"),
    (Dialect.REDIS, Type.LIST, b"\x00"),
    (Dialect.REDIS, Type.LIST, b"\x02\x01a\x01b"),
    (Dialect.REDIS, Type.ZSET, b"\x04\x01a\x031.5\x01b\xfd\x01c\xfe\x01d\xff"),
    (Dialect.REDIS, Type.HASH, b"\x01\x01f\x01v"),
    (Dialect.REDIS, Type.ZSET_2, b"\x01\x01a" + bytes(8)),
    (Dialect.REDIS, Type.MODULE_2, b"\x81" + bytes(8) + b"\x01\x05\x02\x06\x03" + bytes(4)
     + b"\x04" + bytes(8) + b"\x05\x01s\x05\xc0\x07\x00"),
    (Dialect.REDIS, Type.LIST_QUICKLIST_2, b"\x02\x01\x01a\x02\x01b"),
    (Dialect.REDIS, Type.STREAM_LISTPACKS_3, b"\x01\x10" + bytes(16) + b"\x03abc" + b"\x01\x02\x03"
     + b"\x00" * 5 + b"\x01\x01g\x00\x00\x00" + b"\x01" + bytes(24) + b"\x01"
     + b"\x01\x01c" + bytes(16) + b"\x01" + bytes(16)),
    (Dialect.REDIS, Type.HASH_METADATA, bytes(8) + b"\x01\x05\x01f\x01v"),
    (Dialect.REDIS, Type.HASH_LISTPACK_EX, bytes(8) + b"\x03abc"),
    (Dialect.REDIS, Type.HASH_METADATA_PRE_GA, b"\x01\x05\x01f\x01v"),
    (Dialect.VALKEY, 22, b"\x01\x01f\x01v" + bytes(8)),
]  # fmt: skip


@twins
@pytest.mark.parametrize(("dialect", "number", "value"), VALUES)
def test_each_layout(cls: type[PureRdbWalker], dialect: Dialect, number: int, value: bytes) -> None:
    data = bytes([number]) + KEY + value + b"\xff"
    for size in (1, 3, 1000):
        seen = walk(cls, data, size, dialect)
        assert (seen["bad"], seen["keys"], seen["types"]) == (None, 1, {int(number): 1})
        assert seen["notes"] == [(255, 1000 + len(data) - 1, 1000 + len(data))]


@twins
@pytest.mark.parametrize(
    ("data", "offset", "reason"),
    [
        (b"\x08", 0, Wrong.ITEM),
        (b"\x06", 0, Wrong.ITEM),
        (b"\xc8", 0, Wrong.ITEM),
        (b"\x00\x82", 1, Wrong.LENGTH),
        (b"\x00\x01k\xc4", 3, Wrong.STRING),
        (b"\x00\x01k\xc3\xc3", 4, Wrong.LENGTH),
        (b"\x01\x01k\xc0", 3, Wrong.LENGTH),
        (b"\x07\x01k\x01\x06", 4, Wrong.MODULE),
    ],
)
def test_wrong_bytes(cls: type[PureRdbWalker], data: bytes, offset: int, reason: Wrong) -> None:
    for size in (1, 100):
        assert walk(cls, data, size)["bad"] == (1000 + offset, int(reason))


@twins
def test_expiries_belong_to_the_key_behind_them(cls: type[PureRdbWalker]) -> None:
    data = b"\xfc" + bytes(8) + b"\xf8\x05" + b"\x00\x01k\x01v" + b"\x00\x01l\x01v"
    seen = walk(cls, data, 100)
    assert (seen["keys"], seen["expires"], seen["notes"]) == (2, 1, [])
    inside = walk(cls, data[:11], 100)
    assert (inside["inside"], inside["key_start"]) == (True, 1000)


@twins
@pytest.mark.parametrize("count", [b"\x81" + b"\xff" * 8, b"\x81\x7f" + b"\xff" * 7])
def test_a_hostile_count_only_runs_out_of_bytes(cls: type[PureRdbWalker], count: bytes) -> None:
    assert walk(cls, b"\x01\x01k" + count + b"\x01a" * 50, 10)["bad"] is None
    assert walk(cls, b"\x00\x01k" + count + b"abc", 10)["inside"]


def test_every_known_type_has_a_kind() -> None:
    for dialect in Dialect:
        plan = plan_for(dialect)
        for number, row in TYPES[dialect].items():
            assert (number in plan) == row.readable
