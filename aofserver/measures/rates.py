"""How much there is a second: the ``instantaneous_*`` fields (``trackInstantaneousMetric``)."""

from __future__ import annotations

from collections import deque

#: Samples that an answer is the mean of, and ms between two (``STATS_METRIC_SAMPLES``).
_SAMPLES, _EVERY_MS = 16, 100


class Rates:
    """Means over the last samples of counters that only grow."""

    def __init__(self, counters: int) -> None:
        self._last: tuple[int, ...] = (0,) * counters
        self._last_ms = 0
        self._samples: deque[tuple[float, ...]] = deque(maxlen=_SAMPLES)

    def due(self, now_ms: int) -> bool:
        """Whether it is time for the next sample."""
        return now_ms - self._last_ms >= _EVERY_MS

    def sample(self, now_ms: int, *counters: int) -> None:
        """Take note of the counters; one that was reset begins anew."""
        if self._last_ms:
            seconds = (now_ms - self._last_ms) / 1000
            pairs = zip(counters, self._last, strict=True)
            self._samples.append(tuple(max(0, now - last) / seconds for now, last in pairs))
        self._last, self._last_ms = counters, now_ms

    @property
    def per_second(self) -> list[float]:
        """The mean of each counter's growth."""
        if not self._samples:
            return [0.0] * len(self._last)
        return [sum(column) / len(self._samples) for column in zip(*self._samples, strict=True)]
