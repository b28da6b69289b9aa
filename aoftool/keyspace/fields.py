"""Fields of hashes that expire (Redis 7.4, t_hash.c)."""

from __future__ import annotations

from aoftool.keyspace.database import Database
from aoftool.keyspace.values import HashValue

#: Latest Unix time in ms at which a field can expire (``HFE_MAX_ABS_TIME_MSEC``).
MAX_FIELD_EXPIRE = ((1 << 48) - 1) >> 2
#: Later than any time: there is no field that expires.
_NEVER = 1 << 63


def expire_fields(database: Database, key: bytes, value: HashValue) -> bool:
    """Remove the fields whose time is past; whether the hash is still there (``hashTypeExpire``).

    ``value`` is the hash at ``key``. Unlike a key, a field is still there in the ms at which it
    expires. The database's ``on_fields_expired`` is told. Nothing expires while a file is loaded.
    """
    now_ms = database.clock.now_ms
    expires = value.expires
    if not expires or value.soonest >= now_ms or database.clock.paused:
        return True
    gone = [name for name, at_ms in expires.items() if at_ms < now_ms]
    for name in gone:
        del value[name], expires[name]
    value.soonest = min(expires.values(), default=_NEVER)
    if not expires:
        value.expires = None
    if not gone:
        return True
    if not value:
        database.delete(key)
    if database.on_fields_expired is not None:
        database.on_fields_expired(database.index, key, gone)
    return bool(value)


def set_field_expiry(value: HashValue, name: bytes, at_ms: int) -> None:
    """Let a field of the hash expire at this Unix time in ms."""
    if value.expires is None:
        value.expires = {}
        value.soonest = at_ms
    value.expires[name] = at_ms
    value.soonest = min(value.soonest, at_ms)


def persist_field(value: HashValue, name: bytes) -> bool:
    """Take a field's expiry away; whether it had one."""
    expires = value.expires
    if expires is None or expires.pop(name, None) is None:
        return False
    if not expires:
        value.expires = None
    return True


def remove_field(value: HashValue, name: bytes) -> bool:
    """Take a field out, with its expiry; whether it was there."""
    if value.pop(name, None) is None:
        return False
    if value.expires is not None:
        persist_field(value, name)
    return True
