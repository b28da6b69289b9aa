"""Sorted sets (t_zset.c): adding members, changing their scores, removing them by name."""

from __future__ import annotations

from dataclasses import dataclass

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import DENYOOM, FAST, WRITE, command
from aoftool.keyspace.commands.zsets import get_zset, remove_members, stored_zero
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import NOT_A_FLOAT, SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import parse_float
from aoftool.keyspace.values import ZSetValue

_KEY = Keys(1, 1)


@dataclass(slots=True)
class _Options:
    """The words before the first score; ``at`` is where that stands."""

    at: int = 2
    nx: bool = False
    xx: bool = False
    gt: bool = False
    lt: bool = False
    ch: bool = False
    incr: bool = False


_PLAIN = _Options()
_WORDS = {word.upper().encode(): word for word in ("nx", "xx", "gt", "lt", "ch", "incr")}
#: What a score begins with that cannot be an option.
_DIGITS = frozenset(bytes((byte,)) for byte in b"0123456789-+.")


def _parse_options(argv: Argv) -> _Options:
    options = _Options()
    for word in argv[2:]:
        name = _WORDS.get(word.upper())
        if name is None:
            break
        setattr(options, name, True)
        options.at += 1
    return options


def _check_options(options: _Options, pairs: int) -> None:
    if options.nx and options.xx:
        raise CommandError(b"ERR XX and NX options at the same time are not compatible")
    if options.nx + options.gt + options.lt > 1:
        raise CommandError(b"ERR GT, LT, and/or NX options at the same time are not compatible")
    if options.incr and pairs > 1:
        raise CommandError(b"ERR INCR option supports a single increment-element pair")


@command("ZADD", "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
         WRITE | DENYOOM | FAST, _KEY, group="sorted-set", since="1.2.0")  # fmt: skip
def zadd(ctx: Context, argv: Argv) -> Reply:
    """Add members with their scores, or change the scores of those that are there."""
    if argv[2][:1] in _DIGITS:
        return _add_one(ctx, argv) if len(argv) == 4 else _add(ctx, argv)
    options = _parse_options(argv)
    at = options.at
    if (len(argv) - at) % 2 or len(argv) == at:
        raise CommandError(SYNTAX)
    _check_options(options, (len(argv) - at) // 2)
    scores = _scores(argv[at::2])
    members = argv[at + 1 :: 2]
    value = get_zset(ctx, argv[1])
    if options.incr:
        return _add_to(ctx, argv[1], value, scores[0], members[0], options)
    return _add_some(ctx, argv[1], value, scores, members, options)


def _scores(texts: Argv) -> list[float]:
    """Scores from their texts. Raises CommandError."""
    scores = []
    for text in texts:
        score = parse_float(text)
        if score is None:
            raise CommandError(NOT_A_FLOAT)
        scores.append(score)
    return scores


def _new_zset(ctx: Context, key: bytes) -> ZSetValue:
    value = ZSetValue()
    ctx.db.put(key, value)
    return value


def _add_one(ctx: Context, argv: Argv) -> int:
    """The hot path: one member, no options."""
    _, key, text, member = argv
    score = parse_float(text)
    if score is None:
        raise CommandError(NOT_A_FLOAT)
    value: ZSetValue | None = ctx.typed(key, ZSetValue)
    if value is None:
        value = _new_zset(ctx, key)
    old = value.scores.get(member)
    if old == score:
        return 0
    value.put(member, score or stored_zero(ctx, value.scores, member, score))
    ctx.changed(b"zadd", key)
    return 1 if old is None else 0


def _add(ctx: Context, argv: Argv) -> int:
    """As hot: several members, as a rewritten file has them."""
    if len(argv) % 2:
        raise CommandError(SYNTAX)
    key, scores = argv[1], _scores(argv[2::2])
    value = get_zset(ctx, key)
    if value is None:
        value = _new_zset(ctx, key)
    held, put = value.scores, value.put
    added = updated = 0
    for score, member in zip(scores, argv[3::2], strict=True):
        old = held.get(member)
        if old is None:
            added += 1
        elif old == score:
            continue
        else:
            updated += 1
        put(member, score or stored_zero(ctx, held, member, score))
    if added or updated:
        ctx.changed(b"zadd", key, added + updated)
    return added


def _allowed(options: _Options, old: float | None, score: float) -> bool:
    """Whether the conditions let a member get this score (``zsetAdd``)."""
    if old is None:
        return not options.xx
    if options.nx:
        return False
    return not ((options.lt and score >= old) or (options.gt and score <= old))


def _add_some(
    ctx: Context,
    key: bytes,
    value: ZSetValue | None,
    scores: list[float],
    members: Argv,
    options: _Options,
) -> int:
    """ZADD with options."""
    if value is None:
        if options.xx:
            return 0
        value = _new_zset(ctx, key)
    added = updated = 0
    for score, member in zip(scores, members, strict=True):
        old = value.scores.get(member)
        if not _allowed(options, old, score):
            continue
        added += old is None
        updated += old is not None and old != score
        _put(ctx, value, member, old, score)
    if added or updated:
        ctx.changed(b"zadd", key, added + updated)
    return added + updated if options.ch else added


def _put(ctx: Context, value: ZSetValue, member: bytes, old: float | None, score: float) -> None:
    """Give a member a score other than its ``old`` one."""
    if old != score:
        if not score:
            score = stored_zero(ctx, value.scores, member, score)
        value.put(member, score)


def _add_to(
    ctx: Context,
    key: bytes,
    value: ZSetValue | None,
    step: float,
    member: bytes,
    options: _Options,
) -> Reply:
    """ZINCRBY and ZADD INCR: the new score, or None where a condition forbids it."""
    old = None if value is None else value.scores.get(member)
    if old is not None and options.nx:
        return None
    score = step if old is None else old + step
    if score != score:
        raise CommandError(b"ERR resulting score is not a number (NaN)")
    if not _allowed(options, old, score):
        return None
    if value is None:
        value = _new_zset(ctx, key)
    if old != score:
        _put(ctx, value, member, old, score)
        ctx.changed(b"zincr", key)
    return score


@command("ZINCRBY", "key increment member", WRITE | DENYOOM | FAST, _KEY, group="sorted-set",
         since="1.2.0")  # fmt: skip
def zincrby(ctx: Context, argv: Argv) -> Reply:
    """Add to the score of a member."""
    (step,) = _scores(argv[2:3])
    return _add_to(ctx, argv[1], get_zset(ctx, argv[1]), step, argv[3], _PLAIN)


@command("ZREM", "key member [member ...]", WRITE | FAST, _KEY, group="sorted-set",
         since="1.2.0")  # fmt: skip
def zrem(ctx: Context, argv: Argv) -> Reply:
    """Remove members."""
    value = get_zset(ctx, argv[1])
    return 0 if value is None else remove_members(ctx, argv[1], value, argv[2:], b"zrem")
