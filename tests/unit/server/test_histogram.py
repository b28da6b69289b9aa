"""Durations: what is told apart, and the twins."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aofserver.histogram import Histogram, PureHistogram, bounds, percentile, steps_us

_ADDED = st.lists(st.tuples(st.integers(-5, 1 << 40), st.integers(0, 1000)))


@given(_ADDED)
def test_the_twins_count_the_same(added: list[tuple[int, int]]) -> None:
    compiled, pure = Histogram(True), PureHistogram()
    for nanos, calls in added:
        compiled.add(nanos, calls)
        pure.add(nanos, calls)
    assert compiled.rows() == pure.rows()
    assert sum(count for _, _, count in pure.rows()) == sum(calls for _, calls in added)


@given(st.integers(0, 1 << 40))
def test_bounds_are_within_a_percent(nanos: int) -> None:
    low, high = bounds(nanos)
    assert low <= nanos <= high
    assert bounds(low) == bounds(high) == (low, high)
    assert (high - low) * 128 <= max(low, 1)


def test_it_can_be_off() -> None:
    for kind in (Histogram, PureHistogram):
        found = kind(False)
        found.add(5, 1)
        assert found.rows() == []
        found.on = True
        found.add(10, 2)  # two calls of 5 ns
        assert found.rows() == [(5, 5, 2)]


def test_steps() -> None:
    found = PureHistogram()
    for nanos, calls in ((900, 3), (1031, 1), (1040, 1), (30_000, 5), (1 << 40, 1)):
        found.add(nanos * calls, calls)
    assert list(steps_us(found.rows())) == [(1, 4), (2, 5), (33, 10), (1082130, 11)]
    assert list(steps_us([])) == []


def test_percentiles() -> None:
    found = PureHistogram()
    for nanos in range(1, 101):
        found.add(nanos, 1)
    rows = found.rows()
    told = [percentile(rows, percent) for percent in (0, 1, 50, 99, 99.9, 100)]
    assert told == [1, 1, 50, 99, 100, 100]
    found.add(1000, 1)
    assert percentile(found.rows(), 100) == 1003
    assert percentile([], 50) == 0
