"""What a target is: its release, what it knows, what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: RDB version by release: the newest payload that RESTORE takes there; and how old RESTORE's
#: payloads can be made here at the oldest.
_RDB_VERSIONS = ((7, 4), 12), ((7, 2), 11), ((7, 0), 10), ((5, 0), 9)
_VALKEY_RDB = 11
_KEYS = re.compile(rb"^db(\d+):keys=(\d+),expires=(\d+)", re.MULTILINE)
_FIELD = re.compile(rb"^(\w+):([^\r\n]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a target.

    Attributes:
        version: release, as far as commands are concerned (Valkey's is that of Redis 7.2).
        rdb_version: of payloads that RESTORE takes; None: none that can be made here.
        names: commands that it has, upper case; None: not known.
        cluster: whether it is in cluster mode.
        read_only: whether it is a replica that refuses the writes of clients.
        keys, expires: keys by database when it was asked, and how many of them expire.
    """

    version: tuple[int, int] = (7, 4)
    rdb_version: int | None = 12
    names: frozenset[bytes] | None = None
    cluster: bool = False
    read_only: bool = False
    keys: Mapping[int, int] = field(default_factory=dict)
    expires: Mapping[int, int] = field(default_factory=dict)

    def knows(self, name: bytes) -> bool:
        """Whether it has a command of this name (upper case), as far as that is known."""
        return self.names is None or name in self.names


def read_facts(info: bytes, names: frozenset[bytes] | None) -> Facts:
    """Facts from the text of INFO and the names that COMMAND lists."""
    told = dict(_FIELD.findall(info))
    version = _release(told.get(b"redis_version", b""))
    if b"valkey_version" in told:
        rdb: int | None = _VALKEY_RDB
    else:
        rdb = next((number for since, number in _RDB_VERSIONS if version >= since), None)
    counts = [tuple(map(int, row)) for row in _KEYS.findall(info)]
    return Facts(
        version,
        rdb,
        names,
        told.get(b"redis_mode") == b"cluster" or told.get(b"cluster_enabled") == b"1",
        told.get(b"slave_read_only") == b"1",
        {db: keys for db, keys, _ in counts},
        {db: expires for db, _, expires in counts},
    )


def _release(text: bytes) -> tuple[int, int]:
    words = re.match(rb"(\d+)\.(\d+)", text)
    if words is None:
        return Facts().version
    major, minor = int(words[1]), int(words[2])
    # Builds from an unstable branch call themselves 255.255.255.
    return (major, minor) if major < 100 else Facts().version
