"""Latency samples by event, as LATENCY tells them (latency.c)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

#: Samples kept of each event (``LATENCY_TS_LEN``).
KEPT = 160


@dataclass(slots=True)
class Event:
    """The samples of one event.

    Attributes:
        samples: (Unix time in seconds, ms), oldest first, one a second at most.
        worst: the greatest ms there ever was.
    """

    samples: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=KEPT))
    worst: int = 0


class Latency:
    """Collects what took at least ``threshold_ms`` (``latency-monitor-threshold``; 0: nothing)."""

    def __init__(self, now_s: Callable[[], int], threshold_ms: int = 0) -> None:
        self.threshold_ms = threshold_ms
        self.events: dict[str, Event] = {}
        self._now_s = now_s

    def add(self, name: str, ms: int) -> None:
        """Keep a sample; of several in one second the worst (``latencyAddSample``)."""
        if not self.threshold_ms or ms < self.threshold_ms:
            return
        event = self.events.setdefault(name, Event())
        event.worst = max(event.worst, ms)
        now_s = self._now_s()
        samples = event.samples
        if samples and samples[-1][0] == now_s:
            samples[-1] = (now_s, max(samples[-1][1], ms))
        else:
            samples.append((now_s, ms))

    def reset(self, names: list[str] | None = None) -> int:
        """Forget these events, or all; how many there were."""
        gone = (
            list(self.events) if names is None else [name for name in names if name in self.events]
        )
        for name in gone:
            del self.events[name]
        return len(gone)
