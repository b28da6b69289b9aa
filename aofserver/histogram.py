"""How long commands took: counts by duration, and what INFO and LATENCY HISTOGRAM make of them.

As in Redis (hdr_histogram with two digits) durations are told apart by their first eight bits:
within one percent, from a nanosecond to a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aoftool.format.speed import pick

#: ns: the shortest and the longest duration that is told (``LATENCY_HISTOGRAM_MAX_VALUE``).
SHORTEST, LONGEST = 1, 1_000_000_000
#: Bits of a duration that count.
_BITS = 8
#: ns at which the first of the steps ends that LATENCY HISTOGRAM tells; each is twice as long.
_FIRST_STEP = 1024

#: The shortest and the longest duration of a place in ns, and how many took that long.
Row = tuple[int, int, int]


def bounds(nanos: int) -> tuple[int, int]:
    """The shortest and the longest duration that are not told apart from this one."""
    shift = max(0, nanos.bit_length() - _BITS)
    low = nanos >> shift << shift
    return low, low + (1 << shift) - 1


class PureHistogram:
    """Counts calls by how long they took.

    Attributes:
        on: whether it counts (``latency-tracking``).
    """

    __slots__ = ("_counts", "on")

    def __init__(self, on: bool = True) -> None:
        self.on = on
        self._counts: dict[int, int] = {}

    def add(self, nanos: int, calls: int) -> None:
        """So many calls have taken ``nanos`` ns together, each its share of them."""
        if not self.on or calls <= 0:
            return
        low, _ = bounds(min(max(nanos // calls, SHORTEST), LONGEST))
        self._counts[low] = self._counts.get(low, 0) + calls

    def rows(self) -> list[Row]:
        """What was counted, shortest first."""
        return [(*bounds(low), count) for low, count in sorted(self._counts.items())]


if TYPE_CHECKING:
    Histogram = PureHistogram
else:
    Histogram = pick("Histogram", PureHistogram)


def steps_us(rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """How many calls took up to so many microseconds (``fillCommandCDF`` in latency.c).

    Steps that add nothing are left out.
    """
    total = sum(count for _, _, count in rows)
    level, told, done, at = _FIRST_STEP, 0, 0, 0
    while told < total:
        end = bounds(level)[1]
        while at < len(rows) and rows[at][1] <= end:
            done += rows[at][2]
            at += 1
        if done > told:
            told = done
            yield end // 1000, done
        level *= 2


def percentile(rows: Sequence[Row], percent: float) -> int:
    """In how many ns so many percent of the calls were done (``hdr_value_at_percentile``)."""
    total = sum(count for _, _, count in rows)
    wanted = max(1, int(percent / 100 * total + 0.5))
    done = 0
    for low, high, count in rows:
        done += count
        if done >= wanted:
            return high if percent else low
    return 0
