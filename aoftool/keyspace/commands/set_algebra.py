"""Sets (t_set.c): intersections, unions, differences, and keeping them."""

from __future__ import annotations

from collections.abc import Callable

from aoftool.format.resp.replies import Reply, SetReply
from aoftool.keyspace.arguments import integer_within
from aoftool.keyspace.command import DENYOOM, READONLY, SORT_FOR_SCRIPT, WRITE, command
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys, NumKeys
from aoftool.keyspace.numbers import INT64_MAX
from aoftool.keyspace.values import SetValue

_ALL = Keys(1, -1)
_EMPTY: frozenset[bytes] = frozenset()


#: How an operation looks at its keys: ``Context.read``, or ``source`` where the result is kept.
Look = Callable[[bytes, type[SetValue]], SetValue | None]


def _intersection(ctx: Context, look: Look, keys: Argv) -> set[bytes] | frozenset[bytes]:
    """As ``sinterGenericCommand``: before 7.0 a key that is not there ends the look at the rest."""
    impatient = ctx.options.style is Style.REDIS_6
    found: list[SetValue] = []
    empty = False
    for key in keys:
        value = look(key, SetValue)
        if value is not None:
            found.append(value)
        elif impatient:
            return _EMPTY
        else:
            empty = True
    if empty:
        return _EMPTY
    first, *rest = sorted(found, key=len)
    return {member for member in first if all(member in other for other in rest)}


def _union(look: Look, keys: Argv) -> set[bytes]:
    return set().union(*[look(key, SetValue) or _EMPTY for key in keys])


def _difference(look: Look, keys: Argv) -> set[bytes]:
    first, *rest = [look(key, SetValue) or _EMPTY for key in keys]
    return set(first).difference(*rest)


def _store(
    ctx: Context, target: bytes, members: set[bytes] | frozenset[bytes], event: bytes
) -> int:
    """Keep a result as a set of its own; an empty one removes what is there."""
    if members:
        ctx.db.replace(target, SetValue(members))
        ctx.changed(event, target)
    elif ctx.db.get(target) is not None:
        ctx.db.delete(target)
        ctx.changed(b"del", target)
    return len(members)


@command("SINTER", "key [key ...]", READONLY | SORT_FOR_SCRIPT, _ALL, group="set", since="1.0.0")
def sinter(ctx: Context, argv: Argv) -> Reply:
    """The members that all of some sets have."""
    return SetReply(_intersection(ctx, ctx.read, argv[1:]))


@command("SUNION", "key [key ...]", READONLY | SORT_FOR_SCRIPT, _ALL, group="set", since="1.0.0")
def sunion(ctx: Context, argv: Argv) -> Reply:
    """The members that any of some sets has."""
    return SetReply(_union(ctx.read, argv[1:]))


@command("SDIFF", "key [key ...]", READONLY | SORT_FOR_SCRIPT, _ALL, group="set", since="1.0.0")
def sdiff(ctx: Context, argv: Argv) -> Reply:
    """The members of the first set that no other has."""
    return SetReply(_difference(ctx.read, argv[1:]))


@command("SINTERSTORE", "destination key [key ...]", WRITE | DENYOOM, _ALL, group="set",
         since="1.0.0")  # fmt: skip
def sinterstore(ctx: Context, argv: Argv) -> Reply:
    """Keep the members that all of some sets have as a set."""
    return _store(ctx, argv[1], _intersection(ctx, ctx.source, argv[2:]), b"sinterstore")


@command("SUNIONSTORE", "destination key [key ...]", WRITE | DENYOOM, _ALL, group="set",
         since="1.0.0")  # fmt: skip
def sunionstore(ctx: Context, argv: Argv) -> Reply:
    """Keep the members that any of some sets has as a set."""
    return _store(ctx, argv[1], _union(ctx.source, argv[2:]), b"sunionstore")


@command("SDIFFSTORE", "destination key [key ...]", WRITE | DENYOOM, _ALL, group="set",
         since="1.0.0")  # fmt: skip
def sdiffstore(ctx: Context, argv: Argv) -> Reply:
    """Keep the members of the first set that no other has as a set."""
    return _store(ctx, argv[1], _difference(ctx.source, argv[2:]), b"sdiffstore")


@command("SINTERCARD", "numkeys key [key ...] [LIMIT limit]", READONLY, NumKeys(1), group="set",
         since="7.0.0")  # fmt: skip
def sintercard(ctx: Context, argv: Argv) -> Reply:
    """How many members all of some sets have, counted up to a limit."""
    numkeys = integer_within(argv[1], 1, INT64_MAX, b"ERR numkeys should be greater than 0")
    if numkeys > len(argv) - 2:
        raise CommandError(b"ERR Number of keys can't be greater than number of args")
    limit = card_limit(argv[2 + numkeys :])
    count = len(_intersection(ctx, ctx.read, argv[2 : 2 + numkeys]))
    return min(count, limit) if limit else count


def card_limit(words: Argv) -> int:
    """The words [LIMIT limit] of SINTERCARD and ZINTERCARD; 0: none. Raises CommandError."""
    limit = 0
    for at in range(0, len(words), 2):
        if words[at].upper() != b"LIMIT" or at + 1 == len(words):
            raise CommandError(SYNTAX)
        limit = integer_within(words[at + 1], 0, INT64_MAX, b"ERR LIMIT can't be negative")
    return limit
