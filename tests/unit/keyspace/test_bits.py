"""Bits of strings, and the integers of BITFIELD."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoftool.keyspace import bitops
from aoftool.keyspace.bitfield import (
    Action,
    FieldOp,
    FieldType,
    Overflow,
    bitfield,
    fitted,
    get_field,
    parse_offset,
    parse_type,
    set_field_in,
)

MAX, MIN = (1 << 63) - 1, -(1 << 63)


def test_one_bit() -> None:
    assert bitops.set_bit(b"", 10, 1) == (b"\x00\x20", 0)
    assert bitops.set_bit(b"\xff", 1, 0) == (b"\xbf", 1)
    assert bitops.set_bit(b"\xff", 9, 0) == (b"\xff\x00", 0)
    assert [bitops.get_bit(b"\x81", offset) for offset in (0, 1, 7, 8)] == [1, 0, 1, 0]


def test_bits_in_place() -> None:
    buffer = bytearray(b"a")
    assert bitops.set_bit_in(buffer, 6, 1) == 0
    assert bitops.set_bit_in(buffer, 7, 0) == 1
    assert buffer == b"b"


COUNTS = [
    ((), 26),
    ((0, 0), 4),
    ((1, 1), 6),
    ((1, -2), 18),
    ((-2, -3), 0),
    ((-100, 100), 26),
    ((4, 2), 0),
    ((50, 60), 0),
]


@pytest.mark.parametrize(("where", "ones"), COUNTS)
def test_bitcount(where: tuple[int, ...], ones: int) -> None:
    assert bitops.bitcount(b"foobar", *where) == ones


@pytest.mark.parametrize(
    ("where", "ones"), [((5, 30), 17), ((0, -1), 26), ((5, 5), 1), ((8, 7), 0), ((-1, -1), 0)]
)
def test_bitcount_of_bits(where: tuple[int, int], ones: int) -> None:
    assert bitops.bitcount(b"foobar", *where, bits=True) == ones


POSITIONS = [
    (b"\xff\xf0\x00", 0, (), 12),
    (b"\x00\xff\xf0", 1, (), 8),
    (b"\x00\xff\xf0", 1, (2,), 16),
    (b"\x00\x00", 1, (), -1),
    # Zeros go on behind the end, unless an end is given.
    (b"\xff\xff", 0, (), 16),
    (b"\xff\xff", 0, (1,), 16),
    (b"\xff\xff", 0, (0, -1), -1),
    (b"\xff\xff", 0, (0, 1), -1),
    (b"", 0, (), -1),
    (b"", 1, (), -1),
    (b"\xff", 0, (5,), -1),
    (b"\x80", 1, (-1, -30), 0),
]


@pytest.mark.parametrize(("data", "bit", "where", "position"), POSITIONS)
def test_bitpos(data: bytes, bit: int, where: tuple[int, ...], position: int) -> None:
    assert bitops.bitpos(data, bit, *where) == position


BIT_POSITIONS = [
    (b"\x00\xff\xf0", 1, (7, 15), 8),
    (b"\x00\xff\xf0", 1, (9, 15), 9),
    (b"\x00\xff\xf0", 0, (9, 15), -1),
    (b"\x00\xff\xf0", 0, (9, 20), 20),
    (b"\x00\xff\xf0", 0, (-3, -1), 21),
    (b"\x00\xff\xf0", 1, (0, 7), -1),
]


@pytest.mark.parametrize(("data", "bit", "where", "position"), BIT_POSITIONS)
def test_bitpos_of_bits(data: bytes, bit: int, where: tuple[int, int], position: int) -> None:
    assert bitops.bitpos(data, bit, *where, bits=True) == position


@given(st.binary(max_size=6), st.integers(-60, 60), st.integers(-60, 60), st.integers(0, 1))
def test_ranges_of_bits_against_text(data: bytes, start: int, end: int, bit: int) -> None:
    text = "".join(f"{byte:08b}" for byte in data)
    first = max(start + len(text), 0) if start < 0 else start
    last = min(max(end + len(text), 0) if end < 0 else end, len(text) - 1)
    piece = text[first : last + 1] if first <= last else ""
    found = piece.find(str(bit))
    expected = -1 if found < 0 else first + found
    assert bitops.bitpos(data, bit, start, end, bits=True) == expected
    if not (start < 0 and end < 0 and start > end):
        assert bitops.bitcount(data, start, end, bits=True) == piece.count("1")


OPERATIONS = [
    (b"AND", [b"\x0f\xff", b"\xfc"], b"\x0c\x00"),
    (b"OR", [b"\x01", b"\x02\x03", b""], b"\x03\x03"),
    (b"XOR", [b"\xff\x00", b"\x0f"], b"\xf0\x00"),
    (b"XOR", [b"a"], b"a"),
    (b"NOT", [b"\x00\xf0"], b"\xff\x0f"),
    (b"NOT", [b""], b""),
    (b"AND", [b"", b""], b""),
]


@pytest.mark.parametrize(("operation", "sources", "result"), OPERATIONS)
def test_bitop(operation: bytes, sources: list[bytes], result: bytes) -> None:
    assert bitops.bitop(operation, sources) == result


TYPES = {
    b"i8": FieldType(True, 8),
    b"u63": FieldType(False, 63),
    b"i64": FieldType(True, 64),
    b"u1": FieldType(False, 1),
    **dict.fromkeys([b"u64", b"i65", b"i0", b"i", b"", b"8", b"I8", b"x8", b"i08", b"i-1", b"u 8"]),
}


@pytest.mark.parametrize(("text", "expected"), TYPES.items())
def test_parse_type(text: bytes, expected: FieldType | None) -> None:
    assert parse_type(text) == expected


def test_parse_offset() -> None:
    byte = FieldType(False, 8)
    assert parse_offset(b"17") == 17
    assert parse_offset(b"#3", byte) == 24
    assert parse_offset(b"4294967295") == (1 << 32) - 1
    for text in (b"4294967296", b"-1", b"#-1", b"", b"#", b"1.5", b"#9223372036854775807"):
        assert parse_offset(text, byte) is None
    assert parse_offset(b"#3") is None
    assert parse_offset(b"80", max_string=10) is None


# A type, the value, what is added, and what becomes of it: wrapped, saturated, failed.
OVERFLOWS = [
    ("i8", 100, 27, (127, 127, 127)),
    ("i8", 100, 28, (-128, 127, None)),
    ("i8", -100, -29, (127, -128, None)),
    ("i8", 300, 0, (44, 127, None)),
    ("i8", -300, 0, (-44, -128, None)),
    # Redis saturates the lowest values at the upper end.
    ("i8", MIN, 0, (0, 127, None)),
    ("i64", MAX, 1, (MIN, MAX, None)),
    ("i64", MIN, -1, (MAX, MIN, None)),
    ("u8", 255, 1, (0, 255, None)),
    ("u8", 0, -1, (255, 0, None)),
    ("u8", (1 << 64) - 1, 0, (255, 255, None)),
    ("u63", MAX, 1, (0, MAX, None)),
]


@pytest.mark.parametrize(("kind", "value", "increment", "expected"), OVERFLOWS)
def test_overflows(kind: str, value: int, increment: int, expected: tuple[int | None, ...]) -> None:
    field = parse_type(kind.encode())
    assert field is not None
    found = tuple(fitted(field, value, increment, overflow) for overflow in Overflow)
    assert found == expected


@given(
    st.binary(max_size=12), st.booleans(), st.integers(1, 63), st.integers(0, 100), st.integers()
)
def test_a_field_reads_back(data: bytes, signed: bool, bits: int, offset: int, value: int) -> None:
    field = FieldType(signed, bits)
    buffer = bytearray(data)
    bitops.grow(buffer, (offset + bits + 7) // 8)
    before = int.from_bytes(buffer, "big")
    set_field_in(buffer, field, offset, value)
    assert (get_field(buffer, field, offset) - value) % (1 << bits) == 0
    changed = before ^ int.from_bytes(buffer, "big")
    shift = len(buffer) * 8 - offset - bits
    assert changed & ~(((1 << bits) - 1) << shift) == 0


def test_bitfield_does_its_steps_in_order() -> None:
    u8, i5 = FieldType(False, 8), FieldType(True, 5)
    ops = [
        FieldOp(Action.SET, u8, 0, 255),
        FieldOp(Action.GET, u8, 0),
        FieldOp(Action.INCRBY, u8, 0, 2),
        FieldOp(Action.INCRBY, u8, 0, -2, Overflow.SAT),
        FieldOp(Action.SET, i5, 11, -1),
        FieldOp(Action.INCRBY, i5, 11, 16, Overflow.FAIL),
        FieldOp(Action.GET, i5, 100),
    ]
    assert bitfield(b"", ops) == (b"\x00\x0f", [0, 255, 1, 0, 0, 15, 0], 5)


def test_a_failed_step_still_grows_the_string() -> None:
    op = FieldOp(Action.INCRBY, FieldType(False, 8), 80, -1, Overflow.FAIL)
    assert bitfield(b"", [op]) == (bytes(11), [None], 0)


def test_a_read_does_not_grow_the_string() -> None:
    assert bitfield(b"a", [FieldOp(Action.GET, FieldType(True, 64), 400)]) == (b"a", [0], 0)
