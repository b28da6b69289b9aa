"""LATENCY HISTOGRAM and INFO latencystats against Redis 7.0: shape and counts, not times."""

from __future__ import annotations

import re

import pytest

from tests.compat.face import Pair, assert_same
from tests.compat.wire import Wire, pairs, plain

#: Ends of the steps in which durations are told, in microseconds.
STEPS = [1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056, 2113, 4227, 8454, 16908, 33816, 67633,
         135266, 270532, 541065, 1082130]  # fmt: skip


@pytest.fixture
def seven(servers: Pair) -> Pair:
    if servers.release != "7.0":
        pytest.skip("6.2 has none of it")
    pair = servers.again()
    for wire in (pair.real, pair.ours):
        wire(["config", "resetstat"])
        for line in ("set k 1", "get k", "get k", "config get port", "nosuch", "get", "lpush k 1"):
            wire(line.split())
    return pair


def _calls(wire: Wire, *names: str) -> dict[bytes, bytes]:
    found = {}
    for name, told in pairs(wire(["latency", "histogram", *names])).items():
        row = dict(zip(told[::2], told[1::2], strict=True))
        ends, counts = row[b"histogram_usec"][::2], row[b"histogram_usec"][1::2]
        assert set(map(int, ends)) <= set(STEPS)
        assert sorted(map(int, counts)) == list(map(int, counts))
        assert counts[-1] == row[b"calls"]
        found[name] = row[b"calls"]
    return found


@pytest.mark.parametrize("names", ["", "get", "GET set", "config", "config|get", "nosuch get", "x"])
def test_counts(seven: Pair, names: str) -> None:
    real, ours = (_calls(wire, *names.split()) for wire in (seven.real, seven.ours))
    assert ours == real
    assert bool(ours) is (names != "x")


def test_the_reply_is_a_map(seven: Pair) -> None:
    for wire in (seven.real, seven.ours):
        assert wire(["latency", "histogram", "get"])[0] == "*"
        wire(["hello", "3"])
        assert wire(["latency", "histogram", "get"])[0] == "%"


def _lines(wire: Wire) -> list[bytes]:
    text = plain(wire(["info", "latencystats"]))
    return [re.sub(rb"=[\d.]+", b"=", line) for line in text.split(b"\r\n")]


def test_info(seven: Pair) -> None:
    for percents in ("50 99 99.9", "0 100", "", "33.3333"):
        for wire in (seven.real, seven.ours):
            wire(["config", "set", "latency-tracking-info-percentiles", percents])
            wire(["config", "resetstat"])
            wire(["get", "k"])
        real, ours = _lines(seven.real), _lines(seven.ours)
        assert sorted(ours) == sorted(real)
        assert any(line.startswith(b"latency_percentiles_usec_get:") for line in ours)


def test_it_can_be_turned_off(seven: Pair) -> None:
    assert_same(
        seven,
        """
        config get latency-tracking
        config get latency-tracking-info-percentiles
        config set latency-tracking-info-percentiles foo
        config set latency-tracking-info-percentiles 101
        config set latency-tracking no
        config resetstat
        get k
        latency histogram get
        info latencystats
        config set latency-tracking yes
        get k
        """,
    )
    assert _calls(seven.ours, "get") == _calls(seven.real, "get") == {b"get": b"1"}
