"""Sorted sets (t_zset.c): taking the members with the lowest or highest scores.

The blocking ones here do what they do inside MULTI: see ``blocking``.
"""

from __future__ import annotations

from collections.abc import Iterable

from aoftool.format.resp.replies import NULL_ARRAY, Reply
from aoftool.keyspace.arguments import integer, integer_within
from aoftool.keyspace.blocking import parse_timeout
from aoftool.keyspace.command import BLOCKING, FAST, NOSCRIPT, WRITE, command, from_fact
from aoftool.keyspace.commands.zsets import entries_reply, get_zset, remove_members
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import MUST_BE_POSITIVE, SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys, NumKeys
from aoftool.keyspace.numbers import INT64_MAX
from aoftool.keyspace.values import ZSetValue

_KEY = Keys(1, 1)
_BAD_NUMKEYS = b"ERR numkeys should be greater than 0"
_BAD_COUNT = b"ERR count should be greater than 0"


def _take(
    ctx: Context, key: bytes, value: ZSetValue, count: int, highest: bool
) -> list[tuple[float, bytes]]:
    """Remove up to ``count`` members from an end, which is at the front of what is returned."""
    order = value.order
    if highest:
        taken = order[: -count - 1 : -1] if count < len(order) else order[::-1]
    else:
        taken = order[:count]
    event = b"zpopmax" if highest else b"zpopmin"
    remove_members(ctx, key, value, [member for _, member in taken], event)
    return taken


# One key.
def _pop(ctx: Context, argv: Argv, highest: bool) -> Reply:
    """ZPOPMIN and ZPOPMAX (``genericZpopCommand``)."""
    if len(argv) > 3:
        raise CommandError(SYNTAX)
    counted = len(argv) == 3
    count = 1
    if counted and ctx.options.style is Style.REDIS_6:
        count = integer(argv[2])
        if count <= 0:
            return []
    elif counted:
        count = integer_within(argv[2], 0, INT64_MAX, MUST_BE_POSITIVE)
    value = get_zset(ctx, argv[1])
    if value is None or not count:
        return []
    taken = _take(ctx, argv[1], value, count, highest)
    if not counted:
        score, member = taken[0]
        return [member, score]
    return entries_reply(ctx, taken, True)


@command("ZPOPMIN", "key [count]", WRITE | FAST, _KEY, group="sorted-set", since="5.0.0")
def zpopmin(ctx: Context, argv: Argv) -> Reply:
    """Remove and return the members with the lowest scores."""
    return _pop(ctx, argv, False)


@command("ZPOPMAX", "key [count]", WRITE | FAST, _KEY, group="sorted-set", since="5.0.0")
def zpopmax(ctx: Context, argv: Argv) -> Reply:
    """Remove and return the members with the highest scores."""
    return _pop(ctx, argv, True)


# The first key of several that has members; ``fact`` becomes what the AOF must hold.
def _first(ctx: Context, keys: Iterable[bytes]) -> tuple[bytes, ZSetValue] | None:
    """The first key that exists, with its sorted set. Raises CommandError WRONGTYPE."""
    for key in keys:
        value = get_zset(ctx, key)
        if value is not None:
            return key, value
    return None


def _blocking_pop(ctx: Context, argv: Argv, highest: bool) -> Reply:
    """BZPOPMIN and BZPOPMAX (``blockingGenericZpopCommand``)."""
    parse_timeout(ctx, argv[-1])
    found = _first(ctx, argv[1:-1])
    if found is None:
        return NULL_ARRAY
    key, value = found
    ((score, member),) = _take(ctx, key, value, 1, highest)
    ctx.fact = (b"ZPOPMAX" if highest else b"ZPOPMIN", key)
    return [key, member, score]


@command("BZPOPMIN", "key [key ...] timeout", WRITE | FAST | BLOCKING, Keys(1, -2),
         group="sorted-set", since="5.0.0", only_6=NOSCRIPT, propagate=from_fact)  # fmt: skip
def bzpopmin(ctx: Context, argv: Argv) -> Reply:
    """ZPOPMIN of the first key that has members, or wait for one."""
    return _blocking_pop(ctx, argv, False)


@command("BZPOPMAX", "key [key ...] timeout", WRITE | FAST | BLOCKING, Keys(1, -2),
         group="sorted-set", since="5.0.0", only_6=NOSCRIPT, propagate=from_fact)  # fmt: skip
def bzpopmax(ctx: Context, argv: Argv) -> Reply:
    """ZPOPMAX of the first key that has members, or wait for one."""
    return _blocking_pop(ctx, argv, True)


def _multi_pop(ctx: Context, argv: Argv, at: int) -> Reply:
    """ZMPOP and BZMPOP, whose number of keys stands at ``at`` (``zmpopGenericCommand``).

    A timeout stands before it.
    """
    numkeys = integer_within(argv[at], 1, INT64_MAX, _BAD_NUMKEYS)
    where = at + 1 + numkeys
    side = argv[where].upper() if where < len(argv) else b""
    if side not in (b"MIN", b"MAX"):
        raise CommandError(SYNTAX)
    options = argv[where + 1 :]
    count = 1
    if options:
        if len(options) < 2 or options[0].upper() != b"COUNT":
            raise CommandError(SYNTAX)
        count = integer_within(options[1], 1, INT64_MAX, _BAD_COUNT)
        if len(options) > 2:
            raise CommandError(SYNTAX)
    if at > 1:
        parse_timeout(ctx, argv[1])
    found = _first(ctx, argv[at + 1 : where])
    if found is None:
        return NULL_ARRAY
    key, value = found
    taken = _take(ctx, key, value, count, side == b"MAX")
    ctx.fact = (b"ZPOP" + side, key, b"%d" % len(taken))
    return [key, [[member, score] for score, member in taken]]


@command("ZMPOP", "numkeys key [key ...] <MIN | MAX> [COUNT count]", WRITE, NumKeys(1),
         group="sorted-set", since="7.0.0", propagate=from_fact)  # fmt: skip
def zmpop(ctx: Context, argv: Argv) -> Reply:
    """Remove and return members from an end of the first sorted set that has any."""
    return _multi_pop(ctx, argv, 1)


@command("BZMPOP", "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]", WRITE | BLOCKING,
         NumKeys(2), group="sorted-set", since="7.0.0", propagate=from_fact)  # fmt: skip
def bzmpop(ctx: Context, argv: Argv) -> Reply:
    """ZMPOP that waits for members."""
    return _multi_pop(ctx, argv, 2)
