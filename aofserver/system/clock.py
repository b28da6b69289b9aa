"""This machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """Wall time and monotonic time."""

    def unix_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_us(self) -> int:
        return time.perf_counter_ns() // 1000
