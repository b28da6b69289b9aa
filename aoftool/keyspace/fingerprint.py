"""A quick fingerprint of a keyspace, to tell within one process whether two hold the same.

``digest`` is what servers say and takes far longer; it does not see times of expiry either, and of
streams only the entries. This one sees all that is kept, and is different in every process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aoftool.format.rdb import ModuleValue
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.packed import PackedList
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import HashValue, LongList, SetValue, ShortList, ZSetValue

_MASK = (1 << 64) - 1


def fingerprint(keyspace: Keyspace) -> int:
    """64 bits over keys, values, expiries and function libraries; order does not matter."""
    total = hash(frozenset(keyspace.functions.values()))
    for database in keyspace.databases:
        index, expires = database.index, database.expires
        for key, value in database.data.items():
            kind = type(value)
            inner = value if kind is bytes else _FORMS[kind](value)
            total += hash((index, key, inner, expires.get(key)))
    return total & _MASK


def _hash(value: HashValue) -> tuple[object, ...]:
    return frozenset(value.items()), frozenset((value.expires or {}).items())


def _stream(value: Stream) -> tuple[object, ...]:
    plain = value.to_rdb()
    groups = frozenset(
        (
            group.name,
            group.last_id,
            tuple(group.pending),
            frozenset(consumer.name for consumer in group.consumers if _owns(consumer.name, group)),
        )
        for group in plain.groups
    )
    return tuple((at, tuple(words)) for at, words in plain.entries), plain.last_id, groups


def _owns(consumer: bytes, group: Any) -> bool:
    """Consumers without pending entries get lost in commands for Redis 6."""
    return any(entry.consumer == consumer for entry in group.pending)


_FORMS: dict[type, Callable[[Any], Any]] = {
    bytearray: bytes,
    ShortList: tuple,
    LongList: tuple,
    PackedList: tuple,
    SetValue: frozenset,
    ZSetValue: lambda value: frozenset(value.scores.items()),
    HashValue: _hash,
    Stream: _stream,
    ModuleValue: lambda value: value,
}
