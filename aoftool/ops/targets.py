"""Servers that a rewritten file may be meant for, and what each of them can read."""

from __future__ import annotations

from dataclasses import dataclass

from aoftool.keyspace.context import Style


@dataclass(frozen=True, slots=True)
class Target:
    """A release.

    Attributes:
        rdb_version: RDB version that it reads and that is written for it.
        style: whose commands a rewrite without preamble writes.
        streams, functions, hash_ttl: whether it has streams, function libraries, and hash fields
            that expire.
    """

    name: str
    rdb_version: int
    style: Style
    streams: bool = True
    functions: bool = False
    hash_ttl: bool = False

    @property
    def sets(self) -> bool:
        """Whether it has multi-part AOFs, which came together with functions."""
        return self.functions


TARGETS = {
    target.name: target
    for target in (
        Target("redis-4.0", 8, Style.REDIS_6, streams=False),
        Target("redis-5.0", 9, Style.REDIS_6),
        Target("redis-6.0", 9, Style.REDIS_6),
        Target("redis-6.2", 9, Style.REDIS_6),
        Target("redis-7.0", 10, Style.REDIS_7, functions=True),
        Target("redis-7.2", 11, Style.REDIS_7, functions=True),
        Target("redis-7.4", 12, Style.REDIS_7, functions=True, hash_ttl=True),
        Target("valkey-8", 11, Style.REDIS_7, functions=True),
    )
}
