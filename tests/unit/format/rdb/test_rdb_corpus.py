"""What eleven real servers saved is decoded to what they said they hold."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from aoftool.format.rdb import Aux, End, Function, Header, Key, RdbDecoder, decode_events
from tests.unit.format.rdb.corpus import SERVERS, dump, tell, text, truth, unpacked

VERSIONS = {
    "redis-2.8.24": 6,
    "redis-3.2.13": 7,
    "redis-4.0.14": 8,
    "redis-5.0.14": 9,
    "redis-6.0.8": 9,
    "redis-6.2.16": 9,
    "redis-7.0.15": 10,
    "redis-7.2.6": 11,
    "redis-7.4.1": 12,
    "redis-8.0-dev": 12,
    "valkey-8.1-dev": 11,
}
#: The truth computed expiries from a remaining time, so it may be off by the time that took.
SLACK_MS = 5


def test_the_corpus_is_there() -> None:
    assert set(SERVERS) >= set(VERSIONS)


@pytest.mark.parametrize("server", VERSIONS)
def test_every_key_is_what_the_server_said(server: str) -> None:
    expected = truth(server)
    seen = 0
    for event in decode_events(dump(server)):
        if not isinstance(event, Key):
            continue
        seen += 1
        kind, value, expiry = tell(event)
        want_kind, want_value, want_expiry = expected[str(event.db)].pop(text(event.key))
        assert (kind, value) == (want_kind, want_value), event.key
        assert (expiry is None) == (want_expiry is None), event.key
        assert expiry is None or abs(expiry - want_expiry) <= SLACK_MS, event.key
    assert seen > 300
    assert not any(expected.values())


@pytest.mark.parametrize("server", VERSIONS)
def test_frame(server: str) -> None:
    data = dump(server)
    first, *items, last = decode_events(data)
    assert isinstance(first, Header)
    assert first.version == VERSIONS[server]
    assert isinstance(last, End)
    assert last.end == len(data)
    assert last.checksum == int.from_bytes(data[-8:], "little")
    aux = {event.key: event.value for event in items if isinstance(event, Aux)}
    assert (b"redis-bits" in aux) == (first.version >= 7)
    functions = [event for event in items if isinstance(event, Function)]
    assert len(functions) == (first.version >= 10)
    assert all(event.code.startswith(b"#!lua name=mylib\n") for event in functions)


@pytest.mark.parametrize("server", VERSIONS)
def test_keys_lie_back_to_back(server: str) -> None:
    data = dump(server)
    keys = [event for event in decode_events(data) if isinstance(event, Key)]
    for key, following in pairwise(keys):
        assert key.start < key.end <= following.start
        if key.db == following.db:
            assert key.end == following.start
        first = {True: (252, 253), False: (key.type,)}[key.expire_at_ms is not None]
        assert data[key.start] in first


@pytest.mark.parametrize(
    "name", ["redis-4.0.14/preamble/appendonly.aof", "redis-6.0.8/preamble/appendonly.aof"]
)
def test_what_follows_a_preamble_is_left_alone(name: str) -> None:
    data = (unpacked() / name).read_bytes()
    decoder = RdbDecoder(offset=1000)
    decoder.feed(data)
    events = []
    while not decoder.ended:
        events.append(decoder.next_event())
    last = events[-1]
    assert isinstance(last, End)
    assert decoder.unused.startswith(b"*2\r\n$6\r\nSELECT\r\n")
    assert last.end == decoder.offset == 1000 + len(data) - len(decoder.unused)
    assert Aux(b"aof-preamble", b"1") in events


def test_base_file() -> None:
    folder: Path = unpacked() / "redis-7.4.1" / "preamble" / "appendonlydir"
    events = list(decode_events((folder / "appendonly.aof.3.base.rdb").read_bytes()))
    assert Aux(b"aof-base", b"1") in events
    assert isinstance(events[-1], End)
