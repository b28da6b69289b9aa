"""The decoder: every opcode, every kind of error with its offset, and arrival in pieces."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import pytest

from aoftool.errors import AofError, CorruptError, FormatError, NewerFormatError, TruncatedError
from aoftool.format.rdb import (
    NEED_DATA,
    Aux,
    Dialect,
    End,
    Event,
    Function,
    HashField,
    Header,
    Key,
    KeyMeta,
    Kind,
    ModuleAux,
    ModuleValue,
    RdbDecoder,
    ResizeDb,
    SelectDb,
    SlotImport,
    SlotInfo,
    StringKeys,
    Value,
    decode_events,
    primitives,
    read,
)
from tests.unit.format.rdb.corpus import SERVERS, SMALL, dump

MODULE_ID = 0x55A7C12D0B3C0402
MODULE = "81" + MODULE_ID.to_bytes(8, "big").hex()


def head(version: int = 12, magic: str = "REDIS") -> str:
    return f"{magic}{version:0{9 - len(magic)}d}".encode().hex()


def decode(hexed: str) -> list[Event]:
    return list(decode_events(bytes.fromhex(hexed)))


def in_pieces(data: bytes, size: int) -> list[Event]:
    decoder = RdbDecoder()
    events: list[Event] = []

    def drain() -> None:
        while not decoder.ended:
            event = decoder.next_event()
            if event is NEED_DATA:
                return
            events.append(event)

    for at in range(0, len(data), size):
        decoder.feed(data[at : at + size])
        drain()
    decoder.close()
    drain()
    return events


END = "ff" + "00" * 8
#: "ReJSON-RL" in 54 bits, then encoding version 3.
RE_JSON = 0x45E25238DF912C03


def key(kind: Kind, value: Value, number: int, end: int, *metadata: int | None) -> Key:
    """A key named ``a`` behind the header; metadata: expiry, idle time, frequency."""
    expire_at_ms, idle_s, freq = metadata or (None, None, None)
    return Key(0, b"a", kind, value, expire_at_ms, idle_s, freq, number, 9, end)


FIELD: list[HashField] = [(b"b", b"c", None)]
ITEMS: list[tuple[str, list[Event]]] = [
    ("fa 0161 c005", [Aux(b"a", b"5")]),
    ("f5 0461626364", [Function(b"abcd")]),
    ("fe 05", [SelectDb(5)]),
    ("fb 4101 02", [ResizeDb(257, 2)]),
    ("f4 01 02 03", [SlotInfo(1, 2, 3)]),
    (f"f7 {MODULE} 02 01 050161 00", [ModuleAux(MODULE_ID, 1, b"\x05\x01a\x00")]),
    (
        "f3 01 61626364 020500 00 0161 0162",
        [KeyMeta([(b"abcd", b"\x02\x05\x00")]), key("string", b"b", 0, 23)],
    ),
    ("fc 0100000000000000 f805 00 0161 0162", [key("string", b"b", 0, 25, 1, 5, None)]),
    ("fd 02000000 f9ff 00 0161 0162", [key("string", b"b", 0, 21, 2000, None, 255)]),
    (f"07 0161 {MODULE} 0105 00", [key("module", ModuleValue(MODULE_ID, b"\x01\x05\0"), 7, 24)]),
    ("01 0161 02 0162 0163", [key("list", [b"b", b"c"], 1, 17)]),
    ("02 0161 00", [key("set", [], 2, 13)]),
    ("03 0161 02 0162 03312e35 0163 fe", [key("zset", [(b"b", 1.5), (b"c", math.inf)], 3, 22)]),
    ("04 0161 01 0162 0163", [key("hash", FIELD, 4, 17)]),
    ("09 0161 07 01 0162 010063 ff", [key("hash", FIELD, 9, 20)]),
]


@pytest.mark.parametrize(("hexed", "events"), ITEMS)
def test_items(hexed: str, events: list[Event]) -> None:
    data = bytes.fromhex(head() + hexed + END)
    expected = [Header(Dialect.REDIS, 12), *events, End(None, len(data))]
    assert list(decode_events(data)) == expected
    assert in_pieces(data, 1) == expected
    assert list(decode_events(data + b"*1\r\n")) == expected


_TRIPLETS = "17 170000000600 816202 816302 0501 816402 816502 0001 ff"
HASHES = [
    # Release candidates of 7.4: absolute expiries.
    (22, "16 0161 02 05 0162 0163 00 0164 0165"),
    (23, f"17 0161 {_TRIPLETS}"),
    # 7.4: the least expiry first; in the long form the others count from there, plus 1.
    (24, "18 0161 0500000000000000 02 01 0162 0163 00 0164 0165"),
    (25, f"19 0161 0500000000000000 {_TRIPLETS}"),
]


@pytest.mark.parametrize(("number", "hexed"), HASHES)
def test_hash_expiries(number: int, hexed: str) -> None:
    event = decode(head() + hexed + END)[1]
    assert isinstance(event, Key)
    assert (event.type, event.value) == (number, [(b"b", b"c", 5), (b"d", b"e", None)])


def test_valkey_gives_other_meanings_to_the_same_numbers() -> None:
    items = "f3 0161 01 0203 16 0161 02 0162 0163 0500000000000000 0164 0165" + "ff" * 8
    header, slots, event, _ = decode(head(80, "VALKEY") + items + END)
    assert header == Header(Dialect.VALKEY, 80)
    assert slots == SlotImport(b"a", [(2, 3)])
    assert isinstance(event, Key)
    assert event.value == [(b"b", b"c", 5), (b"d", b"e", None)]


def test_module_names() -> None:
    value = ModuleValue(RE_JSON, b"\x00")
    assert (value.name, value.encoding_version) == ("ReJSON-RL", 3)
    assert ModuleAux(RE_JSON, 1, b"\x00").name == "ReJSON-RL"


_EXPIRY = "fc 0000000000000000"
ERRORS: list[tuple[str, type[FormatError], int, int, str]] = [
    (b"XEDIS0009".hex(), CorruptError, 0, 0, "magic"),
    (b"REDIX0009".hex(), CorruptError, 4, 0, "magic"),
    (b"VALKEX080".hex(), CorruptError, 5, 0, "magic"),
    (b"REDIS00x9".hex(), CorruptError, 7, 0, "not a number"),
    (head(0), CorruptError, 5, 0, "version 0"),
    (head(11, "VALKEY"), CorruptError, 6, 0, "VALKEY with RDB version 11"),
    (head(14), NewerFormatError, 5, 0, "newer than the newest known, 13"),
    (head(81, "VALKEY"), NewerFormatError, 6, 0, "newer than the newest known, 80"),
    (head(80, "VALKEY") + "17", NewerFormatError, 9, 9, "unknown value type or opcode 23"),
    (head() + "1a", NewerFormatError, 9, 9, "unknown value type or opcode 26"),
    (head() + "f2", NewerFormatError, 9, 9, "unknown value type or opcode 242"),
    (head() + "08", CorruptError, 9, 9, "value type 8"),
    (head() + "06", FormatError, 9, 9, "6 .module. is for its writer"),
    (head() + "f6", FormatError, 9, 9, "246 .function-pre-ga. is for its writer"),
    (head() + "fe 8080000000", CorruptError, 10, 9, "database number 2147483648"),
    (head() + "fe c0", CorruptError, 10, 9, "string encoding where a number stands"),
    (head() + "00 0161 c5", CorruptError, 12, 9, "unknown string encoding 5"),
    (head() + f"{_EXPIRY} 00 0161 c5", CorruptError, 21, 9, "encoding 5"),
    (head() + f"{_EXPIRY} fe01", CorruptError, 18, 9, "selectdb where a key belongs"),
    (head() + f"f805 {END}", CorruptError, 11, 9, "eof where a key belongs"),
    (head() + f"f7 {MODULE} 01 01 00", CorruptError, 9, 9, "wrong sub-opcode 1"),
    (head() + "02 0161 02 0162 0162", CorruptError, 12, 9, "twice"),
    (head() + "04 0161 02 0162 00 0162 00", CorruptError, 12, 9, "twice"),
    (head() + "03 0161 02 0162 fe 0162 ff", CorruptError, 12, 9, "twice"),
    (head() + "03 0161 01 0162 fd", CorruptError, 12, 9, "not a number"),
    (head() + "0b 0161 04 01000000", CorruptError, 12, 9, "b'a': intset shorter"),
    (head() + "0b 0161 08 0100000000000000", CorruptError, 12, 9, "1 bytes .set-intset"),
    (head() + "12 0161 01 03 0162", CorruptError, 12, 9, "unknown kind 3"),
    (head() + "10 0161 0a 0a0000000100 816202 ff", CorruptError, 12, 9, "groups of 2"),
    (head() + "11 0161 0d 0d0000000200 816202 816302 ff", CorruptError, 12, 9, "not a number"),
    (
        head() + "19 0161 0000000000000000 10 100000000300 816202 816302 816402 ff",
        CorruptError,
        12,
        9,
        "expiry",
    ),
    (head() + "ff 0100000000000000", CorruptError, 10, 9, "checksum is 0000000000000001"),
    (head() + "00 01", TruncatedError, 11, 9, "ends inside"),
    (head() + _EXPIRY, TruncatedError, 18, 9, "ends inside"),
    (head(), TruncatedError, 9, 9, "ends inside"),
    ("", TruncatedError, 0, 0, "ends inside"),
]


@pytest.mark.parametrize(("hexed", "kind", "offset", "start", "reason"), ERRORS)
@pytest.mark.parametrize("base", [0, 7_000_000_000])
def test_errors(
    hexed: str, kind: type[FormatError], offset: int, start: int, reason: str, base: int
) -> None:
    decoder = RdbDecoder(offset=base)
    decoder.feed(bytes.fromhex(hexed))
    decoder.close()
    with pytest.raises(FormatError, match=reason) as caught:
        while True:
            decoder.next_event()
    error = caught.value
    assert type(error) is kind
    assert (error.offset - base, error.start - base) == (offset, start)
    with pytest.raises(FormatError) as again:
        decoder.next_event()
    assert again.value is error


@pytest.mark.parametrize(("version", "size"), [(1, 0), (4, 0), (5, 8), (12, 8)])
def test_checksum_comes_with_version_5(version: int, size: int) -> None:
    data = bytes.fromhex(head(version) + "ff") + bytes(size)
    assert list(decode_events(data + b"rest"))[-1] == End(None, len(data))


def test_the_decoder_can_be_fed_before_and_after() -> None:
    decoder = RdbDecoder(offset=100)
    assert decoder.next_event() is NEED_DATA
    for piece in (b"REDIS", bytearray(b"00"), b"", memoryview(b"12")):
        assert decoder.next_event() is NEED_DATA
        decoder.feed(piece)
    assert decoder.next_event() == Header(Dialect.REDIS, 12)
    assert decoder.offset == 109
    decoder.feed(bytes.fromhex(END))
    assert decoder.next_event() == End(None, 118)
    decoder.feed(b"tail")
    assert decoder.next_event() is NEED_DATA
    assert decoder.unused == b"tail"
    decoder.close()
    assert decoder.next_event() is NEED_DATA
    with pytest.raises(ValueError, match="close"):
        decoder.feed(b"x")


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("size", [1, 777, 65536])
def test_pieces_make_no_difference(server: str, size: int) -> None:
    data = dump(server)
    assert in_pieces(data, size) == list(decode_events(data))


def test_every_prefix_is_truncated() -> None:
    data = SMALL.read_bytes()
    whole = list(decode_events(data))
    starts = {event.start for event in whole if isinstance(event, Key)}
    for cut in range(len(data)):
        seen: list[Event] = []
        with pytest.raises(TruncatedError) as caught:
            for event in decode_events(data[:cut]):
                seen.append(event)
        assert seen == whole[: len(seen)]
        assert caught.value.offset == cut
        last = seen[-1] if seen else None
        if isinstance(last, Key):
            assert caught.value.start >= last.end
        elif cut in starts:
            assert caught.value.start == cut


@pytest.mark.parametrize("checksum", [True, False])
def test_flipped_bits(checksum: bool) -> None:
    data = SMALL.read_bytes()
    if not checksum:
        data = data[:-8] + bytes(8)
    for at in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            try:
                list(decode_events(flipped))
            except AofError as error:
                assert isinstance(error, FormatError)
                assert 0 <= error.start <= error.offset <= len(data)
            else:
                assert not checksum, f"bit {bit} of byte {at} went unseen"


HOSTILE = [
    "00 0161 817fffffffffffffff",
    "00 0161 c3 8000100000 80ffffffff",
    "02 0161 811000000000000000 0162",
    "04 0161 80ffffffff 0162",
    "0f 0161 811000000000000000",
    "fa 817fffffffffffffff",
    "0b 0161 0a 02000000ffffffff0100",
    "0a 0161 0b ffffffff0a0000000000ff",
    "f3 80ffffffff 61626364",
]


@pytest.mark.parametrize("hexed", HOSTILE)
def test_hostile_headers_allocate_nothing(hexed: str) -> None:
    data = bytes.fromhex(head() + hexed) + b"\x01x" * 50
    tracemalloc.start()
    try:
        with pytest.raises(FormatError):
            list(decode_events(data))
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_a_large_set_that_arrives_slowly_is_read_a_few_times_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = 0
    real = read.read_shape

    def counted(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        return real(*args)

    monkeypatch.setattr(read, "read_shape", counted)
    members = b"".join(b"\x05%05d" % n for n in range(16000))
    data = bytes.fromhex(head() + "0201617e80") + members + bytes.fromhex(END)
    assert len(in_pieces(data, 10)) == 3
    assert calls < 40


def test_a_large_string_is_read_once_it_is_there() -> None:
    data = bytes.fromhex(head() + "0001618000100000") + bytes(1 << 20)
    decoder = RdbDecoder()
    decoder.feed(data[:100])
    assert decoder.next_event() == Header(Dialect.REDIS, 12)
    assert decoder.next_event() is NEED_DATA
    decoder.feed(data[100:-1])
    assert decoder.next_event() is NEED_DATA
    decoder.feed(data[-1:])
    event = decoder.next_event()
    assert isinstance(event, Key)
    assert event.end == len(data)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("size", [1 << 20, 1000])
def test_batches_hold_the_same_keys(server: str, size: int) -> None:
    data = dump(server)
    expected = [event for event in decode_events(data) if isinstance(event, Key)]
    decoder = RdbDecoder(batches=True)
    seen: list[tuple[int, bytes, object]] = []
    feeding = [data[at : at + size] for at in range(0, len(data), size)]
    while not decoder.ended:
        event = decoder.next_event()
        if isinstance(event, StringKeys):
            seen += [(event.db, key, value) for key, value in event.pairs]
        elif isinstance(event, Key):
            seen.append((event.db, event.key, event.value))
        elif event is NEED_DATA and feeding:
            decoder.feed(feeding.pop(0))
        elif event is NEED_DATA:
            decoder.close()
    assert seen == [(key.db, key.key, key.value) for key in expected]


def test_both_readers_of_string_keys_agree() -> None:
    data = dump("redis-7.4.1")
    at = 0
    while (at := data.find(b"\0", at)) >= 0:
        ours = primitives.string_keys_at(data, at, len(data), 3)
        assert ours == primitives.pure_string_keys_at(data, at, len(data), 3)
        at += 1
