"""Sets (t_set.c): members, random members, SSCAN. What combines sets is in ``set_algebra``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aoftool.format.resp.replies import Reply, SetReply
from aoftool.keyspace.arguments import integer_within
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
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.encodings import take_out_of_set
from aoftool.keyspace.errors import MUST_BE_POSITIVE, SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import INT64_MAX
from aoftool.keyspace.scan import parse_cursor, parse_scan_options, scan_page, scan_reply
from aoftool.keyspace.values import SetValue

_KEY = Keys(1, 1)
#: Members that one SREM of a popped set has at most in 7.x (``propagate_size`` in spopWithCount).
_SREM_BATCH = 1024
#: ``set-max-intset-entries``: so many members SSCAN may return at once.
_COMPACT = 512


def get_set(ctx: Context, key: bytes) -> SetValue | None:
    """The set at ``key``, or None. Raises CommandError WRONGTYPE."""
    value: SetValue | None = ctx.typed(key, SetValue)
    return value


def read_set(ctx: Context, key: bytes) -> SetValue | None:
    """The same for a command that reads."""
    value: SetValue | None = ctx.read(key, SetValue)
    return value


# Members.
@command("SADD", "key member [member ...]", WRITE | DENYOOM | FAST, _KEY, group="set",
         since="1.0.0")  # fmt: skip
def sadd(ctx: Context, argv: Argv) -> Reply:
    """Add members to a set."""
    key = argv[1]
    value = get_set(ctx, key)
    if value is None:
        value = SetValue(argv[2:])
        ctx.db.put(key, value)
        added = len(value)
    else:
        added = value.add_all(argv[2:])
        if not added:
            return 0
    ctx.changed(b"sadd", key, added)
    return added


@command("SREM", "key member [member ...]", WRITE | FAST, _KEY, group="set", since="1.0.0")
def srem(ctx: Context, argv: Argv) -> Reply:
    """Remove members from a set."""
    key = argv[1]
    value = get_set(ctx, key)
    if value is None:
        return 0
    gone = [member for member in dict.fromkeys(argv[2:]) if member in value]
    removed = value.remove_all(gone)
    if removed:
        take_out_of_set(ctx, value, gone)
        ctx.changed(b"srem", key, removed)
        ctx.drop_if_empty(key, value)
    return removed


@command("SMOVE", "source destination member", WRITE | FAST, Keys(1, 2), group="set",
         since="1.0.0")  # fmt: skip
def smove(ctx: Context, argv: Argv) -> Reply:
    """Move a member from a set to another."""
    source, target, member = argv[1:4]
    giver = get_set(ctx, source)
    if giver is None:
        return 0
    taker = get_set(ctx, target)
    if giver is taker:
        return int(member in giver)
    if not giver.remove_all((member,)):
        return 0
    take_out_of_set(ctx, giver, (member,))
    ctx.changed(b"srem", source)
    ctx.drop_if_empty(source, giver)
    if taker is None:
        taker = SetValue()
        ctx.db.put(target, taker)
    if taker.add_all((member,)):
        ctx.changed(b"sadd", target)
    return 1


@command("SISMEMBER", "key member", READONLY | FAST, _KEY, group="set", since="1.0.0")
def sismember(ctx: Context, argv: Argv) -> Reply:
    """Whether a set has a member."""
    return int(argv[2] in (read_set(ctx, argv[1]) or ()))


@command("SMISMEMBER", "key member [member ...]", READONLY | FAST, _KEY, group="set",
         since="6.2.0")  # fmt: skip
def smismember(ctx: Context, argv: Argv) -> Reply:
    """Whether a set has each of some members."""
    value = read_set(ctx, argv[1]) or ()
    return [int(member in value) for member in argv[2:]]


@command("SCARD", "key", READONLY | FAST, _KEY, group="set", since="1.0.0")
def scard(ctx: Context, argv: Argv) -> Reply:
    """How many members a set has."""
    return len(read_set(ctx, argv[1]) or ())


@command("SMEMBERS", "key", READONLY | SORT_FOR_SCRIPT, _KEY, group="set", since="1.0.0")
def smembers(ctx: Context, argv: Argv) -> Reply:
    """All members of a set."""
    return SetReply(read_set(ctx, argv[1]) or ())


# Members at random.
#: ``SPOP_MOVE_STRATEGY_MUL``
_MOVE_RATHER = 5


def _as_removals(call: Call) -> Iterable[Sequence[bytes]]:
    """SPOP: the members that went; ``fact``: they, or None where all went by a count."""
    ctx, key, members = call.ctx, call.argv[1], call.ctx.fact
    if members is None:
        lazy = ctx.options.lazy_server_del and ctx.options.style is not Style.REDIS_6
        return ((b"UNLINK" if lazy else b"DEL", key),)
    batch = 1 if ctx.options.style is Style.REDIS_6 else _SREM_BATCH
    return [
        (b"SREM", key, *members[start : start + batch]) for start in range(0, len(members), batch)
    ]


@command("SPOP", "key [count]", WRITE | FAST | RANDOM, _KEY, group="set", since="1.0.0",
         propagate=_as_removals)  # fmt: skip
def spop(ctx: Context, argv: Argv) -> Reply:
    """Remove and return a member at random, or several."""
    key = argv[1]
    if len(argv) > 2:
        return _pop_several(ctx, argv)
    value = get_set(ctx, key)
    if value is None:
        return None
    member = value.take(ctx.rng)
    take_out_of_set(ctx, value, (member,))
    ctx.fact = (member,)
    ctx.changed(b"spop", key)
    ctx.drop_if_empty(key, value)
    return member


def _pop_several(ctx: Context, argv: Argv) -> Reply:
    """As ``spopWithCountCommand``."""
    if len(argv) > 3:
        raise CommandError(SYNTAX)
    key, count = argv[1], integer_within(argv[2], 0, INT64_MAX, MUST_BE_POSITIVE)
    value = get_set(ctx, key)
    if value is None or not count:
        return SetReply()
    if count >= len(value):
        members: list[bytes] = list(value)
        ctx.changed(b"spop", key, len(members))
        ctx.db.delete(key)
        ctx.changed(b"del", key, 0)
    else:
        rng = ctx.rng
        members = [value.take(rng) for _ in range(count)]
        if len(value) * _MOVE_RATHER > count:
            take_out_of_set(ctx, value, members)
        else:
            value.outgrew = 0  # what stays is put into a new set
        ctx.fact = members
        ctx.changed(b"spop", key, count)
    return SetReply(members)


@command("SRANDMEMBER", "key [count]", READONLY | RANDOM, _KEY, group="set", since="1.0.0")
def srandmember(ctx: Context, argv: Argv) -> Reply:
    """A member at random; or several different ones; or, by a count below 0, several of any."""
    if len(argv) == 2:
        value = read_set(ctx, argv[1])
        return None if value is None else ctx.rng.choice(value.order())
    if len(argv) > 3:
        raise CommandError(SYNTAX)
    count = integer_within(argv[2], -INT64_MAX, INT64_MAX)
    value = read_set(ctx, argv[1])
    return [] if value is None else list(pick(ctx, value.order(), count))


def pick(ctx: Context, elements: list[bytes], count: int) -> list[bytes]:
    """``count`` elements at random: different ones, or any where ``count`` is negative."""
    if count < 0:
        return ctx.rng.choices(elements, k=-count)
    return list(elements) if count >= len(elements) else ctx.rng.sample(elements, count)


@command("SSCAN", "key cursor [MATCH pattern] [COUNT count]", READONLY | RANDOM, _KEY, group="set",
         since="2.8.0")  # fmt: skip
def sscan(ctx: Context, argv: Argv) -> Reply:
    """Walk over the members of a set in pages."""
    cursor = parse_cursor(argv[2])
    value = read_set(ctx, argv[1])
    if value is None:
        return scan_reply(0, ())
    options = parse_scan_options(ctx, argv[3:])
    return scan_reply(*scan_page(ctx, argv[1], value, cursor, options, at_once=_COMPACT))
