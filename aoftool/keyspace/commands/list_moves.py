"""Lists (t_list.c): commands that move elements, that pop from one of several lists, that block.

The blocking ones here do what they do inside MULTI: see ``blocking``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aoftool.format.resp.replies import NULL_ARRAY, Reply
from aoftool.keyspace.arguments import integer_within
from aoftool.keyspace.blocking import parse_timeout
from aoftool.keyspace.command import BLOCKING, DENYOOM, NOSCRIPT, WRITE, Call, command, from_fact
from aoftool.keyspace.commands.lists import get_list, pop, push
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys, NumKeys
from aoftool.keyspace.numbers import INT64_MAX

_TWO_KEYS = Keys(1, 2)
_NAMES = {True: b"LPOP", False: b"RPOP"}


def _is_head(word: bytes) -> bool:
    """LEFT or RIGHT (``getListPositionFromObjectOrReply``). Raises CommandError."""
    side = word.upper()
    if side not in (b"LEFT", b"RIGHT"):
        raise CommandError(SYNTAX)
    return side == b"LEFT"


def _move(ctx: Context, source: bytes, target: bytes, from_head: bool, to_head: bool) -> Reply:
    """As ``lmoveGenericCommand``: first the push is told, then the pop."""
    giver = get_list(ctx, source)
    if giver is None:
        return None
    taker = get_list(ctx, target)
    element = giver.popleft() if from_head else giver.pop()
    push(ctx, target, taker, (element,), to_head)
    ctx.changed(b"lpush" if to_head else b"rpush", target)
    ctx.changed(b"lpop" if from_head else b"rpop", source, 0)
    ctx.drop_if_empty(source, giver)
    return element


@command("RPOPLPUSH", "source destination", WRITE | DENYOOM, _TWO_KEYS, group="list",
         since="1.2.0")  # fmt: skip
def rpoplpush(ctx: Context, argv: Argv) -> Reply:
    """Move the last element of a list before the head of another, or of the same."""
    return _move(ctx, argv[1], argv[2], False, True)


@command("LMOVE", "source destination <LEFT | RIGHT> <LEFT | RIGHT>", WRITE | DENYOOM, _TWO_KEYS,
         group="list", since="6.2.0")  # fmt: skip
def lmove(ctx: Context, argv: Argv) -> Reply:
    """Move an element from an end of a list to an end of another, or of the same."""
    from_head, to_head = _is_head(argv[3]), _is_head(argv[4])
    return _move(ctx, argv[1], argv[2], from_head, to_head)


def _without_waiting(call: Call) -> Iterable[Sequence[bytes]]:
    """BRPOPLPUSH and BLMOVE: the same command without B and timeout."""
    name = b"RPOPLPUSH" if len(call.argv) == 4 else b"LMOVE"
    return ((name, *call.argv[1:-1]),)


@command("BRPOPLPUSH", "source destination timeout", WRITE | DENYOOM | BLOCKING, _TWO_KEYS,
         group="list", since="2.2.0", only_6=NOSCRIPT, propagate=_without_waiting)  # fmt: skip
def brpoplpush(ctx: Context, argv: Argv) -> Reply:
    """RPOPLPUSH that waits for an element."""
    parse_timeout(ctx, argv[3])
    return _move(ctx, argv[1], argv[2], False, True)


@command("BLMOVE", "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout",
         WRITE | DENYOOM | BLOCKING, _TWO_KEYS, group="list", since="6.2.0",
         only_6=NOSCRIPT, propagate=_without_waiting)  # fmt: skip
def blmove(ctx: Context, argv: Argv) -> Reply:
    """LMOVE that waits for an element."""
    from_head, to_head = _is_head(argv[3]), _is_head(argv[4])
    parse_timeout(ctx, argv[5])
    return _move(ctx, argv[1], argv[2], from_head, to_head)


# Popping from the first of several lists that has elements.
def _blocking_pop(ctx: Context, argv: Argv, head: bool) -> Reply:
    """As ``blockingPopGenericCommand``; ``fact`` becomes the LPOP or RPOP that it was."""
    parse_timeout(ctx, argv[-1])
    for key in argv[1:-1]:
        value = get_list(ctx, key)
        if value is not None:
            ctx.fact = (_NAMES[head], key)
            return [key, *pop(ctx, key, value, 1, head)]
    return NULL_ARRAY


@command("BLPOP", "key [key ...] timeout", WRITE | BLOCKING, Keys(1, -2), group="list",
         since="2.0.0", only_6=NOSCRIPT, propagate=from_fact)  # fmt: skip
def blpop(ctx: Context, argv: Argv) -> Reply:
    """Remove the first element of the first list that has one, or wait for one."""
    return _blocking_pop(ctx, argv, True)


@command("BRPOP", "key [key ...] timeout", WRITE | BLOCKING, Keys(1, -2), group="list",
         since="2.0.0", only_6=NOSCRIPT, propagate=from_fact)  # fmt: skip
def brpop(ctx: Context, argv: Argv) -> Reply:
    """Remove the last element of the first list that has one, or wait for one."""
    return _blocking_pop(ctx, argv, False)


def pop_count(options: Argv) -> int:
    """[COUNT count] behind the side of LMPOP, and of ZMPOP; 1 by default. Raises CommandError."""
    if not options:
        return 1
    if len(options) < 2 or options[0].upper() != b"COUNT":
        raise CommandError(SYNTAX)
    count = integer_within(options[1], 1, INT64_MAX, b"ERR count should be greater than 0")
    if len(options) > 2:
        raise CommandError(SYNTAX)
    return count


def _pop_several(ctx: Context, argv: Argv, at: int) -> Reply:
    """As ``lmpopGenericCommand``: numkeys at ``at``; ``fact`` becomes the LPOP or RPOP.

    A timeout before numkeys is looked at last.
    """
    numkeys = integer_within(argv[at], 1, INT64_MAX, b"ERR numkeys should be greater than 0")
    where = at + numkeys + 1
    if where >= len(argv):
        raise CommandError(SYNTAX)
    head = _is_head(argv[where])
    count = pop_count(argv[where + 1 :])
    if at > 1:
        parse_timeout(ctx, argv[1])
    for key in argv[at + 1 : where]:
        value = get_list(ctx, key)
        if value is not None:
            taken = pop(ctx, key, value, count, head)
            ctx.fact = (_NAMES[head], key, b"%d" % len(taken))
            return [key, taken]
    return NULL_ARRAY


@command("LMPOP", "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]", WRITE, NumKeys(1),
         group="list", since="7.0.0", propagate=from_fact)  # fmt: skip
def lmpop(ctx: Context, argv: Argv) -> Reply:
    """Remove elements from an end of the first list that has some."""
    return _pop_several(ctx, argv, 1)


@command("BLMPOP", "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]", WRITE | BLOCKING,
         NumKeys(2), group="list", since="7.0.0", propagate=from_fact)  # fmt: skip
def blmpop(ctx: Context, argv: Argv) -> Reply:
    """LMPOP that waits for elements."""
    return _pop_several(ctx, argv, 2)
