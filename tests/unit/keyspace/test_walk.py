"""The walk of SCAN and its kin: what is there from start to end is found, whatever else happens."""

from __future__ import annotations

from random import Random

import pytest

from aoftool.keyspace import walk
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.scan import parse_cursor, parse_scan_options
from tests.unit.keyspace.calls import Calls


def found_by(scans: walk.Scans, collection: set[bytes], count: int) -> list[bytes]:
    found: list[bytes] = []
    cursor = 0
    while True:
        cursor, page = scans.page("one", collection, cursor, count)
        found += page
        if not cursor:
            return found


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 1000, 20_000])
@pytest.mark.parametrize("count", [1, 10, 999, 1 << 62])
def test_a_quiet_collection_is_found_once(size: int, count: int) -> None:
    if size == 20_000 and count == 1:
        count = 7
    collection = {b"m%d" % index for index in range(size)}
    found = found_by(walk.Scans(), collection, count)
    assert len(found) == len(collection)
    assert set(found) == collection


class _Walker:
    """One client's walk, and what it must find: all that stays from its first page on."""

    def __init__(self, collection: set[bytes]) -> None:
        self.cursor = 0
        self.stays = set(collection)
        self.found: set[bytes] = set()


@pytest.mark.parametrize("seed", range(40))
def test_what_stays_is_found_by_every_walk(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "WINDOW", 16)
    rng = Random(seed)
    scans = walk.Scans()
    size = rng.choice([5, 60, 400])
    collection = {b"m%d" % index for index in range(size)}
    walkers: list[_Walker] = []
    for _ in range(500):
        member = b"m%d" % rng.randrange(2 * size)
        match rng.randrange(8):
            case 0 | 1:
                collection.add(member)
            case 2 | 3:
                collection.discard(member)
                for walker in walkers:
                    walker.stays.discard(member)
            case 4 if len(walkers) < 5:
                walkers.append(_Walker(collection))
            case _ if walkers:
                walker = rng.choice(walkers)
                if not walker.cursor:
                    walker.stays = set(collection)
                count = rng.choice([1, 3, 10, 50])
                walker.cursor, page = scans.page("one", collection, walker.cursor, count)
                assert set(page) <= collection
                assert not walker.found & (set(page) & walker.stays)
                walker.found.update(page)
                if not walker.cursor:
                    assert walker.stays <= walker.found
                    walkers.remove(walker)


def test_a_compact_collection_comes_at_once_whatever_the_cursor() -> None:
    collection = {b"m%d" % index for index in range(100)}
    for cursor in (0, 1, 1 << 60):
        following, page = walk.Scans().page("one", collection, cursor, 10, at_once=100)
        assert (following, len(page)) == (0, 100)


def test_elements_of_one_hash_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "_place", lambda element: 5)
    scans = walk.Scans()
    following, page = scans.page("one", {b"m%d" % index for index in range(100)}, 0, 10)
    assert (following, len(page)) == (0, 100)


def test_another_collection_in_the_same_place_is_walked_anew() -> None:
    scans = walk.Scans()
    first = {b"m%d" % index for index in range(100)}
    second = {b"n%d" % index for index in range(100)}
    cursor, _ = scans.page("one", first, 0, 10)
    _, page = scans.page("one", second, cursor, 1000)
    assert set(page) <= second
    assert len(page) > 50


def test_walks_that_nobody_goes_on_with_are_forgotten() -> None:
    scans = walk.Scans()
    collection = {b"m%d" % index for index in range(100)}
    cursors = [scans.page(owner, collection, 0, 10)[0] for owner in range(3 * walk.MAX_WALKS)]
    assert len(scans._walks) == walk.MAX_WALKS
    assert len(scans.page(0, collection, cursors[0], 1000)[1]) == 90


def test_a_deleted_key_ends_the_walk() -> None:
    call = Calls()
    call("SADD k " + " ".join(f"m{index}" for index in range(1000)))
    cursor, _ = call("SSCAN k 0")
    call("DEL k")
    assert call(f"SSCAN k {cursor.decode()}") == [b"0", []]


@pytest.mark.parametrize(
    ("text", "value"),
    [(b"0", 0), (b"", 0), (b"17", 17), (b"+5", 5), (b"-1", (1 << 64) - 1), (b"007", 7)],
)
def test_cursors(text: bytes, value: int) -> None:
    assert parse_cursor(text) == value


@pytest.mark.parametrize("text", [b"x", b"1x", b" 1", b"1 ", b"-", b"18446744073709551616"])
def test_bad_cursors(text: bytes) -> None:
    with pytest.raises(CommandError, match="ERR invalid cursor"):
        parse_cursor(text)


def test_options_of_one_command_only() -> None:
    call = Calls()
    assert parse_scan_options(call.ctx, [b"TYPE", b"set"], keys=True).type_name == b"set"
    assert not parse_scan_options(call.ctx, [b"novalues"], fields=True).values
    with pytest.raises(CommandError, match="can only be used in HSCAN"):
        parse_scan_options(call.ctx, [b"NOVALUES"])
    with pytest.raises(CommandError, match="syntax error"):
        parse_scan_options(call.ctx, [b"TYPE", b"set"])
    with pytest.raises(CommandError, match="syntax error"):
        parse_scan_options(Calls(Style.REDIS_6).ctx, [b"NOVALUES"], fields=True)


def test_hscan_without_values() -> None:
    call = Calls()
    call("HSET h a 1 b 2")
    assert call("HSCAN h 0 NOVALUES") == [b"0", [b"a", b"b"]]
    assert call("HSCAN h 0 MATCH a NOVALUES COUNT 5") == [b"0", [b"a"]]
    assert call("HSCAN h 0") == [b"0", [b"a", b"1", b"b", b"2"]]
