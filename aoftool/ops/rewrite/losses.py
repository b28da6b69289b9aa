"""What a target cannot hold of a keyspace."""

from __future__ import annotations

from collections import Counter

from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import HashValue
from aoftool.ops.targets import TARGETS, Target


def find_losses(keyspace: Keyspace, target: Target) -> list[str]:
    """What ``target`` cannot hold, a line each, with counts."""
    found = []
    if keyspace.functions and not target.functions:
        found.append(f"{len(keyspace.functions)} function libraries")
    kinds = Counter(
        type(value) for database in keyspace.databases for value in database.data.values()
    )
    streams = kinds[Stream]
    fields = _expiring_fields(keyspace) if kinds[HashValue] else 0
    if streams and not target.streams:
        found.append(f"{streams} streams")
    if fields and not target.hash_ttl:
        found.append(f"the expiries of {fields} hash fields")
    return found


def find_able(keyspace: Keyspace) -> Target | None:
    """The first target that can hold everything."""
    able = (target for target in TARGETS.values() if not find_losses(keyspace, target))
    return next(able, None)


def _expiring_fields(keyspace: Keyspace) -> int:
    return sum(
        len(value.expires)
        for database in keyspace.databases
        for value in database.data.values()
        if type(value) is HashValue and value.expires
    )


def remove_losses(keyspace: Keyspace, target: Target) -> None:
    """Take out of the keyspace what ``target`` cannot hold."""
    if not target.functions:
        keyspace.functions.clear()
    if target.streams and target.hash_ttl:
        return
    for database in keyspace.databases:
        for key, value in list(database.data.items()):
            if type(value) is Stream and not target.streams:
                database.delete(key)
            elif type(value) is HashValue and not target.hash_ttl:
                value.expires = None
