"""OBJECT: what is known of how a value is held (object.c)."""

from __future__ import annotations

from typing import Any

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import (
    LOADING,
    RANDOM,
    READONLY,
    STALE,
    command,
    container,
    help_lines,
)
from aoftool.keyspace.context import Context
from aoftool.keyspace.encodings import encoding, limits_of
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import parse_int
from aoftool.keyspace.uses import Uses

_KEY = Keys(2, 2)
_ADJUSTING = (
    b"Please note that when switching between policies at runtime LRU and LFU data will take some "
    b"time to adjust."
)
#: Integers below this one are shared by all who hold them (``OBJ_SHARED_INTEGERS``), and what
#: their count of references says then.
_SHARED_INTEGERS, _SHARED_REFERENCES = 10000, 2147483647


container("OBJECT", "generic", "2.2.3")


def _looked_at(ctx: Context, key: bytes) -> Any:
    """The value at a key, or None; that there is none is told nobody (``LOOKUP_NONOTIFY``)."""
    db = ctx.db
    told, db.on_miss = db.on_miss, None
    try:
        return db.peek(key)
    finally:
        db.on_miss = told


@command("OBJECT ENCODING", "key", READONLY | RANDOM, _KEY, group="generic", since="2.2.3")
def object_encoding(ctx: Context, argv: Argv) -> Reply:
    """How the server holds the value at a key."""
    value = _looked_at(ctx, argv[2])
    if value is None:
        return None
    return encoding(value, ctx.options.style, limits_of(ctx))


@command("OBJECT REFCOUNT", "key", READONLY | RANDOM, _KEY, group="generic", since="2.2.3")
def object_refcount(ctx: Context, argv: Argv) -> Reply:
    """How many references there are to the value at a key."""
    value = _looked_at(ctx, argv[2])
    if value is None:
        return None
    number = parse_int(value) if isinstance(value, bytes) else None
    shared = number is not None and 0 <= number < _SHARED_INTEGERS
    return _SHARED_REFERENCES if shared else 1


@command("OBJECT IDLETIME", "key", READONLY | RANDOM, _KEY, group="generic", since="2.2.3")
def object_idletime(ctx: Context, argv: Argv) -> Reply:
    """For how many seconds a key was not used; notes are taken from the first call on."""
    if _looked_at(ctx, argv[2]) is None:
        return None
    keyspace = ctx.keyspace
    if keyspace.uses is None:
        keyspace.uses = Uses(keyspace.databases, ctx.rng)
    if keyspace.uses.frequent:
        raise CommandError(
            b"ERR An LFU maxmemory policy is selected, idle time not tracked. " + _ADJUSTING
        )
    return keyspace.uses.idle_s(ctx.db, argv[2])


@command("OBJECT FREQ", "key", READONLY | RANDOM, _KEY, group="generic", since="4.0.0")
def object_freq(ctx: Context, argv: Argv) -> Reply:
    """How often a key is used; refused where no LFU eviction policy is set."""
    if _looked_at(ctx, argv[2]) is None:
        return None
    uses = ctx.keyspace.uses
    if uses is None or not uses.frequent:
        raise CommandError(
            b"ERR An LFU maxmemory policy is not selected, access frequency not tracked. "
            + _ADJUSTING
        )
    return uses.count(ctx.db, argv[2])


@command("OBJECT HELP", "", LOADING | STALE, group="generic", since="6.2.0")
def object_help(ctx: Context, argv: Argv) -> Reply:
    """What the OBJECT commands are."""
    return help_lines(b"OBJECT")
