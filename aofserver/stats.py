"""Counters that INFO tells."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class CommandStats:
    """How often a command was called, and how long that took.

    Attributes:
        nanos: ns in its handler; rejected: refused before it ran; failed: answered an error.
    """

    calls: int = 0
    nanos: int = 0
    rejected: int = 0
    failed: int = 0


@dataclass(slots=True)
class Stats:
    """What CONFIG RESETSTAT sets to zero.

    ``hits`` and ``misses`` are not counted: that would cost every command something.

    Attributes:
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
    output_limit_disconnections: int = 0
    query_limit_disconnections: int = 0
    refused_logins: int = 0
    hits: int = 0
    misses: int = 0
    errors: dict[bytes, int] = field(default_factory=dict)
    commands: dict[bytes, CommandStats] = field(default_factory=dict)
    fork_us: int = 0
    forks: int = 0

    def reset(self) -> None:
        """Begin anew."""
        fresh = Stats()
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
            found = self.commands[name] = CommandStats()
        return found

    def error(self, text: bytes) -> None:
        """Count an error reply by its code word."""
        code = text.partition(b" ")[0]
        self.errors[code] = self.errors.get(code, 0) + 1
