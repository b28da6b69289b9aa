"""Hashes (t_hash.c). What lets fields expire is in ``hash_fields``."""

from __future__ import annotations

from fractions import Fraction

from aoftool.format.resp.replies import OK, MapReply, Reply
from aoftool.keyspace.arguments import integer, integer_within
from aoftool.keyspace.command import (
    DENYOOM,
    FAST,
    RANDOM,
    READONLY,
    SORT_FOR_SCRIPT,
    WRITE,
    Call,
    command,
)
from aoftool.keyspace.commands.sets import pick
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.encodings import take_out_of_hash, write_over
from aoftool.keyspace.errors import (
    NOT_A_FLOAT,
    OUT_OF_RANGE,
    OVERFLOW,
    SYNTAX,
    CommandError,
    wrong_arity,
)
from aoftool.keyspace.fields import expire_fields, persist_field, remove_field
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import (
    INT64_MAX,
    INT64_MIN,
    add_long_double,
    format_long_double,
    parse_int,
    parse_long_double,
)
from aoftool.keyspace.scan import parse_cursor, parse_scan_options, scan_page, scan_reply
from aoftool.keyspace.values import HashValue

_KEY = Keys(1, 1)
#: ``hash-max-listpack-entries``: so many fields HSCAN may return at once.
_COMPACT = 512
_PRODUCES_NAN = b"ERR increment would produce NaN or Infinity"


def get_hash(ctx: Context, key: bytes) -> HashValue | None:
    """The hash at ``key``, or None; fields whose time has passed are removed from it first.

    Raises CommandError WRONGTYPE.
    """
    return _fresh(ctx, key, ctx.typed(key, HashValue))


def read_hash(ctx: Context, key: bytes) -> HashValue | None:
    """The same for a command that reads."""
    return _fresh(ctx, key, ctx.read(key, HashValue))


def _fresh(ctx: Context, key: bytes, value: HashValue | None) -> HashValue | None:
    if (
        value is not None
        and value.expires
        and not ctx.trusted
        and not expire_fields(ctx.db, key, value)
    ):
        return None
    return value


def writable_hash(ctx: Context, key: bytes) -> HashValue:
    """The hash at ``key``, a new one where there is none. Raises CommandError WRONGTYPE."""
    value = get_hash(ctx, key)
    if value is None:
        value = HashValue()
        ctx.db.put(key, value)
    return value


# Setting.
def _set_fields(ctx: Context, argv: Argv) -> int:
    """Set the pairs behind the key, without their expiries; how many fields are new."""
    if len(argv) % 2:
        raise wrong_arity(argv[0])
    key = argv[1]
    value = get_hash(ctx, key)
    if value is not None and value.expires is None and len(argv) == 4:
        old = value.get(argv[2])  # the hot path: one field of a hash that is there
        value[argv[2]] = argv[3]
        ctx.changed(b"hset", key)
        if old is None:
            return 1
        if len(old) > len(argv[3]):  # else what stands there now says as much
            write_over(ctx, value, (old,))
        return 0
    if value is None:
        value = HashValue(zip(argv[2::2], argv[3::2], strict=True))
        ctx.db.put(key, value)
        created = len(value)
    else:
        before = len(value)
        if not ctx.trusted:
            take_out_of_hash(ctx, value, argv[2::2])
        value.update(zip(argv[2::2], argv[3::2], strict=True))
        created = len(value) - before
        if value.expires is not None:
            for name in argv[2::2]:
                persist_field(value, name)
    pairs = (len(argv) - 2) // 2
    if created < pairs:
        write_over(ctx, value, argv[2:])
    ctx.changed(b"hset", key, pairs)
    return created


@command("HSET", "key field value [field value ...]", WRITE | DENYOOM | FAST, _KEY, group="hash",
         since="2.0.0")  # fmt: skip
def hset(ctx: Context, argv: Argv) -> Reply:
    """Set fields of a hash; how many are new."""
    return _set_fields(ctx, argv)


@command("HMSET", "key field value [field value ...]", WRITE | DENYOOM | FAST, _KEY, group="hash",
         since="2.0.0")  # fmt: skip
def hmset(ctx: Context, argv: Argv) -> Reply:
    """Set fields of a hash."""
    _set_fields(ctx, argv)
    return OK


@command("HSETNX", "key field value", WRITE | DENYOOM | FAST, _KEY, group="hash", since="2.0.0")
def hsetnx(ctx: Context, argv: Argv) -> Reply:
    """Set a field of a hash unless it exists."""
    value = writable_hash(ctx, argv[1])
    if argv[2] in value:
        if ctx.options.style is Style.REDIS_6:
            write_over(ctx, value, argv[2:])  # it makes room before it looks
        return 0
    value[argv[2]] = argv[3]
    ctx.changed(b"hset", argv[1])
    return 1


@command("HDEL", "key field [field ...]", WRITE | FAST, _KEY, group="hash", since="2.0.0")
def hdel(ctx: Context, argv: Argv) -> Reply:
    """Remove fields from a hash."""
    key = argv[1]
    value = get_hash(ctx, key)
    if value is None:
        return 0
    take_out_of_hash(ctx, value, argv[2:])
    removed = sum([remove_field(value, name) for name in argv[2:]])
    if removed:
        ctx.changed(b"hdel", key, removed)
        ctx.drop_if_empty(key, value)
    return removed


# Counting.
@command("HINCRBY", "key field increment", WRITE | DENYOOM | FAST, _KEY, group="hash",
         since="2.0.0")  # fmt: skip
def hincrby(ctx: Context, argv: Argv) -> Reply:
    """Add to the integer in a field; its expiry stays."""
    _, key, name, text = argv
    step = integer(text)
    value = get_hash(ctx, key)
    old = b"0" if value is None else value.get(name, b"0")
    total = parse_int(old)
    if total is None:
        raise CommandError(b"ERR hash value is not an integer")
    total += step
    if not INT64_MIN <= total <= INT64_MAX:
        raise CommandError(OVERFLOW)
    if value is None:
        value = writable_hash(ctx, key)
    value[name] = b"%d" % total
    ctx.changed(b"hincrby", key)
    return total


def _as_result(call: Call) -> list[list[bytes]]:
    """HINCRBYFLOAT: HSET of the result.

    That takes the field's expiry away. 7.4 leaves it at that, so that its AOF forgets it; here it
    is set again.
    """
    assert isinstance(call.reply, bytes)
    _, key, name = call.argv[:3]
    commands = [[b"HSET", key, name, call.reply]]
    if call.ctx.fact is not None:
        commands.append([b"HPEXPIREAT", key, b"%d" % call.ctx.fact, b"FIELDS", b"1", name])
    return commands


@command("HINCRBYFLOAT", "key field increment", WRITE | DENYOOM | FAST, _KEY, group="hash",
         since="2.6.0", propagate=_as_result)  # fmt: skip
def hincrbyfloat(ctx: Context, argv: Argv) -> Reply:
    """Add to the number with a fraction in a field, in x86 long doubles; its expiry stays."""
    _, key, name, text = argv
    step = parse_long_double(text)
    if step is None:
        raise CommandError(NOT_A_FLOAT)
    if isinstance(step, float):
        raise CommandError(b"ERR value is NaN or Infinity")
    value = get_hash(ctx, key)
    old = None if value is None else value.get(name)
    total = Fraction(0) if old is None else parse_long_double(old)
    if total is None:
        raise CommandError(b"ERR hash value is not a float")
    total = add_long_double(total, step)
    if total is None:
        raise CommandError(_PRODUCES_NAN)
    result = format_long_double(total)
    if value is None:
        value = writable_hash(ctx, key)
    value[name] = result
    ctx.changed(b"hincrbyfloat", key)
    ctx.fact = value.expires.get(name) if value.expires else None
    return result


# Reading.
@command("HGET", "key field", READONLY | FAST, _KEY, group="hash", since="2.0.0")
def hget(ctx: Context, argv: Argv) -> Reply:
    """The value of a field."""
    value = read_hash(ctx, argv[1])
    return None if value is None else value.get(argv[2])


@command("HMGET", "key field [field ...]", READONLY | FAST, _KEY, group="hash", since="2.0.0")
def hmget(ctx: Context, argv: Argv) -> Reply:
    """The values of several fields."""
    value = read_hash(ctx, argv[1]) or HashValue()
    return [value.get(name) for name in argv[2:]]


@command("HGETALL", "key", READONLY | SORT_FOR_SCRIPT, _KEY, group="hash", since="2.0.0")
def hgetall(ctx: Context, argv: Argv) -> Reply:
    """All fields of a hash with their values."""
    value = read_hash(ctx, argv[1]) or HashValue()
    return MapReply([word for pair in value.items() for word in pair])


@command("HKEYS", "key", READONLY | SORT_FOR_SCRIPT, _KEY, group="hash", since="2.0.0")
def hkeys(ctx: Context, argv: Argv) -> Reply:
    """All fields of a hash."""
    return list(read_hash(ctx, argv[1]) or ())


@command("HVALS", "key", READONLY | SORT_FOR_SCRIPT, _KEY, group="hash", since="2.0.0")
def hvals(ctx: Context, argv: Argv) -> Reply:
    """The values of all fields of a hash."""
    return list((read_hash(ctx, argv[1]) or HashValue()).values())


@command("HLEN", "key", READONLY | FAST, _KEY, group="hash", since="2.0.0")
def hlen(ctx: Context, argv: Argv) -> Reply:
    """How many fields a hash has."""
    return len(read_hash(ctx, argv[1]) or ())


@command("HEXISTS", "key field", READONLY | FAST, _KEY, group="hash", since="2.0.0")
def hexists(ctx: Context, argv: Argv) -> Reply:
    """Whether a hash has a field."""
    return int(argv[2] in (read_hash(ctx, argv[1]) or ()))


@command("HSTRLEN", "key field", READONLY | FAST, _KEY, group="hash", since="3.2.0")
def hstrlen(ctx: Context, argv: Argv) -> Reply:
    """The length of a field's value in bytes."""
    value = read_hash(ctx, argv[1])
    return 0 if value is None else len(value.get(argv[2], b""))


@command("HRANDFIELD", "key [count [WITHVALUES]]", READONLY | RANDOM, _KEY, group="hash",
         since="6.2.0")  # fmt: skip
def hrandfield(ctx: Context, argv: Argv) -> Reply:
    """A field at random; or several different ones; or, by a count below 0, several of any."""
    if len(argv) == 2:
        value = read_hash(ctx, argv[1])
        return None if value is None else ctx.rng.choice(list(value))
    count = integer_within(argv[2], -INT64_MAX, INT64_MAX)
    with_values = len(argv) == 4 and argv[3].upper() == b"WITHVALUES"
    if len(argv) > 3 and not with_values:
        raise CommandError(SYNTAX)
    if with_values and abs(count) > INT64_MAX // 2:
        raise CommandError(OUT_OF_RANGE)
    value = read_hash(ctx, argv[1])
    if value is None:
        return []
    names = pick(ctx, list(value), count)
    if not with_values:
        return list(names)
    if ctx.resp3:
        return [[name, value[name]] for name in names]
    return [word for name in names for word in (name, value[name])]


@command("HSCAN", "key cursor [MATCH pattern] [COUNT count] [NOVALUES]", READONLY | RANDOM, _KEY,
         group="hash", since="2.8.0")  # fmt: skip
def hscan(ctx: Context, argv: Argv) -> Reply:
    """Walk over the fields of a hash, with or without their values, in pages."""
    cursor = parse_cursor(argv[2])
    value = read_hash(ctx, argv[1])
    if value is None:
        return scan_reply(0, ())
    options = parse_scan_options(ctx, argv[3:], fields=True)
    cursor, names = scan_page(ctx, argv[1], value, cursor, options, at_once=_COMPACT)
    if not options.values:
        return scan_reply(cursor, names)
    return scan_reply(cursor, [word for name in names for word in (name, value[name])])
