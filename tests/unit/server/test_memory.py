"""How much memory is in use, by the allocators."""

from __future__ import annotations

from random import Random

import pytest

from aofserver.memory.gauge import MemoryGauge
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.values import HashValue


@pytest.fixture
def gauge() -> MemoryGauge:
    return MemoryGauge(Keyspace(), Random(1))


def measured(gauge: MemoryGauge) -> int:
    for _ in range(20):  # until the estimate of a block's size has settled
        gauge.measure()
    return gauge.measure()


def test_it_rises_and_falls_with_the_data(gauge: MemoryGauge) -> None:
    if gauge.large_objects is None:
        pytest.skip("the C library does not tell")
    data = gauge.keyspace.databases[0].data
    empty = measured(gauge)
    for number in range(20_000):
        data[b"key:%d" % number] = b"value:%d" % number
    small = measured(gauge) - empty
    # Two objects of 48 bytes, and a place in the table.
    assert 20_000 * 96 < small < 20_000 * 200
    for number in range(1000):
        data[b"large:%d" % number] = bytes(5000)
    large = measured(gauge) - empty - small
    assert 1000 * 4800 < large < 1000 * 6000
    for number in range(1000):
        data[b"hash:%d" % number] = HashValue(
            (b"f%d" % at, b"v%d:%d" % (number, at)) for at in range(20)
        )
    hashes = measured(gauge) - empty - small - large
    assert 1000 * 1200 < hashes < 1000 * 4000
    data.clear()
    assert measured(gauge) - empty < (small + large + hashes) * 0.2
    assert gauge.peak > empty + small + large
