"""Random values go through the encoder and come back; random bytes never crash the decoder."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aoftool.errors import FormatError
from aoftool.format.rdb import (
    NEED_DATA,
    WRITABLE_VERSIONS,
    Consumer,
    EncodingLimits,
    Event,
    Group,
    Key,
    PendingEntry,
    RdbDecoder,
    RdbEncoder,
    StreamValue,
    decode_events,
    lzf,
)
from aoftool.format.rdb.listpack import decode_listpack, encode_listpack
from aoftool.format.rdb.opcodes import TYPES, Dialect
from aoftool.format.rdb.ziplist import decode_ziplist, encode_ziplist

U64 = st.integers(0, 2**64 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)
DECIMALS = I64.map(lambda number: b"%d" % number)
TEXTS = st.one_of(
    st.binary(max_size=80),
    DECIMALS,
    st.builds(
        lambda part, times: part * times, st.binary(min_size=1, max_size=5), st.integers(1, 90)
    ),
)
IDS = st.tuples(U64, U64)
EXPIRIES = st.one_of(st.none(), st.integers(1, 2**45))


@st.composite
def groups(draw: st.DrawFn) -> Group:
    names = draw(st.lists(TEXTS, max_size=3, unique=True))
    owners = st.sampled_from(names) if names else st.nothing()
    entry = st.builds(PendingEntry, IDS, owners, I64, U64)
    pending = draw(st.lists(entry, max_size=5, unique_by=lambda one: one.id)) if names else []
    active = st.one_of(st.none(), st.integers(0, 2**62))
    return Group(
        draw(TEXTS),
        draw(IDS),
        draw(st.one_of(st.none(), st.integers(0, 2**63))),
        sorted(pending),
        [Consumer(name, draw(I64), draw(active)) for name in names],
    )


STREAMS = st.builds(
    lambda entries, *rest: StreamValue(sorted(entries), *rest),
    st.lists(
        st.tuples(IDS, st.lists(TEXTS, max_size=6).map(lambda body: body[: len(body) // 2 * 2])),
        max_size=8,
        unique_by=lambda entry: entry[0],
    ),
    IDS,
    IDS,
    U64,
    st.lists(groups(), max_size=2),
)
HASH_FIELDS = st.lists(st.tuples(TEXTS, TEXTS, EXPIRIES), max_size=12, unique_by=lambda row: row[0])
SCORES = st.floats(allow_nan=False)
VALUES: st.SearchStrategy[tuple[Any, Any]] = st.one_of(
    st.tuples(st.just("string"), TEXTS),
    st.tuples(st.just("list"), st.lists(TEXTS, max_size=12)),
    st.tuples(st.just("set"), st.lists(TEXTS, max_size=12, unique=True)),
    st.tuples(st.just("set"), st.lists(DECIMALS, max_size=12, unique=True)),
    st.tuples(
        st.just("zset"),
        st.lists(st.tuples(TEXTS, SCORES), max_size=12, unique_by=lambda pair: pair[0]),
    ),
    st.tuples(st.just("hash"), HASH_FIELDS),
    st.tuples(st.just("stream"), STREAMS),
)
LIMITS = st.builds(
    EncodingLimits,
    hash_entries=st.integers(0, 12),
    zset_entries=st.integers(0, 12),
    intset_entries=st.integers(0, 12),
    set_entries=st.integers(0, 12),
    list_node_bytes=st.integers(0, 200),
    list_node_entries=st.integers(0, 5),
    stream_node_bytes=st.integers(0, 200),
    stream_node_entries=st.integers(1, 5),
)


def comparable(kind: str, value: Any) -> Any:
    return sorted(value, key=repr) if kind in ("set", "zset", "hash") else value


@given(
    st.lists(st.tuples(TEXTS, VALUES, EXPIRIES), max_size=4), LIMITS, st.booleans(), st.booleans()
)
def test_the_newest_version_carries_everything(
    keys: list[tuple[bytes, tuple[Any, Any], int | None]],
    limits: EncodingLimits,
    compress: bool,
    checksum: bool,
) -> None:
    encoder = RdbEncoder(12, compress, checksum, limits)
    for name, (kind, value), expiry in keys:
        encoder.key(name, kind, value, expiry)
    found = [event for event in decode_events(encoder.end()) if isinstance(event, Key)]
    for (name, (kind, value), expiry), key in zip(keys, found, strict=True):
        assert (key.key, key.kind, key.expire_at_ms) == (name, kind, expiry)
        assert comparable(kind, key.value) == comparable(kind, value)


@given(VALUES, st.sampled_from(WRITABLE_VERSIONS), LIMITS)
def test_older_versions_carry_what_they_have(
    kind_and_value: tuple[Any, Any], version: int, limits: EncodingLimits
) -> None:
    kind, value = kind_and_value
    if kind == "hash":
        value = [(name, text, None) for name, text, _ in value]
    assume(kind != "stream" or version >= 9)
    encoder = RdbEncoder(version, limits=limits)
    encoder.key(b"k", kind, value)
    (key,) = (event for event in decode_events(encoder.end()) if isinstance(event, Key))
    if isinstance(value, StreamValue):
        assert isinstance(key.value, StreamValue)
        assert key.value.entries == value.entries
        assert [g.pending for g in key.value.groups] == [g.pending for g in value.groups]
    else:
        assert comparable(kind, key.value) == comparable(kind, value)


@given(st.lists(st.one_of(TEXTS, st.binary(max_size=300)), max_size=20))
def test_packed_lists(items: list[bytes]) -> None:
    assert decode_ziplist(encode_ziplist(items)) == items
    assert decode_listpack(encode_listpack(items)) == items


@given(
    st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b"abc", b"\0" * 300])), max_size=30)
)
def test_compression(parts: list[bytes]) -> None:
    text = b"".join(parts)
    packed = lzf.compress(text)
    if packed is not None:
        assert len(packed) + lzf.MIN_SAVING <= len(text)
        assert lzf.decompress(packed, len(text)) == text


def events_or_error(data: bytes, sizes: list[int]) -> tuple[list[Event], tuple[Any, ...] | None]:
    """What a decoder says of ``data`` that arrives in pieces of ``sizes``, the rest at once."""
    decoder = RdbDecoder()
    events: list[Event] = []
    try:
        for size in (*sizes, len(data)):
            decoder.feed(data[:size])
            data = data[size:]
            while (event := decoder.next_event()) is not NEED_DATA:
                events.append(event)
        decoder.close()
        while (event := decoder.next_event()) is not NEED_DATA:
            events.append(event)
    except FormatError as error:
        return events, (type(error), error.reason, error.offset, error.start)
    return events, None


# Bytes that get further than noise would: a header, then items that are nearly right.
TYPE_BYTES = st.sampled_from([bytes((number,)) for number in TYPES[Dialect.REDIS]])
OPCODE_BYTES = st.integers(240, 255).map(lambda number: bytes((number,)))
PIECES = st.one_of(
    OPCODE_BYTES,
    TYPE_BYTES,
    st.binary(max_size=12),
    st.integers(0, 5).map(lambda size: bytes((size,)) + b"x" * size),
    st.lists(TEXTS, max_size=4).map(lambda items: bytes((63,)) + encode_listpack(items)),
    st.sampled_from([b"\x00", b"\x01", b"\xc0\x05", b"\xc3\x05\x40\x20", b"\x80\x00\x00\x00\x03"]),
)
HEADS = st.sampled_from([b"", b"REDIS0012", b"REDIS0003", b"VALKEY080"])
FILES = st.builds(lambda head, body: head + b"".join(body), HEADS, st.lists(PIECES, max_size=12))


@settings(max_examples=400)
@given(FILES, st.lists(st.integers(0, 9), max_size=8))
def test_any_bytes_give_events_or_a_format_error(data: bytes, sizes: list[int]) -> None:
    events, error = events_or_error(data, [])
    assert events_or_error(data, sizes) == (events, error) or any(
        event != event for event in events
    )
    assert events_or_error(data, [1] * len(data))[1] == error
    if error is not None:
        _, _, offset, start = error
        assert 0 <= start <= offset <= len(data)
