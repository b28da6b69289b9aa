"""Compares a target with what the source makes of an empty keyspace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

import hiredis

from aoftool.keyspace.digest import keyspace_digest, value_digest
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.packed import PackedList
from aoftool.keyspace.payload import BadPayload, restore
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import LongList, ShortList, ZSetValue
from aoftool.ops.replay.link import Link
from aoftool.ops.replay.settling import times_of
from aoftool.ops.replay.sinks import Sink
from aoftool.ops.replay.target import Facts

#: Differences that are named.
MAX_NAMED = 20
#: Two times of expiry that are no further apart than this, in ms, are the same: before 7.0 a
#: server's times can only be told from what is left of them.
SLACK_MS = 100
_AT_A_TIME = 500
#: Classes that hold the same type.
_CLASSES = ({bytes, bytearray}, {ShortList, LongList, PackedList})


@dataclass(frozen=True, slots=True)
class Difference:
    """A key that is not what it should be: what is wrong with it."""

    db: int
    key: bytes
    what: str


@dataclass(slots=True)
class Comparison:
    """What a comparison found.

    Attributes:
        how: ``digest``, ``all keys`` or ``some keys``.
        keys: how many were compared; different: how many were not equal; named: some of them.
        surplus: keys of the target that the source has not, where that was looked at.
    """

    how: str
    keys: int = 0
    different: int = 0
    named: list[Difference] = field(default_factory=list)
    surplus: int = 0

    @property
    def equal(self) -> bool:
        """Whether nothing is different."""
        return not self.different and not self.surplus


def compare(
    sink: Sink, expected: Keyspace, now_ms: int, *, digest: bool, sample: int | None, alone: bool
) -> Comparison:
    """Compare a target with a keyspace. Raises TargetError.

    Args:
        now_ms: keys that expire by then, or soon after, may be gone.
        digest: be content with equal digests, where the target can tell its own.
        sample: compare so many keys only.
        alone: the target should hold nothing else.
    """
    links = list(sink.links())
    if digest and alone and sample is None and len(links) == 1:
        told = links[0].ask(b"DEBUG", b"DIGEST")
        if isinstance(told, bytes) and told.decode() == keyspace_digest(expected):
            # Consumer groups are in no digest.
            found = Comparison("digest")
            for index, some in _with_groups(expected):
                _compare(sink, expected, index, some, now_ms, found)
            found.keys = len(expected)
            return found
    found = Comparison("all keys" if sample is None else "some keys")
    for index, some in _chosen(expected, sample):
        _compare(sink, expected, index, some, now_ms, found)
    if alone and sample is None:
        held = sum(_count(link) for link in links)
        found.surplus = max(0, held - len(expected))
    return found


def _count(link: Link) -> int:
    total = 0
    for line in link.ask(b"INFO", b"keyspace").splitlines():
        if line.startswith(b"db"):
            total += int(line.split(b"keys=")[1].split(b",")[0])
    return total


def _chosen(expected: Keyspace, sample: int | None) -> Iterator[tuple[int, list[bytes]]]:
    share = None if sample is None or not len(expected) else sample / len(expected)
    rng = Random(0)
    for database in expected.databases:
        keys = iter(list(database.data))
        if share is not None:
            some = list(database.data)
            keys = iter(rng.sample(some, min(len(some), max(1, round(share * len(some))))))
        while batch := list(islice(keys, _AT_A_TIME)):
            yield database.index, batch


def _with_groups(expected: Keyspace) -> Iterator[tuple[int, list[bytes]]]:
    for database in expected.databases:
        rows = database.data.items()
        keys = (key for key, value in rows if isinstance(value, Stream) and value.groups)
        while batch := list(islice(keys, _AT_A_TIME)):
            yield database.index, batch


def _compare(
    sink: Sink, expected: Keyspace, db: int, keys: list[bytes], now_ms: int, found: Comparison
) -> None:
    for link, mine in sink.owners(keys):
        if not sink.facts.cluster:
            link.ask(b"SELECT", b"%d" % db)
        _compare_at(link, sink.facts, expected, db, mine, now_ms, found)


def _compare_at(
    link: Link,
    facts: Facts,
    expected: Keyspace,
    db: int,
    keys: list[bytes],
    now_ms: int,
    found: Comparison,
) -> None:
    database = expected.databases[db]
    payloads = link.ask_all([(b"DUMP", key) for key in keys])
    times = times_of(link, keys, facts)
    for key, payload, at_ms in zip(keys, payloads, times, strict=True):
        found.keys += 1
        due = database.expires.get(key)
        if due is not None and due <= now_ms + SLACK_MS and payload is None:
            continue
        what = _difference(database.data[key], due, payload, at_ms)
        if what is not None:
            found.different += 1
            if len(found.named) < MAX_NAMED:
                found.named.append(Difference(db, key, what))


def _difference(value: Any, due: int | None, payload: Any, at_ms: int | None) -> str | None:
    if payload is None:
        return "it is not there"
    if isinstance(payload, hiredis.ReplyError):
        return f"it cannot be read: {payload}"
    try:
        other = restore(payload)
    except BadPayload as error:
        return f"it cannot be read: {error}"
    kinds = {type(other), type(value)}
    if len(kinds) > 1 and not any(kinds <= same for same in _CLASSES):
        return "it is of another type"
    if _digest(other) != _digest(value):
        return "its value is another"
    if isinstance(value, Stream) and _groups(value) != _groups(other):
        return "its consumer groups are others"
    if (due is None) != (at_ms is None) or abs((due or 0) - (at_ms or 0)) > SLACK_MS:
        return f"it expires at {at_ms}, not at {due}"
    return None


def _groups(stream: Stream) -> Any:
    """What every release keeps of a stream beside its entries; times of delivery left out."""
    groups = {}
    for name, group in stream.groups.items():
        rows = group.pending.entries.items()
        pending = {entry: (one.consumer.name, one.count) for entry, one in rows}
        groups[name] = group.last_id, pending
    return stream.last_id, groups


def _digest(value: Any) -> int:
    if isinstance(value, ZSetValue):
        # Redis 7 reads a score of -0 in a command as 0.
        plain = ZSetValue()
        plain.scores = {member: score + 0.0 for member, score in value.scores.items()}
        value = plain
    return value_digest(value, False)
