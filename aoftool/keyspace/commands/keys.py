"""Keys of any type, and whole databases (db.c, lazyfree.c)."""

from __future__ import annotations

from aoftool.format.resp.replies import OK, Reply, Status
from aoftool.keyspace.arguments import int32, integer
from aoftool.keyspace.blocking import parse_timeout_ms
from aoftool.keyspace.command import (
    DENYOOM,
    FAST,
    LOADING,
    NOSCRIPT,
    RANDOM,
    READONLY,
    SORT_FOR_SCRIPT,
    STALE,
    WRITE,
    Flags,
    command,
)
from aoftool.keyspace.context import NO_EVENT, Context, Style
from aoftool.keyspace.database import Database
from aoftool.keyspace.errors import NO_SUCH_KEY, SYNTAX, CommandError
from aoftool.keyspace.glob import compiled
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.values import copy_value, type_name

_KEY, _ALL, _TWO = Keys(1, 1), Keys(1, -1), Keys(1, 2)
_BAD_DATABASE = b"ERR DB index is out of range"
_SAME_OBJECT = b"ERR source and destination objects are the same"


# Deleting and asking.
def _delete(ctx: Context, argv: Argv, lazy: bool) -> int:
    """``delGenericCommand``."""
    db, count = ctx.db, 0
    free_later = ctx.options.free_later if lazy else None
    for key in argv[1:]:
        value = db.get(key)
        if value is not None:
            db.delete(key)
            ctx.changed(b"del", key)
            count += 1
            if free_later is not None:
                free_later(value)
    return count


@command("DEL", "key [key ...]", WRITE, _ALL, group="generic", since="1.0.0")
def del_(ctx: Context, argv: Argv) -> Reply:
    """Delete keys."""
    return _delete(ctx, argv, ctx.options.lazy_user_del)


@command("UNLINK", "key [key ...]", WRITE | FAST, _ALL, group="generic", since="4.0.0")
def unlink(ctx: Context, argv: Argv) -> Reply:
    """Delete keys, and free what they held later."""
    return _delete(ctx, argv, True)


@command("EXISTS", "key [key ...]", READONLY | FAST, _ALL, group="generic", since="1.0.0")
def exists(ctx: Context, argv: Argv) -> Reply:
    """How many of the keys there are; one named twice counts twice."""
    return sum(ctx.db.peek(key) is not None for key in argv[1:])


@command("TOUCH", "key [key ...]", READONLY | FAST, _ALL, group="generic", since="3.2.1")
def touch(ctx: Context, argv: Argv) -> Reply:
    """Count keys as used just now; how many there are."""
    return sum(ctx.db.read(key) is not None for key in argv[1:])


@command("TYPE", "key", READONLY | FAST, _KEY, group="generic", since="1.0.0")
def type_(ctx: Context, argv: Argv) -> Reply:
    """The type of the value at a key."""
    value = ctx.db.peek(argv[1])
    return Status(b"none" if value is None else type_name(value))


# Moving.
def _rename(ctx: Context, source: bytes, target: bytes, replace: bool) -> bool:
    """``renameGenericCommand``. Raises CommandError where there is no source."""
    db = ctx.db
    value = db.get(source)
    if value is None:
        raise CommandError(NO_SUCH_KEY)
    if source == target:
        return replace
    if not replace and db.get(target) is not None:
        return False
    at_ms = db.expire_at(source)
    db.delete(target)
    db.replace(target, value)
    if at_ms is not None:
        db.set_expire(target, at_ms)
    db.delete(source)
    ctx.changed(b"rename_from", source, 0)
    ctx.changed(b"rename_to", target)
    return True


@command("RENAME", "key newkey", WRITE, _TWO, group="generic", since="1.0.0")
def rename(ctx: Context, argv: Argv) -> Reply:
    """Give a key another name, over a key that has it already."""
    _rename(ctx, argv[1], argv[2], True)
    return OK


@command("RENAMENX", "key newkey", WRITE | FAST, _TWO, group="generic", since="1.0.0")
def renamenx(ctx: Context, argv: Argv) -> Reply:
    """Give a key another name unless a key has it already."""
    return int(_rename(ctx, argv[1], argv[2], False))


def _database(ctx: Context, text: bytes) -> Database:
    """The database of that number. Raises CommandError."""
    index = int32(text)
    if not 0 <= index < len(ctx.keyspace.databases):
        raise CommandError(_BAD_DATABASE)
    return ctx.keyspace.databases[index]


@command("MOVE", "key db", WRITE | FAST, _KEY, group="generic", since="1.0.0")
def move(ctx: Context, argv: Argv) -> Reply:
    """Move a key to another database unless that has one of the same name."""
    key, source, target = argv[1], ctx.db, _database(ctx, argv[2])
    if target is source:
        raise CommandError(_SAME_OBJECT)
    value = source.get(key)
    if value is None or target.get(key) is not None:
        return 0
    at_ms = source.expire_at(key)
    target.replace(key, value)
    if at_ms is not None:
        target.set_expire(key, at_ms)
    source.delete(key)
    ctx.changed(b"move_from", key, 0)
    ctx.changed(b"move_to", key, 1, target)
    return 1


@command("COPY", "source destination [DB destination-db] [REPLACE]", WRITE | DENYOOM, _TWO,
         group="generic", since="6.2.0")  # fmt: skip
def copy(ctx: Context, argv: Argv) -> Reply:
    """Copy a key with its expiry, also to another database."""
    target, replace = ctx.db, False
    words = iter(argv[3:])
    for raw in words:
        word = raw.upper()
        if word == b"REPLACE":
            replace = True
        elif word == b"DB" and (text := next(words, None)) is not None:
            target = _database(ctx, text)
        else:
            raise CommandError(SYNTAX)
    source, key = argv[1], argv[2]
    if target is ctx.db and source == key:
        raise CommandError(_SAME_OBJECT)
    value = ctx.source(source, object)
    if value is None or (not replace and target.get(key) is not None):
        return 0
    target.delete(key)
    target.replace(key, copy_value(value))
    at_ms = ctx.db.expire_at(source)
    if at_ms is not None:
        target.set_expire(key, at_ms)
    ctx.changed(b"copy_to", key, 1, target)
    return 1


# Looking at whole databases.
def alive(db: Database, key: bytes) -> bool:
    """Whether a key that is there has not expired; unlike ``get`` it never removes one."""
    at_ms = db.expires.get(key)
    return at_ms is None or at_ms > db.clock.now_ms or db.clock.paused


@command("RANDOMKEY", "", READONLY | RANDOM, group="generic", since="1.0.0")
def randomkey(ctx: Context, argv: Argv) -> Reply:
    """A key at random."""
    db = ctx.db
    while db.data:
        keys = list(db.data)
        # Mostly the first one drawn is alive; the list is made anew after one that was not.
        key = keys[ctx.rng.randrange(len(keys))]
        if db.get(key) is not None:
            return key
    return None


@command(
    "KEYS",
    "pattern",
    READONLY | SORT_FOR_SCRIPT,
    group="generic",
    since="1.0.0",
    acl="keyspace dangerous",
)
def keys(ctx: Context, argv: Argv) -> Reply:
    """All keys that match a glob pattern, in no order."""
    db = ctx.db
    if argv[1] == b"*":
        return [key for key in db.data if alive(db, key)]
    matches = compiled(argv[1])
    return [key for key in db.data if matches(key) and alive(db, key)]


@command("DBSIZE", "", READONLY | FAST, group="server", since="1.0.0", acl="keyspace")
def dbsize(ctx: Context, argv: Argv) -> Reply:
    """How many keys the database has, expired ones that still stand there included."""
    return len(ctx.db)


# Changing whole databases.
def _is_lazy(ctx: Context, argv: Argv) -> bool:
    """Whether FLUSHALL or FLUSHDB is to free later (``getFlushCommandFlags``)."""
    if len(argv) > 2 or (len(argv) == 2 and argv[1].upper() not in (b"ASYNC", b"SYNC")):
        raise CommandError(SYNTAX)
    return argv[1].upper() == b"ASYNC" if len(argv) == 2 else ctx.options.lazy_user_flush


def _tell_of_flush(ctx: Context) -> None:
    if ctx.options.on_flush is not None:
        ctx.options.on_flush()


def _clear(ctx: Context, db: Database, lazy: bool) -> None:
    free_later = ctx.options.free_later if lazy else None
    data, expires = db.data, db.expires
    ctx.changed(NO_EVENT, b"", db.clear(), db)
    if free_later is not None:
        free_later(data)
        free_later(expires)


@command("FLUSHDB", "[ASYNC | SYNC]", WRITE, group="server", since="1.0.0",
         acl="keyspace dangerous", forced=Style.REDIS_7)  # fmt: skip
def flushdb(ctx: Context, argv: Argv) -> Reply:
    """Delete all keys of the database."""
    lazy = _is_lazy(ctx, argv)
    _tell_of_flush(ctx)
    _clear(ctx, ctx.db, lazy)
    return OK


@command(
    "FLUSHALL",
    "[ASYNC | SYNC]",
    WRITE,
    group="server",
    since="1.0.0",
    acl="keyspace dangerous",
    forced=True,
)
def flushall(ctx: Context, argv: Argv) -> Reply:
    """Delete all keys of all databases."""
    lazy = _is_lazy(ctx, argv)
    _tell_of_flush(ctx)
    for db in ctx.keyspace.databases:
        _clear(ctx, db, lazy)
    if ctx.options.style is Style.REDIS_6:
        ctx.dirty += 1  # where Redis 7 forces it into the log
    return OK


@command(
    "SWAPDB", "index1 index2", WRITE | FAST, group="server", since="4.0.0", acl="keyspace dangerous"
)
def swapdb(ctx: Context, argv: Argv) -> Reply:
    """Exchange the keys of two databases."""
    first = int32(argv[1], b"ERR invalid first DB index")
    second = int32(argv[2], b"ERR invalid second DB index")
    databases = ctx.keyspace.databases
    if not 0 <= first < len(databases) or not 0 <= second < len(databases):
        raise CommandError(_BAD_DATABASE)
    ctx.keyspace.swap(first, second)
    ctx.changed(NO_EVENT, b"", 0, databases[first])
    ctx.changed(NO_EVENT, b"", 1, databases[second])
    return OK


@command("SELECT", "index", LOADING | STALE | FAST, group="connection", since="1.0.0")
def select(ctx: Context, argv: Argv) -> Reply:
    """Choose the database that the following commands work on."""
    ctx.db = _database(ctx, argv[1])
    return OK


@command(
    "WAIT",
    "numreplicas timeout",
    Flags.BLOCKING,
    group="generic",
    since="3.0.0",
    acl="connection",
    only_6=NOSCRIPT,
)
def wait(ctx: Context, argv: Argv) -> Reply:
    """How many replicas have what was written before; a keyspace alone has none."""
    integer(argv[1])
    parse_timeout_ms(ctx, argv[2])
    return 0
