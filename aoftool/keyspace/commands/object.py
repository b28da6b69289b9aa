"""OBJECT: how a server holds a value (object.c, and the conversions of each type)."""

from __future__ import annotations

from typing import Any

from aoftool.format.rdb import EncodingLimits, ModuleValue
from aoftool.format.rdb.listpack import encode_listpack
from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import LOADING, READONLY, STALE, command, container, help_lines
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import parse_int
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import HashValue, LongList, SetValue, ShortList, ZSetValue

_KEY = Keys(2, 2)
_DEFAULTS = EncodingLimits()
#: Longest string that stands beside its own header (``OBJ_ENCODING_EMBSTR_SIZE_LIMIT``).
_EMBEDDED = 44
#: Integers below this one are shared by all who hold them (``OBJ_SHARED_INTEGERS``), and what
#: their count of references says then.
_SHARED_INTEGERS, _SHARED_REFERENCES = 10000, 2147483647


def encoding(value: Any, style: Style, limits: EncodingLimits = _DEFAULTS) -> bytes:
    """The encoding that a server would choose for a value built up as it is now.

    A real one may still have another: a collection that was large once is not packed again. The
    names are those of 6.x or 7.4, whose lists and sets are packed when they are small.
    """
    if isinstance(value, bytes):
        if parse_int(value) is not None:
            return b"int"
        return b"embstr" if len(value) <= _EMBEDDED else b"raw"
    if isinstance(value, bytearray):
        return b"raw"
    if isinstance(value, (ShortList, LongList)):
        return _list_encoding(value, style, limits)
    if isinstance(value, SetValue):
        return _set_encoding(value, style, limits)
    packed = b"ziplist" if style is Style.REDIS_6 else b"listpack"
    if isinstance(value, HashValue):
        texts = [text for pair in value.items() for text in pair]
        if len(value) > limits.hash_entries or _longest(texts) > limits.hash_value_bytes:
            return b"hashtable"
        return packed + b"ex" if value.expires else packed
    if isinstance(value, ZSetValue):
        longest = _longest(list(value.scores))
        small = len(value) <= limits.zset_entries and longest <= limits.zset_value_bytes
        return packed if small else b"skiplist"
    if isinstance(value, Stream):
        return b"stream"
    assert isinstance(value, ModuleValue)
    return b"raw"


def _longest(texts: list[bytes]) -> int:
    return max(map(len, texts), default=0)


def _list_encoding(value: Any, style: Style, limits: EncodingLimits) -> bytes:
    if style is Style.REDIS_6 or sum(map(len, value)) > limits.list_node_bytes:
        return b"quicklist"
    small = len(encode_listpack(value)) <= limits.list_node_bytes
    return b"listpack" if small else b"quicklist"


def _set_encoding(value: SetValue, style: Style, limits: EncodingLimits) -> bytes:
    if len(value) <= limits.intset_entries and all(
        parse_int(member) is not None for member in value
    ):
        return b"intset"
    if style is Style.REDIS_6 or len(value) > limits.set_entries:
        return b"hashtable"
    return b"listpack" if _longest(list(value)) <= limits.set_value_bytes else b"hashtable"


container("OBJECT", "generic", "2.2.3")


@command("OBJECT ENCODING", "key", READONLY, _KEY, group="generic", since="2.2.3")
def object_encoding(ctx: Context, argv: Argv) -> Reply:
    """How the server holds the value at a key."""
    value = ctx.db.get(argv[2])
    if value is None:
        return None
    return encoding(value, ctx.options.style, ctx.options.limits or _DEFAULTS)


@command("OBJECT REFCOUNT", "key", READONLY, _KEY, group="generic", since="2.2.3")
def object_refcount(ctx: Context, argv: Argv) -> Reply:
    """How many references there are to the value at a key."""
    value = ctx.db.get(argv[2])
    if value is None:
        return None
    number = parse_int(value) if isinstance(value, bytes) else None
    shared = number is not None and 0 <= number < _SHARED_INTEGERS
    return _SHARED_REFERENCES if shared else 1


@command("OBJECT IDLETIME", "key", READONLY, _KEY, group="generic", since="2.2.3")
def object_idletime(ctx: Context, argv: Argv) -> Reply:
    """For how many seconds a key was not used; always 0, since uses are not kept."""
    return None if ctx.db.get(argv[2]) is None else 0


@command("OBJECT FREQ", "key", READONLY, _KEY, group="generic", since="4.0.0")
def object_freq(ctx: Context, argv: Argv) -> Reply:
    """How often a key is used; refused, since no LFU eviction policy is set here."""
    if ctx.db.get(argv[2]) is None:
        return None
    raise CommandError(
        b"ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note "
        b"that when switching between policies at runtime LRU and LFU data will take some time to "
        b"adjust."
    )


@command("OBJECT HELP", "", LOADING | STALE, group="generic", since="6.2.0")
def object_help(ctx: Context, argv: Argv) -> Reply:
    """What the OBJECT commands are."""
    return help_lines(b"OBJECT")
