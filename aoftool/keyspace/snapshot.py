"""A keyspace as the fewest commands that rebuild it: what a rewrite without preamble writes.

As ``rewriteAppendOnlyFileRio`` and the rewrite functions of aof.c: in 6.0 and 7.x they differ in
how scores are printed, in what is kept of streams, and in hash fields that expire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aoftool.errors import AofError
from aoftool.format.rdb import Group, ModuleValue
from aoftool.keyspace.context import Style
from aoftool.keyspace.database import Database
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.packed import PackedList
from aoftool.keyspace.shortest import shortest_double
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import HashValue, LongList, SetValue, ShortList, ZSetValue

#: Items a command (``AOF_REWRITE_ITEMS_PER_CMD``); a pair counts as one.
ITEMS_PER_COMMAND = 64

Argv = Sequence[bytes]


class NoCommandForm(AofError):
    """A value that commands cannot rebuild: a module's, which only its module can write."""


def functions_as_commands(keyspace: Keyspace) -> Iterator[Argv]:
    """FUNCTION LOAD for each library (Redis 7.0 and later)."""
    for code in keyspace.functions.values():
        yield b"FUNCTION", b"LOAD", code


def database_as_commands(database: Database, style: Style) -> Iterator[Argv]:
    """The commands for every key of a database, each with its expiry behind it.

    SELECT is left to the AOF encoder. Raises NoCommandForm for a module's value.
    """
    expires = database.expires
    for key, value in database.data.items():
        yield from key_as_commands(key, value, style)
        if key in expires:
            yield b"PEXPIREAT", key, b"%d" % expires[key]


def key_as_commands(key: bytes, value: Any, style: Style) -> Iterator[Argv]:
    """The commands that rebuild one value. Raises NoCommandForm for a module's value."""
    return _WRITERS[type(value)](key, value, style)


def _string(key: bytes, value: bytes, style: Style) -> Iterator[Argv]:
    yield b"SET", key, bytes(value)


def _in_batches(name: bytes, key: bytes, items: list[bytes], width: int = 1) -> Iterator[Argv]:
    step = ITEMS_PER_COMMAND * width
    for at in range(0, len(items), step):
        yield [name, key, *items[at : at + step]]


def _list(key: bytes, value: Any, style: Style) -> Iterator[Argv]:
    return _in_batches(b"RPUSH", key, list(value))


def _set(key: bytes, value: SetValue, style: Style) -> Iterator[Argv]:
    return _in_batches(b"SADD", key, list(value))


def _zset(key: bytes, value: ZSetValue, style: Style) -> Iterator[Argv]:
    text = _long_score if style is Style.REDIS_6 else shortest_double
    flat = [word for member, score in value.scores.items() for word in (text(score), member)]
    return _in_batches(b"ZADD", key, flat, 2)


def _long_score(score: float) -> bytes:
    return b"%.17g" % score


def _hash(key: bytes, value: HashValue, style: Style) -> Iterator[Argv]:
    if not value.expires:
        flat = [word for pair in value.items() for word in pair]
        yield from _in_batches(b"HMSET", key, flat, 2)
        return
    for name, text in value.items():
        yield b"HMSET", key, name, text
        at_ms = value.expires.get(name)
        if at_ms is not None:
            yield b"HPEXPIREAT", key, b"%d" % at_ms, b"FIELDS", b"1", name


def _stream(key: bytes, value: Stream, style: Style) -> Iterator[Argv]:
    plain = value.to_rdb()
    for entry_id, words in plain.entries:
        yield [b"XADD", key, _id(entry_id), *words]
    if not plain.entries:
        yield b"XADD", key, b"MAXLEN", b"0", b"0-1", b"x", b"y"
    last: list[bytes] = [b"XSETID", key, _id(plain.last_id)]
    if style is Style.REDIS_7:
        last += [b"ENTRIESADDED", b"%d" % plain.entries_added]
        last += [b"MAXDELETEDID", _id(plain.max_deleted_id)]
    yield last
    for group in plain.groups:
        yield from _group(key, group, style)


def _group(key: bytes, group: Group, style: Style) -> Iterator[Argv]:
    create: list[bytes] = [b"XGROUP", b"CREATE", key, group.name, _id(group.last_id)]
    if style is Style.REDIS_7:
        read = -1 if group.entries_read is None else group.entries_read
        create += [b"ENTRIESREAD", b"%d" % read]
    yield create
    busy = {entry.consumer for entry in group.pending}
    for consumer in group.consumers:
        if style is Style.REDIS_7 and consumer.name not in busy:
            yield b"XGROUP", b"CREATECONSUMER", key, group.name, consumer.name
        for entry in group.pending:
            if entry.consumer == consumer.name:
                yield [
                    b"XCLAIM", key, group.name, consumer.name, b"0", _id(entry.id),
                    b"TIME", b"%d" % entry.delivered_at_ms,
                    b"RETRYCOUNT", b"%d" % entry.delivery_count, b"JUSTID", b"FORCE",
                ]  # fmt: skip


def _id(entry_id: tuple[int, int]) -> bytes:
    return b"%d-%d" % entry_id


def _module(key: bytes, value: ModuleValue, style: Style) -> Iterator[Argv]:
    shown = key[:64].decode("utf-8", "backslashreplace")
    raise NoCommandForm(
        f"key {shown!r} holds a value of the module type {value.name}, which has no command form; "
        "write an RDB preamble instead"
    )


_WRITERS: dict[type, Callable[[bytes, Any, Style], Iterator[Argv]]] = {
    bytes: _string,
    bytearray: _string,
    ShortList: _list,
    LongList: _list,
    PackedList: _list,
    SetValue: _set,
    ZSetValue: _zset,
    HashValue: _hash,
    Stream: _stream,
    ModuleValue: _module,
}
