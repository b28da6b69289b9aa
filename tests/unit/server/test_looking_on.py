"""Limits of output, latency in words and pictures, and sizes of values."""

from __future__ import annotations

import resource
import sys
from random import Random

import pytest

from aofserver.clients.outputs import is_over
from aofserver.config.listkinds import OutputLimit
from aofserver.measures.latency import Latency
from aofserver.measures.latencytexts import graph, report
from aofserver.memory.gauge import MemoryGauge
from aofserver.memory.sizes import size_of
from aofserver.system.limits import allow_clients
from aoftool.keyspace.context import Context
from aoftool.keyspace.engine import run
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.values import HashValue, SetValue, ShortList, ZSetValue


@pytest.mark.parametrize(
    ("limit", "waiting", "over_s", "closed"),
    [
        (OutputLimit(0, 0, 0), 1 << 40, 1e9, False),
        (OutputLimit(100, 0, 0), 99, 0, False),
        (OutputLimit(100, 0, 0), 100, 0, True),
        (OutputLimit(0, 50, 10), 60, 10, False),
        (OutputLimit(0, 50, 10), 60, 10.5, True),
        (OutputLimit(0, 50, 10), 49, 99, False),
    ],
)
def test_who_is_closed(limit: OutputLimit, waiting: int, over_s: float, closed: bool) -> None:
    assert is_over(limit, waiting, over_s) is closed


def latency(*samples: tuple[int, int]) -> Latency:
    now = [0]
    found = Latency(lambda: now[0], 5)
    for now[0], ms in samples:
        found.add("command", ms)
    return found


def test_a_graph_shows_low_and_high() -> None:
    event = latency((100, 10), (160, 50), (165, 30)).events["command"]
    lines = graph("command", event, 170).splitlines()
    assert lines[0] == "command - high 50 ms, low 10 ms (all time high 50 ms)"
    columns = ["".join(row.ljust(3)[at] for row in lines[2:6]).strip() for at in range(3)]
    assert columns[0] == "_"
    assert len(columns[0]) < len(columns[2]) < len(columns[1])
    ages = lines[7:]
    assert ["".join(row.ljust(3)[at] for row in ages).strip() for at in range(3)] == [
        "1m",
        "10s",
        "5s",
    ]


def test_one_sample_is_a_graph_too() -> None:
    event = latency((100, 10)).events["command"]
    assert "high 10 ms, low 10 ms" in graph("command", event, 100)


def test_the_report() -> None:
    assert "latency-monitor-threshold is 0" in report(Latency(lambda: 0), 0)
    assert "Nothing has taken 5 ms" in report(latency(), 0)
    text = report(latency((1, 10), (2, 30)), 3)
    assert (
        "command: 2 samples, mean 20 ms, mean deviation 10 ms, the last 1s ago, worst 30 ms" in text
    )
    assert "SLOWLOG GET" in text


def test_sizes_grow_with_what_is_held() -> None:
    assert size_of(b"x" * 1000, 5) == sys.getsizeof(b"x" * 1000)
    small, large = (ShortList([b"x" * 100] * count) for count in (10, 1000))
    assert size_of(large, 5) > 50 * size_of(small, 5) > 0
    table = HashValue()
    table.update({b"%d" % n: b"v" * n for n in range(100)})
    assert abs(size_of(table, 0) - size_of(table, 50)) < size_of(table, 0) // 2
    members = ZSetValue()
    empty = size_of(members, 0)
    members.scores.update({b"%d" % n: float(n) for n in range(100)})
    assert size_of(members, 0) > empty + 100 * (sys.getsizeof(b"1") + sys.getsizeof(1.0))
    assert size_of(SetValue([b"a" * 500]), 5) > 500


def stream_with_pending() -> Keyspace:
    """A keyspace of one stream, whose consumer and pending entries know each other."""
    keyspace = Keyspace()
    ctx = Context(keyspace, Random(0))
    for line in ("XADD s 1-1 f v", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >"):
        run(ctx, line.encode().split())
    return keyspace


def test_what_is_held_in_a_circle_is_counted_once() -> None:
    keyspace = stream_with_pending()
    assert 100 < size_of(keyspace.databases[0].data[b"s"], 0) < 10_000
    gauge = MemoryGauge(keyspace, Random(0))
    assert gauge.measure() > 0


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "possible", "then"),
    [
        (1024, 4096, 100, 100, 1024),
        (1024, 4096, 2000, 2000, 2032),
        (1024, 4096, 10_000, 4064, 4096),
        (1024, resource.RLIM_INFINITY, 10_000, 10_000, 10_032),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 7, 7, resource.RLIM_INFINITY),
    ],
)
def test_how_many_clients_there_can_be(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, wanted: int, possible: int, then: int
) -> None:
    limits = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda which: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda which, pair: limits.append(pair))
    assert allow_clients(wanted) == possible
    assert limits[-1] == (then, hard)
