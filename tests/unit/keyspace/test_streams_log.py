"""What the AOF holds of stream commands, in the style of 6.0 and of 7.4."""

from __future__ import annotations

import pytest

from aoftool.keyspace.context import Style
from aoftool.keyspace.stream import Stream
from tests.unit.keyspace.calls import NOW, STYLES, Calls

TOP = "18446744073709551615"


def filled(style: Style, count: int = 4) -> Calls:
    """A stream of entries 1-0, 2-0... with a group that has read nothing."""
    calls = Calls(style)
    for n in range(1, count + 1):
        calls(f"XADD s {n}-0 f v")
    calls("XGROUP CREATE s g 0")
    return calls


def claim(consumer: str, entry: str, last: str, count: int = 1, at_ms: int = NOW) -> str:
    times = f"TIME {at_ms} RETRYCOUNT {count}"
    return f"XCLAIM s g {consumer} 0 {entry} {times} FORCE JUSTID LASTID {last}"


@pytest.mark.parametrize("style", STYLES)
def test_xadd_fills_the_id_in(style: Style) -> None:
    calls = Calls(style)
    assert calls.logged("XADD s * f v", "XADD s * f v") == [
        f"XADD s {NOW}-0 f v", f"XADD s {NOW}-1 f v"
    ]  # fmt: skip
    assert calls.logged(f"xadd s {NOW + 1} f v") == [f"xadd s {NOW + 1} f v"]
    assert calls.logged("XADD s MAXLEN 2 * f v") == [f"XADD s MAXLEN 2 {NOW + 1}-1 f v"]


def test_xadd_fills_a_sequence_number_in() -> None:
    calls = Calls()
    assert calls.logged("XADD s 0-* f v", "XADD s 5-* f v", "XADD s 5-* f v") == [
        "XADD s 0-1 f v", "XADD s 5-0 f v", "XADD s 5-1 f v"
    ]  # fmt: skip
    calls(f"XADD s 5-{TOP} f v")
    assert str(calls("XADD s 5-* f v")).startswith("b'-ERR The ID specified in XADD is equal")
    old = Calls(Style.REDIS_6)
    assert str(old("XADD s 5-* f v")).startswith("b'-ERR Invalid stream ID")


@pytest.mark.parametrize("style", STYLES)
def test_approximate_trims_become_exact(style: Style) -> None:
    calls = filled(style, 250)
    assert calls.logged("XADD s MAXLEN ~ 10 251-0 f v") == ["XADD s MAXLEN = 51 251-0 f v"]
    assert calls.logged("XTRIM s MAXLEN ~ 10") == []
    calls = filled(style, 250)
    assert calls.logged("XTRIM s MAXLEN ~ 10 LIMIT 100") == ["XTRIM s MAXLEN = 150 LIMIT 100"]
    assert calls.logged("XTRIM s MINID ~ 205") == ["XTRIM s MINID = 201-0"]
    assert calls.logged("XTRIM s MINID ~ 900") == [f"XTRIM s MINID = {TOP}-{TOP}"]
    assert calls.logged("XTRIM s MAXLEN = 0", "XTRIM s MAXLEN 0") == []
    assert calls.logged("XADD s MAXLEN = 5 999 f v") == ["XADD s MAXLEN = 5 999 f v"]


@pytest.mark.parametrize("style", STYLES)
def test_a_file_may_limit_an_exact_trim(style: Style) -> None:
    calls = filled(style)
    assert str(calls("XTRIM s MAXLEN = 1 LIMIT 1")).startswith("b'-ERR syntax error, LIMIT")
    calls.ctx.trusted = True
    assert calls("XTRIM s MAXLEN = 1 LIMIT 1") == 3


@pytest.mark.parametrize(
    ("style", "setid"),
    [(Style.REDIS_6, []), (Style.REDIS_7, ["XGROUP SETID s g 2-0 ENTRIESREAD 2"])],
)
def test_xreadgroup(style: Style, setid: list[str]) -> None:
    calls = filled(style)
    assert calls.logged("XREADGROUP GROUP g bob COUNT 2 STREAMS s >") == [
        claim("bob", "1-0", "1-0"), claim("bob", "2-0", "2-0"), *setid
    ]  # fmt: skip
    assert calls.wraps == (style is Style.REDIS_7)
    assert calls.logged("XREADGROUP GROUP g bob STREAMS s 0") == []


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (Style.REDIS_6, ["XGROUP SETID s g 1-0"]),
        (
            Style.REDIS_7,
            ["XGROUP CREATECONSUMER s g bob", "XGROUP SETID s g 1-0 ENTRIESREAD 1"],
        ),
    ],
)
def test_xreadgroup_noack(style: Style, expected: list[str]) -> None:
    calls = filled(style)
    read = "XREADGROUP GROUP g bob COUNT 1 NOACK STREAMS s >"
    assert calls.logged(read) == expected
    assert calls.logged(read) == [expected[-1].replace("1-0", "2-0").replace("READ 1", "READ 2")]


@pytest.mark.parametrize("style", STYLES)
def test_nothing_to_read(style: Style) -> None:
    calls = filled(style)
    calls("XGROUP SETID s g $")
    assert calls.logged("XREADGROUP GROUP g bob STREAMS s >") == []
    known = calls("XINFO CONSUMERS s g")
    assert isinstance(known, list)
    assert len(known) == (style is Style.REDIS_7)


@pytest.mark.parametrize("style", STYLES)
def test_xclaim(style: Style) -> None:
    calls = filled(style)
    calls("XREADGROUP GROUP g bob STREAMS s >")
    calls.keyspace.clock.now_ms += 50
    assert calls.logged("XCLAIM s g carl 10 2-0 3 9-9") == [
        claim("carl", "2-0", "4-0", 2, NOW + 50), claim("carl", "3", "4-0", 2, NOW + 50)
    ]  # fmt: skip
    assert calls.logged("XCLAIM s g carl 100 1-0") == []
    assert calls.logged("XCLAIM s g carl 0 1-0 IDLE 20 RETRYCOUNT 9 JUSTID") == [
        claim("carl", "1-0", "4-0", 9, NOW + 30)
    ]
    setid = "XGROUP SETID s g 7-0" + (" ENTRIESREAD 4" if style is Style.REDIS_7 else "")
    assert calls.logged("XCLAIM s g carl 0 9-9 LASTID 7-0") == [setid]
    assert calls.logged("XAUTOCLAIM s g dan 0 0 COUNT 1") == [
        claim("dan", "1-0", "7-0", 10, NOW + 50)
    ]


def test_claiming_what_is_gone() -> None:
    calls = filled(Style.REDIS_7)
    calls("XREADGROUP GROUP g bob STREAMS s >")
    calls("XDEL s 1-0 2-0")
    assert calls.logged("XCLAIM s g carl 0 1-0") == [claim("bob", "1-0", "4-0")]
    assert calls("XAUTOCLAIM s g carl 0 0 COUNT 1") == [b"3-0", [], [b"2-0"]]
    assert calls.log[-1] == claim("bob", "2-0", "4-0")
    replayed = filled(Style.REDIS_7)
    replayed.ctx.trusted = True
    for line in calls.log[5:]:
        replayed(line)
    ours, again = calls.ctx.db.get(b"s"), replayed.ctx.db.get(b"s")
    assert isinstance(ours, Stream)
    assert ours.comparable() == again.comparable()
    old = filled(Style.REDIS_6)
    old("XREADGROUP GROUP g bob STREAMS s >")
    old("XDEL s 1-0")
    assert old("XCLAIM s g carl 0 1-0") == [None]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "line",
    ["XACK s g 1-0", "XDEL s 1-0", "XSETID s 9-0", "XGROUP CREATE s h $", "XGROUP SETID s g 2-0",
     "XGROUP DESTROY s g", "XGROUP CREATECONSUMER s g new", "XGROUP DELCONSUMER s g bob",
     "XGROUP CREATE t h $ MKSTREAM"],
)  # fmt: skip
def test_as_it_came(style: Style, line: str) -> None:
    calls = filled(style)
    calls("XREADGROUP GROUP g bob STREAMS s >")
    assert calls.logged(line) == [line]


def test_newer_than_7_0() -> None:
    calls = filled(Style.REDIS_7)
    calls("XADD s 5-0 f last")
    assert calls("XREAD STREAMS s +") == [[b"s", [[b"5-0", [b"f", b"last"]]]]]
    assert str(calls("XREADGROUP GROUP g bob STREAMS s +")).startswith("b'-ERR The + ID is")
    calls("XDEL s 5-0")
    assert str(calls("XSETID s 4-5")).endswith("smaller than current max_deleted_entry_id'")
    calls("XGROUP CREATECONSUMER s g bob")
    calls.keyspace.clock.now_ms += 7
    known = [b"name", b"bob", b"pending", 0, b"idle", 7, b"inactive", -1]
    assert calls("XINFO CONSUMERS s g") == [known]
    unbalanced = "b\"-ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>'"
    assert str(calls("XREADGROUP GROUP g bob STREAMS s t >")).startswith(unbalanced)


def test_entries_read_behind_deleted_ones() -> None:
    calls = filled(Style.REDIS_7)
    calls("XREADGROUP GROUP g bob COUNT 1 STREAMS s >")
    calls("XDEL s 3-0")
    calls("XREADGROUP GROUP g bob COUNT 1 STREAMS s >")
    groups = calls("XINFO GROUPS s")
    assert isinstance(groups, list)
    assert groups[0][-4:] == [b"entries-read", None, b"lag", None]
    calls("XREADGROUP GROUP g bob COUNT 1 STREAMS s >")
    groups = calls("XINFO GROUPS s")
    assert isinstance(groups, list)
    assert groups[0][-4:] == [b"entries-read", 4, b"lag", 0]


def test_rdb_and_back() -> None:
    calls = filled(Style.REDIS_7, 300)
    calls("XREADGROUP GROUP g bob COUNT 5 STREAMS s >")
    calls("XDEL s 3-0 77-0")
    stream = calls.ctx.db.get(b"s")
    again = Stream.from_rdb(stream.to_rdb())
    assert again.comparable() == stream.comparable()
    copied = stream.copy()
    copied.delete((1, 0))
    copied.groups[b"g"].settle((2, 0))
    assert again.comparable() == stream.comparable() != copied.comparable()
