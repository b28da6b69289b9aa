"""Counters that INFO tells."""

from __future__ import annotations

from dataclasses import dataclass, field

from aofserver.histogram import Histogram


@dataclass(slots=True)
class CommandStats:
    """How often a command was called, and how long that took.

    Attributes:
        nanos: ns in its handler; rejected: refused before it ran; failed: answered an error.
        times: how many calls took how long.
    """

    calls: int = 0
    nanos: int = 0
    rejected: int = 0
    failed: int = 0
    times: Histogram = field(default_factory=Histogram)

    def ran(self, nanos: int, calls: int) -> None:
        """So many calls have taken ``nanos`` ns together."""
        self.calls += calls
        self.nanos += nanos
        self.times.add(nanos, calls)


@dataclass(slots=True)
class Stats:
    """What CONFIG RESETSTAT sets to zero.

    Attributes:
        denied: how often the access control refused, by reason (auth, command, key, channel).
        over_us: microseconds in which there was more than ``maxmemory``, but for those that are
            not over yet.
        timed: whether it is counted how long calls take (``latency-tracking``).
        cycles: turns of the loop; cron_us: microseconds that the cron took, longest_us: one tick.
        expired_stale: share of the keys with an expiry that are past it, by the last cycles.
        expiry_capped: how often a cycle ran out of time; expiry_us: microseconds of all cycles.
    """

    connections: int = 0
    rejected_connections: int = 0
    input_bytes: int = 0
    output_bytes: int = 0
    reads: int = 0
    writes: int = 0
    expired_keys: int = 0
    expired_fields: int = 0
    expired_stale: float = 0.0
    expiry_capped: int = 0
    expiry_us: int = 0
    evicted_keys: int = 0
    over_us: int = 0
    evicted_clients: int = 0
    output_limit_disconnections: int = 0
    query_limit_disconnections: int = 0
    denied: dict[bytes, int] = field(default_factory=dict)
    errors: dict[bytes, int] = field(default_factory=dict)
    commands: dict[bytes, CommandStats] = field(default_factory=dict)
    cycles: int = 0
    cron_us: int = 0
    longest_us: int = 0
    fork_us: int = 0
    forks: int = 0
    timed: bool = True

    def reset(self) -> None:
        """Begin anew."""
        fresh = Stats(timed=self.timed)
        for name in Stats.__slots__:
            setattr(self, name, getattr(fresh, name))

    @property
    def processed(self) -> int:
        """Commands that ran."""
        return sum(stats.calls for stats in self.commands.values())

    def of(self, name: bytes) -> CommandStats:
        """The counters of a command by its upper-case name."""
        found = self.commands.get(name)
        if found is None:
            found = self.commands[name] = CommandStats(times=Histogram(self.timed))
        return found

    def time(self, on: bool) -> None:
        """Whether it is counted from now on how long calls take."""
        self.timed = on
        for stats in self.commands.values():
            stats.times.on = on

    def error(self, text: bytes) -> None:
        """Count an error reply by its code word."""
        code = text.partition(b" ")[0]
        self.errors[code] = self.errors.get(code, 0) + 1
