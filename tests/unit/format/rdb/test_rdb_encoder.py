"""The encoder: which type each version chooses, and that the decoder reads the same back."""

from __future__ import annotations

from typing import Any

import pytest

from aoftool.errors import ExitCode, LossError
from aoftool.format.rdb import (
    WRITABLE_VERSIONS,
    Aux,
    Consumer,
    EncodingLimits,
    End,
    Event,
    Function,
    Group,
    HashField,
    Header,
    Key,
    Kind,
    ModuleAux,
    ModuleValue,
    PendingEntry,
    RdbEncoder,
    ResizeDb,
    SelectDb,
    StreamValue,
    Value,
    decode_events,
)
from tests.unit.format.rdb.corpus import SERVERS, dump

STREAM = StreamValue(
    entries=[((5, n), [b"f", b"%d" % n]) for n in range(300)],
    last_id=(6, 0),
    max_deleted_id=(5, 500),
    entries_added=400,
    groups=[
        Group(
            b"g",
            (5, 3),
            4,
            [PendingEntry((5, 1), b"c", 1_700_000_000_000, 2)],
            [Consumer(b"c", 1_700_000_000_500, None)],
        )
    ],
)


#: All but the one that has neither streams nor what is said of the use of keys.
WITH_STREAMS = [version for version in WRITABLE_VERSIONS if version >= 9]


def _texts(count: int, size: int = 1) -> list[bytes]:
    return [(b"%d" % n).rjust(size, b"x") for n in range(count)]


def _names(count: int, size: int = 1) -> list[bytes]:
    return [(b"m%d" % n).rjust(size, b"x") for n in range(count)]


def _fields(count: int, size: int = 1, value: bytes = b"v") -> list[HashField]:
    return [(name, value, None) for name in _names(count, size)]


def _scores(count: int, size: int = 1) -> list[tuple[bytes, float]]:
    return [(name, n / 2) for n, name in enumerate(_names(count, size))]


# kind, value, and the type number under versions 9, 10, 11, 12.
CHOICES: list[tuple[str, Kind, Value, tuple[int, int, int, int]]] = [
    ("string", "string", b"v", (0, 0, 0, 0)),
    ("empty list", "list", [], (14, 18, 18, 18)),
    ("list", "list", [b"a", b"1"], (14, 18, 18, 18)),
    ("list of many nodes", "list", _texts(9000), (14, 18, 18, 18)),
    ("list with large elements", "list", [b"a", b"x" * 8192, b"y" * 8193, b"b"], (14, 18, 18, 18)),
    ("empty set", "set", [], (2, 2, 2, 2)),
    ("512 numbers", "set", _texts(512), (11, 11, 11, 11)),
    ("513 numbers", "set", _texts(513), (2, 2, 2, 2)),
    ("128 members", "set", _names(128, 64), (2, 2, 20, 20)),
    ("129 members", "set", _names(129), (2, 2, 2, 2)),
    ("member of 65", "set", _names(1, 65), (2, 2, 2, 2)),
    ("a number too large", "set", [b"9223372036854775808"], (2, 2, 20, 20)),
    ("empty zset", "zset", [], (5, 5, 5, 5)),
    ("128 scores", "zset", _scores(128, 64), (12, 17, 17, 17)),
    ("129 scores", "zset", _scores(129), (5, 5, 5, 5)),
    ("scored member of 65", "zset", _scores(1, 65), (5, 5, 5, 5)),
    ("empty hash", "hash", [], (4, 4, 4, 4)),
    ("512 fields", "hash", _fields(512, 64), (13, 16, 16, 16)),
    ("513 fields", "hash", _fields(513), (4, 4, 4, 4)),
    ("field of 65", "hash", _fields(1, 65), (4, 4, 4, 4)),
    ("value of 65", "hash", _fields(1, value=b"x" * 65), (4, 4, 4, 4)),
    ("stream", "stream", STREAM, (15, 19, 21, 21)),
    ("module", "module", ModuleValue(2**63 + 5, b"\x02\x05\x05\x03abc\x00"), (7, 7, 7, 7)),
]
EXPIRING = [
    ("512 fields", [(b"f%d" % n, b"v", 10**12 - n or None) for n in range(512)], 25),
    ("513 fields", [(b"f%d" % n, b"v", 10**12 + n) for n in range(513)], 24),
    ("some", [(b"a", b"v", None), (b"b", b"v", 7), (b"c", b"v", 5), (b"d", b"x" * 65, None)], 24),
    ("some small", [(b"a", b"v", None), (b"b", b"v", 7), (b"c", b"v", 5)], 25),
]


def body(events: list[Event]) -> list[Key]:
    assert isinstance(events[0], Header)
    assert isinstance(events[-1], End)
    return [event for event in events if isinstance(event, Key)]


def comparable(kind: str, value: Any) -> Any:
    """A value without the order that the file is free to choose."""
    return sorted(value, key=repr) if kind in ("set", "zset", "hash") else value


@pytest.mark.parametrize("version", WITH_STREAMS)
@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize(
    ("kind", "value", "types"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES]
)
def test_choices(
    kind: Kind, value: Value, types: tuple[int, ...], version: int, compress: bool
) -> None:
    encoder = RdbEncoder(version, compress=compress)
    encoder.key(b"k", kind, value)
    (key,) = body(list(decode_events(encoder.end())))
    assert key.type == types[version - 9]
    assert (key.key, key.kind) == (b"k", kind)
    if isinstance(value, StreamValue) and version < 11:
        assert isinstance(key.value, StreamValue)
        assert key.value.entries == value.entries
        return
    assert comparable(kind, key.value) == comparable(kind, value)


@pytest.mark.parametrize(("value", "number"), [row[1:] for row in EXPIRING])
def test_expiring_fields(value: list[Any], number: int) -> None:
    encoder = RdbEncoder(12)
    encoder.key(b"k", "hash", value)
    (key,) = body(list(decode_events(encoder.end())))
    assert key.type == number
    assert comparable("hash", key.value) == comparable("hash", value)
    if number == 25:
        found: Any = key.value
        expiries = [at for _, _, at in found]
        assert expiries == sorted(expiries, key=lambda at: (at is None, at))
    for version in (8, 9, 10, 11):
        encoder = RdbEncoder(version)
        before = encoder.pending
        with pytest.raises(LossError, match=f"{version} cannot carry hash fields") as caught:
            encoder.key(b"k", "hash", value, expire_at_ms=1)
        assert encoder.pending == before
        assert (caught.value.version, caught.value.needed) == (version, 12)
        assert caught.value.exit_code == ExitCode.REFUSED


def test_a_large_sorted_set_is_written_from_the_top() -> None:
    encoder = RdbEncoder(9)
    encoder.key(b"k", "zset", _scores(200))
    (key,) = body(list(decode_events(encoder.end())))
    assert key.value == _scores(200)[::-1]


def test_scores_with_equal_value_ascend_by_member() -> None:
    encoder = RdbEncoder(9)
    encoder.key(b"k", "zset", [(b"b", 1.0), (b"c", 0.0), (b"a", 1.0), (b"", float("-inf"))])
    (key,) = body(list(decode_events(encoder.end())))
    assert key.value == [(b"", float("-inf")), (b"c", 0.0), (b"a", 1.0), (b"b", 1.0)]


@pytest.mark.parametrize(
    ("kind", "value", "types"),
    [row[1:] for row in CHOICES if row[1] != "stream"],
    ids=[row[0] for row in CHOICES if row[1] != "stream"],
)
def test_version_8_has_the_types_of_9(kind: Kind, value: Value, types: tuple[int, ...]) -> None:
    encoder = RdbEncoder(8)
    encoder.key(b"k", kind, value)
    data = encoder.end()
    assert data.startswith(b"REDIS0008")
    (key,) = body(list(decode_events(data)))
    assert key.type == types[0]
    assert comparable(kind, key.value) == comparable(kind, value)


def test_what_came_with_version_9() -> None:
    encoder = RdbEncoder(8)
    before = encoder.pending
    with pytest.raises(LossError, match="8 cannot carry streams: it takes version 9"):
        encoder.key(b"k", "stream", StreamValue([((1, 1), [b"f", b"v"])], (1, 1), (0, 0), 1, []))
    with pytest.raises(LossError, match="how keys are used"):
        encoder.key(b"k", "string", b"v", idle_s=1)
    with pytest.raises(LossError, match="how keys are used"):
        encoder.key(b"k", "string", b"v", freq=1)
    with pytest.raises(LossError, match="fields of modules"):
        encoder.module_aux(77, 1, b"")
    assert encoder.pending == before


@pytest.mark.parametrize("version", WITH_STREAMS)
def test_frame(version: int) -> None:
    encoder = RdbEncoder(version)
    encoder.aux(b"redis-ver", b"6.2.0")
    encoder.module_aux(77, 1, b"\x02\x01\x00")
    encoder.select_db(3)
    encoder.resize_db(2, 1)
    chunks = [encoder.take()]
    assert encoder.pending == 0
    encoder.key(b"a", "string", b"1", expire_at_ms=5)
    encoder.key(b"b", "string", b"2", idle_s=300, freq=9)
    chunks.append(encoder.end())
    data = b"".join(chunks)
    header, *events, end = decode_events(data)
    assert isinstance(header, Header)
    assert header.version == version
    assert isinstance(end, End)
    assert end.checksum == int.from_bytes(data[-8:], "little")
    assert events[:4] == [
        Aux(b"redis-ver", b"6.2.0"),
        ModuleAux(77, 1, b"\x02\x01\x00"),
        SelectDb(3),
        ResizeDb(2, 1),
    ]
    first, second = body([header, *events, end])
    assert (first.db, first.expire_at_ms, first.idle_s, first.freq) == (3, 5, None, None)
    assert (second.db, second.expire_at_ms, second.idle_s, second.freq) == (3, None, 300, 9)


def test_functions_came_with_version_10() -> None:
    code = b"#!lua name=f\nreturn 1"
    for version in WRITABLE_VERSIONS:
        encoder = RdbEncoder(version)
        if version < 10:
            with pytest.raises(
                LossError, match=f"{version} cannot carry functions: it takes version 10"
            ):
                encoder.function(code)
            assert encoder.pending == 9
        else:
            encoder.function(code)
            assert Function(code) in decode_events(encoder.end())


def test_no_checksum() -> None:
    encoder = RdbEncoder(checksum=False)
    encoder.key(b"a", "string", b"1")
    data = encoder.end()
    assert data[-8:] == bytes(8)
    assert list(decode_events(data))[-1] == End(None, len(data))


@pytest.mark.parametrize("version", [0, 7, 13, 80])
def test_versions_that_are_not_written(version: int) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        RdbEncoder(version)


def test_values_that_cannot_be() -> None:
    encoder = RdbEncoder()
    with pytest.raises(ValueError, match="NaN"):
        encoder.key(b"k", "zset", [(b"a", float("nan"))])
    with pytest.raises(ValueError, match="kind"):
        encoder.key(b"k", "tree", b"")  # type: ignore[arg-type]
    assert encoder.pending == 9


def test_limits_are_the_callers() -> None:
    encoder = RdbEncoder(
        9, limits=EncodingLimits(hash_entries=1, zset_value_bytes=3, intset_entries=2)
    )
    encoder.key(b"a", "hash", _fields(2))
    encoder.key(b"b", "zset", [(b"four", 1.0)])
    encoder.key(b"c", "set", _texts(3))
    assert [key.type for key in body(list(decode_events(encoder.end())))] == [4, 5, 2]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("version", WRITABLE_VERSIONS)
def test_real_values_survive(server: str, version: int) -> None:
    encoder = RdbEncoder(version)
    sent = []
    for key in body(list(decode_events(dump(server)))):
        try:
            encoder.key(key.key, key.kind, key.value, key.expire_at_ms)
        except LossError:
            assert version < 12
            continue
        sent.append(key)
    received = body(list(decode_events(encoder.end())))
    for key, back in zip(sent, received, strict=True):
        assert (back.key, back.kind, back.expire_at_ms) == (key.key, key.kind, key.expire_at_ms)
        if key.kind != "stream" or version >= 11:
            assert comparable(key.kind, back.value) == comparable(key.kind, key.value)


def test_own_version_gives_nearly_the_servers_size() -> None:
    """Compact encodings and compression are chosen as the servers choose them."""
    for server, version in (("redis-6.2.16", 9), ("redis-7.2.6", 11), ("redis-7.4.1", 12)):
        data = dump(server)
        encoder = RdbEncoder(version)
        for key in body(list(decode_events(data))):
            encoder.key(key.key, key.kind, key.value, key.expire_at_ms)
        assert len(encoder.end()) == pytest.approx(len(data), rel=0.01)
