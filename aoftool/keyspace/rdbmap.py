"""Between the live values of a keyspace and the plain ones of the RDB package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aoftool.format.rdb import Kind, ModuleValue
from aoftool.format.speed import pick
from aoftool.keyspace.database import Database
from aoftool.keyspace.packed import PackedList, may_be_packed
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import (
    SHORT_LIST,
    HashValue,
    ListValue,
    LongList,
    SetValue,
    ShortList,
    ZSetValue,
)


def _list_in(elements: list[bytes]) -> PackedList | ListValue:
    if may_be_packed(elements):
        return PackedList(elements)
    return LongList(elements) if len(elements) > SHORT_LIST else ShortList(elements)


def _zset_in(pairs: list[tuple[bytes, float]]) -> ZSetValue:
    value = ZSetValue()
    value.scores = dict(pairs)
    return value


def _hash_in(fields: list[tuple[bytes, bytes, int | None]]) -> HashValue:
    value = HashValue((name, text) for name, text, _ in fields)
    expires = {name: at_ms for name, _, at_ms in fields if at_ms is not None}
    value.expires = expires or None
    return value


_IN: dict[Kind, Callable[[Any], Any]] = {
    "string": lambda value: value,
    "list": _list_in,
    "set": SetValue,
    "zset": _zset_in,
    "hash": _hash_in,
    "stream": Stream.from_rdb,
    "module": lambda value: value,
}


def live_value(kind: Kind, value: Any) -> Any:
    """The value as the keyspace holds it, from a decoded one."""
    return _IN[kind](value)


def _hash_out(value: HashValue) -> list[tuple[bytes, bytes, int | None]]:
    expires = value.expires
    if not expires:
        return [(name, text, None) for name, text in value.items()]
    return [(name, text, expires.get(name)) for name, text in value.items()]


_OUT: dict[type, tuple[Kind, Callable[[Any], Any]]] = {
    bytes: ("string", lambda value: value),
    bytearray: ("string", bytes),
    ShortList: ("list", lambda value: value),
    LongList: ("list", list),
    PackedList: ("list", list),
    SetValue: ("set", list),
    ZSetValue: ("zset", lambda value: list(value.scores.items())),
    HashValue: ("hash", _hash_out),
    Stream: ("stream", Stream.to_rdb),
    ModuleValue: ("module", lambda value: value),
}


def rdb_value(value: Any) -> tuple[Kind, Any]:
    """(kind, plain value) as the RDB encoder takes them."""
    kind, convert = _OUT[type(value)]
    return kind, convert(value)


def pure_rdb_items(database: Database) -> Iterator[tuple[bytes, Kind, Any, int | None]]:
    """(key, kind, plain value, expiry in Unix ms or None) of every key, for the RDB encoder.

    The database must not be changed meanwhile.
    """
    expires = database.expires
    for key, value in database.data.items():
        yield key, *rdb_value(value), expires.get(key)


rdb_items = pick("rdb_items", pure_rdb_items)
