"""Ziplist, listpack, intset, zipmap: one table of cases, borders included, both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from aoftool.errors import CorruptError
from aoftool.format.rdb.intset import decode_intset, encode_intset
from aoftool.format.rdb.listpack import decode_listpack, encode_listpack, read_listpack
from aoftool.format.rdb.ziplist import decode_ziplist, encode_ziplist
from aoftool.format.rdb.zipmap import decode_zipmap

Decode = Callable[[bytes], list[bytes]]
Encode = Callable[[Iterable[bytes]], bytes]
PACKS: list[tuple[Decode, Encode]] = [
    (decode_ziplist, encode_ziplist),
    (decode_listpack, encode_listpack),
]

_BORDERS = [0, 12, 13, 127, 128, 4095, 4096, 2**15, 2**23, 2**31, 2**63 - 1]
NUMBERS = sorted(
    {
        sign * border + step
        for border in _BORDERS
        for sign in (1, -1)
        for step in (-1, 0, 1)
        if -(2**63) <= sign * border + step < 2**63
    }
    | {-(2**63)}
)
SIZES = [0, 1, 31, 32, 63, 64, 125, 126, 253, 254, 255, 4095, 4096, 16383, 16384, 70000]
ITEM_LISTS: list[list[bytes]] = [
    [],
    [b""],
    *([b"%d" % number] for number in NUMBERS),
    *([b"x" * size] for size in SIZES),
    [b"%d" % number for number in NUMBERS],
    [b"x" * size for size in SIZES],
    [b"007", b"-0", b"+1", b" 1", b"9223372036854775808", b"\xff", b"1" * 20, b"1" * 32],
    # Entries whose size needs the long form in the one behind them, and such that do not.
    [b"a" * size for size in range(245, 260)] + [b"z"],
    [b"a" * size for size in (16370, 16378, 16379, 16380, 16381, 16382, 16383)] + [b"z"],
    [b"a" * 2097144, b"b" * 2097146, b"c" * 2097150, b"z"],
]


@pytest.mark.parametrize(("decode", "encode"), PACKS)
@pytest.mark.parametrize("items", ITEM_LISTS, ids=lambda items: f"{len(items)}-{items[:1]!r:.30}")
def test_packs_round_trip(decode: Decode, encode: Encode, items: list[bytes]) -> None:
    assert decode(encode(items)) == items


@pytest.mark.parametrize(("decode", "encode"), PACKS)
@pytest.mark.parametrize("count", [65534, 65535, 65536])
def test_counts_that_do_not_fit(decode: Decode, encode: Encode, count: int) -> None:
    blob = encode([b"1"] * count)
    stated = blob[4:6] if decode is decode_listpack else blob[8:10]
    assert int.from_bytes(stated, "little") == min(count, 65535)
    assert len(decode(blob)) == count


def test_unknown_count_of_a_short_list() -> None:
    """A list that once was long keeps 65535 when it shrinks; it may not be wrong otherwise."""
    for decode, encode, at in (
        (decode_listpack, encode_listpack, 4),
        (decode_ziplist, encode_ziplist, 8),
    ):
        blob = bytearray(encode([b"a", b"b"]))
        blob[at : at + 2] = b"\xff\xff"
        assert decode(bytes(blob)) == [b"a", b"b"]
        blob[at : at + 2] = b"\x03\x00"
        with pytest.raises(CorruptError) as caught:
            decode(bytes(blob))
        assert caught.value.offset == at


_MIXED = [b"-1", b"13", b"-4097", b"70000", b"1099511627776"]
# Bytes as servers dumped them: ziplists Redis 6.2, listpacks Redis 7.0.
KNOWN: list[tuple[Decode, Encode, list[bytes], str]] = [
    (
        decode_ziplist,
        encode_ziplist,
        [b"a", b"1", b"300"],
        "140000000f0000000300 000161 03f2 02c02c01 ff",
    ),
    (
        decode_ziplist,
        encode_ziplist,
        _MIXED,
        "24000000190000000500 00feff 03fe0d 03c0ffef 04f0701101 05e00000000000010000 ff",
    ),
    (decode_ziplist, encode_ziplist, [], "0b0000000a0000000000 ff"),
    (
        decode_listpack,
        encode_listpack,
        [b"a", b"1", b"300"],
        "0f0000000300 816102 0101 c12c02 ff",
    ),
    (
        decode_listpack,
        encode_listpack,
        _MIXED,
        "1f0000000500 dfff02 0d01 f1ffef03 f270110104 f4000000000001000009 ff",
    ),
    (decode_intset, encode_intset, [b"1", b"2", b"300"], "0200000003000000 0100 0200 2c01"),
]


@pytest.mark.parametrize(("decode", "encode", "items", "hexed"), KNOWN)
def test_known_bytes(decode: Decode, encode: Encode, items: list[bytes], hexed: str) -> None:
    assert encode(items) == bytes.fromhex(hexed)
    assert decode(bytes.fromhex(hexed)) == items


@pytest.mark.parametrize(("decode", "encode"), PACKS)
def test_every_cut_and_every_flipped_bit(decode: Decode, encode: Encode) -> None:
    items = [b"", b"abc", b"7", b"-300", b"70000", b"x" * 64, b"9999999999", b"y" * 300, b"z"]
    blob = encode(items)
    for cut in range(len(blob)):
        with pytest.raises(CorruptError) as caught:
            decode(blob[:cut])
        assert 0 <= caught.value.offset <= cut
    for at in range(len(blob)):
        for bit in range(8):
            flipped = bytearray(blob)
            flipped[at] ^= 1 << bit
            try:
                found = decode(bytes(flipped))
            except CorruptError as error:
                assert 0 <= error.offset <= len(blob)
            else:
                # Only bytes of the items themselves, or a count of "unknown", can go unseen.
                assert len(found) == len(items)


WRONG = [
    (decode_ziplist, "0d0000000a0000000100 0001 ff", 10),  # string beyond the end
    (decode_ziplist, "0d0000000a0000000100 00ff ff", 11),  # no such encoding
    (decode_ziplist, "0d0000000b0000000100 00f1 ff", 4),  # last entry elsewhere
    (decode_ziplist, "0d0000000a0000000100 01f1 ff", 10),  # nothing is before it
    (decode_ziplist, "0f0000000c0000000200 00f1fff1 ff", 12),
    (decode_ziplist, "0c0000000a0000000100 00 ff", 11),
    (decode_ziplist, "ff0000000a0000000100 00f1 ff", 0),
    (decode_ziplist, "0d0000000a0000000100 00f1 fe", 12),
    (decode_listpack, "090000000100 0102 ff", 7),
    (decode_listpack, "090000000100 8101 ff", 6),
    (decode_listpack, "090000000100 f501 ff", 6),
    (decode_listpack, "090000000200 0101 ff", 4),
    (decode_listpack, "080000000100 01 ff", 6),
    (decode_intset, "020000", 3),
    (decode_intset, "0300000000000000", 0),
    (decode_intset, "0200000002000000 0100", 4),
    (decode_intset, "0200000002000000 01000100", 10),
    (decode_intset, "0200000002000000 0200ffff", 10),
    (decode_intset, "02000000ffffffff 0100", 4),
    (decode_zipmap, "", 0),
    (decode_zipmap, "00", 0),
    (decode_zipmap, "01 0161 ff", 3),
    (decode_zipmap, "01 0161010062 00", 6),
    (decode_zipmap, "02 0161010062 ff", 0),
    (decode_zipmap, "01 0161010962 ff", 6),
    (decode_zipmap, "01 0161ff0062 ff", 3),
    (decode_zipmap, "01 fe0000007061 ff", 1),
]


@pytest.mark.parametrize(("decode", "hexed", "offset"), WRONG)
def test_wrong_blobs(decode: Decode, hexed: str, offset: int) -> None:
    with pytest.raises(CorruptError) as caught:
        decode(bytes.fromhex(hexed))
    assert caught.value.offset == offset


INTSETS = [
    ([], 2),
    ([0], 2),
    ([32767, -32768], 2),
    ([32768], 4),
    ([-32769, 1], 4),
    ([2**31 - 1, -(2**31)], 4),
    ([2**31], 8),
    ([2**63 - 1, -(2**63), 5], 8),
    (list(range(600, 0, -1)), 2),
]


@pytest.mark.parametrize(("numbers", "width"), INTSETS)
def test_intset(numbers: list[int], width: int) -> None:
    blob = encode_intset([b"%d" % number for number in numbers])
    assert blob[0] == width
    assert len(blob) == 8 + width * len(numbers)
    assert decode_intset(blob) == [b"%d" % number for number in sorted(numbers)]


ZIPMAPS: list[tuple[str, list[bytes]]] = [
    ("00ff", []),
    ("010161010062ff", [b"a", b"b"]),
    ("0101610102627878ff", [b"a", b"b"]),  # two unused bytes behind the value
    ("020161010062000000ff", [b"a", b"b", b"", b""]),
    ("fe0161010062ff", [b"a", b"b"]),  # count unknown
    ("01fefe000000" + "61" * 254 + "fd00" + "62" * 253 + "ff", [b"a" * 254, b"b" * 253]),
    ("010161fefe00000000" + "62" * 254 + "ff", [b"a", b"b" * 254]),
]


@pytest.mark.parametrize(("hexed", "items"), ZIPMAPS)
def test_zipmap(hexed: str, items: list[bytes]) -> None:
    assert decode_zipmap(bytes.fromhex(hexed)) == items


def test_listpack_integers_stay_integers() -> None:
    assert read_listpack(encode_listpack([b"5", b"05", b"-70000"])) == [5, b"05", -70000]


def test_listpack_back_lengths() -> None:
    """Sizes of an entry from which on its back length takes one byte more (``lpEncodeBacklen``)."""
    for border, width in ((128, 2), (16383, 3), (2097151, 4)):
        for size, back in ((border - 1, width - 1), (border, width)):
            header = 2 if size < 4098 else 5
            blob = encode_listpack([b"x" * (size - header)])
            assert len(blob) == 6 + size + back + 1
            assert decode_listpack(blob) == [b"x" * (size - header)]
