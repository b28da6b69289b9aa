"""Strings (t_string.c)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from aoftool.format.resp.replies import OK, Reply
from aoftool.keyspace.command import DENYOOM, FAST, READONLY, WRITE, Call, command, from_fact
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import (
    NOT_A_FLOAT,
    NOT_AN_INTEGER,
    OVERFLOW,
    STRING_TOO_LONG,
    SYNTAX,
    CommandError,
    wrong_arity,
)
from aoftool.keyspace.expiry import (
    EXPIRE_OPTIONS,
    already_past,
    delete_word,
    parse_expire,
    set_with_expiry,
)
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import (
    INT64_MAX,
    INT64_MIN,
    add_long_double,
    format_long_double,
    parse_int,
    parse_long_double,
)

STRING = (bytes, bytearray)
_KEY = Keys(1, 1)
_BAD_OFFSET = b"ERR offset is out of range"


def get_string(ctx: Context, key: bytes) -> bytes | None:
    """The string at ``key``, or None. Raises CommandError WRONGTYPE."""
    value = ctx.typed(key, STRING)
    return bytes(value) if type(value) is bytearray else value


def read_string(ctx: Context, key: bytes) -> bytes | None:
    """The same for a command that reads."""
    value = ctx.read(key, STRING)
    return bytes(value) if type(value) is bytearray else value


def _integer(text: bytes) -> int:
    value = parse_int(text)
    if value is None:
        raise CommandError(NOT_AN_INTEGER)
    return value


def _check_length(ctx: Context, length: int) -> None:
    if length > ctx.options.max_bulk and not ctx.trusted:
        raise CommandError(STRING_TOO_LONG)


# SET and what is short for it.
class _SetOptions:
    """The words behind SET key value (``parseExtendedStringArgumentsOrReply``)."""

    __slots__ = ("at_ms", "get", "keep_ttl", "nx", "xx")

    def __init__(self, ctx: Context, argv: Argv) -> None:
        self.nx = self.xx = self.get = self.keep_ttl = False
        self.at_ms: int | None = None
        # NX and GET came together in 7.0.
        alone = ctx.options.style is Style.REDIS_6 and not ctx.trusted
        words = iter(argv[3:])
        for raw in words:
            word = raw.upper()
            if word in EXPIRE_OPTIONS and self.at_ms is None and not self.keep_ttl:
                text = next(words, None)
                if text is None:
                    raise CommandError(SYNTAX)
                self.at_ms = parse_expire(ctx, text, *EXPIRE_OPTIONS[word], argv[0])
            elif word == b"KEEPTTL" and self.at_ms is None:
                self.keep_ttl = True
            elif word == b"NX" and not self.xx and not (alone and self.get):
                self.nx = True
            elif word == b"XX" and not self.nx:
                self.xx = True
            elif word == b"GET" and not (alone and self.nx):
                self.get = True
            else:
                raise CommandError(SYNTAX)


@command(
    "SET",
    "key value [NX | XX] [GET] [EX seconds | PX ms | EXAT seconds | PXAT ms | KEEPTTL]",
    WRITE | DENYOOM,
    _KEY,
    group="string",
    since="1.0.0",
    verbatim_argc=3,
    propagate=set_with_expiry,
    separate=True,
)
def set_(ctx: Context, argv: Argv) -> Reply:
    """Set a key to a string, whatever it held before."""
    if len(argv) == 3:
        ctx.db.replace(argv[1], argv[2])
        ctx.changed(b"set", argv[1])
        return OK
    options = _SetOptions(ctx, argv)
    key = argv[1]
    reply: Reply = read_string(ctx, key) if options.get else OK
    exists = ctx.db.get(key) is not None
    if (options.nx and exists) or (options.xx and not exists):
        return reply if options.get else None
    _store(ctx, key, argv[2], options.at_ms, options.keep_ttl)
    return reply


def _store(
    ctx: Context, key: bytes, value: bytes, at_ms: int | None, keep_ttl: bool = False
) -> None:
    """Store a string as SET does; ``fact`` becomes the expiry."""
    if keep_ttl:
        ctx.db.put(key, value)
    else:
        ctx.db.replace(key, value)
    ctx.changed(b"set", key)
    if at_ms is not None:
        ctx.db.set_expire(key, at_ms)
        ctx.changed(b"expire", key, 0)
    ctx.fact = at_ms


@command("SETNX", "key value", WRITE | DENYOOM | FAST, _KEY, group="string", since="1.0.0")
def setnx(ctx: Context, argv: Argv) -> Reply:
    """Set a key to a string unless it exists."""
    if ctx.db.get(argv[1]) is not None:
        return 0
    _store(ctx, argv[1], argv[2], None)
    return 1


@command(
    "SETEX", "key seconds value", WRITE | DENYOOM, _KEY, group="string", since="2.0.0",
    propagate=set_with_expiry, separate=True,
)  # fmt: skip
def setex(ctx: Context, argv: Argv) -> Reply:
    """Set a key to a string that expires after so many seconds."""
    _store(ctx, argv[1], argv[3], parse_expire(ctx, argv[2], 1000, False, b"setex"))
    return OK


@command(
    "PSETEX", "key ms value", WRITE | DENYOOM, _KEY, group="string", since="2.6.0",
    propagate=set_with_expiry, separate=True,
)  # fmt: skip
def psetex(ctx: Context, argv: Argv) -> Reply:
    """Set a key to a string that expires after so many milliseconds."""
    _store(ctx, argv[1], argv[3], parse_expire(ctx, argv[2], 1, False, b"psetex"))
    return OK


@command("MSET", "key value [key value ...]", WRITE | DENYOOM, Keys(1, -1, 2), group="string",
         since="1.0.1")  # fmt: skip
def mset(ctx: Context, argv: Argv) -> Reply:
    """Set several keys to strings."""
    _set_pairs(ctx, argv)
    return OK


@command("MSETNX", "key value [key value ...]", WRITE | DENYOOM, Keys(1, -1, 2), group="string",
         since="1.0.1")  # fmt: skip
def msetnx(ctx: Context, argv: Argv) -> Reply:
    """Set several keys to strings unless one of them exists."""
    if len(argv) % 2 and any(ctx.db.get(key) is not None for key in argv[1::2]):
        return 0
    _set_pairs(ctx, argv)
    return 1


def _set_pairs(ctx: Context, argv: Argv) -> None:
    if len(argv) % 2 == 0:
        if ctx.options.style is Style.REDIS_6:
            raise CommandError(b"ERR wrong number of arguments for MSET")
        raise wrong_arity(argv[0])
    keys, values = argv[1::2], argv[2::2]
    if ctx.listener is None:  # nobody asks in which order
        ctx.db.replace_all(keys, values)
        ctx.changed(b"set", keys[0], len(keys))
        return
    for key, value in zip(keys, values, strict=True):
        ctx.db.replace(key, value)
        ctx.changed(b"set", key)


# Reading.
@command("GET", "key", READONLY | FAST, _KEY, group="string", since="1.0.0")
def get(ctx: Context, argv: Argv) -> Reply:
    """The string at a key."""
    return read_string(ctx, argv[1])


@command("MGET", "key [key ...]", READONLY | FAST, Keys(1, -1), group="string", since="1.0.0")
def mget(ctx: Context, argv: Argv) -> Reply:
    """The strings at several keys; null for other kinds of value too."""
    values = (ctx.db.read(key) for key in argv[1:])
    return [bytes(value) if isinstance(value, STRING) else None for value in values]


@command("STRLEN", "key", READONLY | FAST, _KEY, group="string", since="2.2.0")
def strlen(ctx: Context, argv: Argv) -> Reply:
    """The length of a string in bytes."""
    return len(ctx.read(argv[1], STRING) or b"")


def _get_range(ctx: Context, argv: Argv) -> Reply:
    start, stop = _integer(argv[2]), _integer(argv[3])
    value = read_string(ctx, argv[1]) or b""
    size = len(value)
    if start < 0 and stop < 0 and start > stop:
        return b""
    start = max(start + size, 0) if start < 0 else start
    stop = max(stop + size, 0) if stop < 0 else min(stop, size - 1)
    return value[start : stop + 1] if size else b""


@command("GETRANGE", "key start end", READONLY, _KEY, group="string", since="2.4.0")
def getrange(ctx: Context, argv: Argv) -> Reply:
    """A part of a string, by indexes that may count from its end."""
    return _get_range(ctx, argv)


@command("SUBSTR", "key start end", READONLY, _KEY, group="string", since="1.0.0")
def substr(ctx: Context, argv: Argv) -> Reply:
    """The old name of GETRANGE."""
    return _get_range(ctx, argv)


# Reading and changing.
def _as_set(call: Call) -> Iterable[Sequence[bytes]]:
    """GETSET: Redis 7 logs the SET that it is."""
    if call.ctx.options.style is Style.REDIS_6:
        return (call.argv,)
    return ((b"SET", call.argv[1], call.argv[2]),)


@command("GETSET", "key value", WRITE | DENYOOM | FAST, _KEY, group="string", since="1.0.0",
         propagate=_as_set)  # fmt: skip
def getset(ctx: Context, argv: Argv) -> Reply:
    """Set a key to a string and return what it held."""
    old = read_string(ctx, argv[1])
    _store(ctx, argv[1], argv[2], None)
    return old


def _as_del(call: Call) -> Iterable[Sequence[bytes]]:
    return ((b"DEL", call.argv[1]),)


@command("GETDEL", "key", WRITE | FAST, _KEY, group="string", since="6.2.0", propagate=_as_del)
def getdel(ctx: Context, argv: Argv) -> Reply:
    """Return a string and delete its key."""
    value = read_string(ctx, argv[1])
    if value is not None:
        ctx.db.delete(argv[1])
        ctx.changed(b"del", argv[1])
    return value


@command("GETEX", "key [EX seconds | PX ms | EXAT seconds | PXAT ms | PERSIST]", WRITE | FAST, _KEY,
         group="string", since="6.2.0", propagate=from_fact)  # fmt: skip
def getex(ctx: Context, argv: Argv) -> Reply:
    """Return a string and change or remove its expiry."""
    key, at_ms, option = argv[1], None, b"".join(argv[2:3]).upper()
    timed = len(argv) == 4 and option in EXPIRE_OPTIONS
    persist = len(argv) == 3 and option == b"PERSIST"
    if len(argv) > 2 and not timed and not persist:
        raise CommandError(SYNTAX)
    value = read_string(ctx, key)
    if value is None:
        return None
    if timed:
        at_ms = parse_expire(ctx, argv[3], *EXPIRE_OPTIONS[option], b"getex")
    if persist and ctx.db.persist(key):
        ctx.fact = (b"PERSIST", key)
        ctx.changed(b"persist", key)
    elif at_ms is not None and already_past(ctx, at_ms):
        ctx.fact = (delete_word(ctx), key)
        ctx.db.delete(key)
        ctx.changed(b"del", key)
    elif at_ms is not None:
        ctx.fact = (b"PEXPIREAT", key, b"%d" % at_ms)
        ctx.db.set_expire(key, at_ms)
        ctx.changed(b"expire", key)
    return value


@command("APPEND", "key value", WRITE | DENYOOM | FAST, _KEY, group="string", since="2.0.0")
def append(ctx: Context, argv: Argv) -> Reply:
    """Add to the end of a string."""
    key, more = argv[1], argv[2]
    value = ctx.typed(key, STRING)
    if value is None:
        ctx.db.put(key, more)
    else:
        _check_length(ctx, len(value) + len(more))
        value = editable(ctx, key, value)
        value += more
    ctx.changed(b"append", key)
    return len(value) if value is not None else len(more)


def editable(ctx: Context, key: bytes, value: Any) -> bytearray:
    """The string at ``key`` in a form that can be changed in place; ``value`` None: a new one."""
    if type(value) is bytearray:
        return value
    changed = bytearray(value or b"")
    ctx.db.put(key, changed)
    return changed


@command("SETRANGE", "key offset value", WRITE | DENYOOM, _KEY, group="string", since="2.2.0")
def setrange(ctx: Context, argv: Argv) -> Reply:
    """Write over a part of a string, padding it with zero bytes where it is too short."""
    key, offset, patch = argv[1], _integer(argv[2]), argv[3]
    if offset < 0:
        raise CommandError(_BAD_OFFSET)
    value = ctx.typed(key, STRING)
    if not patch:
        return len(value or b"")
    _check_length(ctx, offset + len(patch))
    value = editable(ctx, key, value)
    if len(value) < offset:
        value.extend(bytes(offset - len(value)))
    value[offset : offset + len(patch)] = patch
    ctx.changed(b"setrange", key)
    return len(value)


# Counting.
def _count(ctx: Context, key: bytes, step: int) -> Reply:
    """Add ``step`` to the integer at ``key`` (``incrDecrCommand``)."""
    text = get_string(ctx, key)
    total = (0 if text is None else _integer(text)) + step
    if not INT64_MIN <= total <= INT64_MAX:
        raise CommandError(OVERFLOW)
    ctx.db.put(key, b"%d" % total)
    ctx.changed(b"incrby", key)
    return total


@command("INCR", "key", WRITE | DENYOOM | FAST, _KEY, group="string", since="1.0.0")
def incr(ctx: Context, argv: Argv) -> Reply:
    """Add 1 to an integer."""
    return _count(ctx, argv[1], 1)


@command("DECR", "key", WRITE | DENYOOM | FAST, _KEY, group="string", since="1.0.0")
def decr(ctx: Context, argv: Argv) -> Reply:
    """Take 1 from an integer."""
    return _count(ctx, argv[1], -1)


@command("INCRBY", "key increment", WRITE | DENYOOM | FAST, _KEY, group="string", since="1.0.0")
def incrby(ctx: Context, argv: Argv) -> Reply:
    """Add to an integer."""
    return _count(ctx, argv[1], _integer(argv[2]))


@command("DECRBY", "key decrement", WRITE | DENYOOM | FAST, _KEY, group="string", since="1.0.0")
def decrby(ctx: Context, argv: Argv) -> Reply:
    """Take from an integer."""
    step = -_integer(argv[2])
    if step > INT64_MAX:
        if ctx.options.style is not Style.REDIS_6:
            raise CommandError(b"ERR decrement would overflow")
        step = INT64_MIN  # before 7.0 the negation overflows in C, back to where it was
    return _count(ctx, argv[1], step)


def _as_result(call: Call) -> Iterable[Sequence[bytes]]:
    assert isinstance(call.reply, bytes)
    return ((b"SET", call.argv[1], call.reply, b"KEEPTTL"),)


@command("INCRBYFLOAT", "key increment", WRITE | DENYOOM | FAST, _KEY, group="string",
         since="2.6.0", propagate=_as_result)  # fmt: skip
def incrbyfloat(ctx: Context, argv: Argv) -> Reply:
    """Add to a number with a fraction, in x86 long doubles."""
    key = argv[1]
    text = get_string(ctx, key)
    value = Fraction(0) if text is None else parse_long_double(text)
    step = parse_long_double(argv[2])
    if value is None or step is None:
        raise CommandError(NOT_A_FLOAT)
    total = add_long_double(value, step)
    if total is None:
        raise CommandError(b"ERR increment would produce NaN or Infinity")
    result = format_long_double(total)
    ctx.db.put(key, result)
    ctx.changed(b"incrbyfloat", key)
    return result
