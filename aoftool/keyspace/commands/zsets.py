"""Sorted sets (t_zset.c): members and their scores. See also ``zset_pops``, ``zset_ranges``."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from aoftool.format.rdb import EncodingLimits
from aoftool.format.resp.replies import NULL_ARRAY, Reply
from aoftool.keyspace.arguments import integer_within
from aoftool.keyspace.command import DENYOOM, FAST, RANDOM, READONLY, WRITE, command
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import (
    NOT_A_FLOAT,
    OUT_OF_RANGE,
    SYNTAX,
    WRONG_TYPE,
    CommandError,
    wrong_arity,
)
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import INT64_MAX, format_score, parse_float
from aoftool.keyspace.scan import parse_cursor, parse_scan_options, scan_page
from aoftool.keyspace.values import ZSetValue
from aoftool.keyspace.zranges import lex_span, parse_members, parse_scores, score_span

_DEFAULTS = EncodingLimits()
_KEY = Keys(1, 1)


# What all files of the group use.
def get_zset(ctx: Context, key: bytes) -> ZSetValue | None:
    """The sorted set at ``key``, or None. Raises CommandError WRONGTYPE."""
    value = ctx.db.get(key)
    if value is not None and type(value) is not ZSetValue:
        raise CommandError(WRONG_TYPE)
    return value


def is_packed(ctx: Context, scores: Collection[bytes]) -> bool:
    """Whether a server would hold these members in its compact encoding.

    It may not, where it once had more of them, or longer ones, in the same sorted set.
    """
    limits = ctx.options.limits or _DEFAULTS
    return len(scores) <= limits.zset_entries and not any(
        len(member) > limits.zset_value_bytes for member in scores
    )


def stored_zero(ctx: Context, members: Collection[bytes], member: bytes, score: float) -> float:
    """What becomes of a score of 0 or -0 where ``member`` comes to ``members``.

    The listpacks of 7.0 and later keep an integer, which has no minus zero.
    """
    if math.copysign(1.0, score) > 0 or ctx.options.style is Style.REDIS_6:
        return score
    return 0.0 if is_packed(ctx, {*members, member}) else score


def store_zset(
    ctx: Context, key: bytes, scores: dict[bytes, float], event: bytes, count: int = 1
) -> int:
    """Put a result where a ...STORE command wants it; an empty one deletes the key.

    Returns how many members it has. ``event``, as ``count`` changes, is told where there are any.
    """
    if scores:
        if 0.0 in scores.values():
            for member, score in scores.items():
                if not score:
                    scores[member] = stored_zero(ctx, scores, member, score)
        value = ZSetValue()
        value.scores = scores
        ctx.db.replace(key, value)
        ctx.changed(event, key, count)
    elif ctx.db.delete(key):
        ctx.changed(b"del", key)
    return len(scores)


def entries_reply(
    ctx: Context, entries: Iterable[tuple[float, bytes]], with_scores: bool
) -> list[Reply]:
    """(score, member) pairs as an array: of members, or of members and scores in turn.

    RESP3 has an array for each member with its score.
    """
    if not with_scores:
        return [member for _, member in entries]
    if ctx.resp3:
        return [[member, score] for score, member in entries]
    reply: list[Reply] = []
    for score, member in entries:
        reply += (member, score)
    return reply


def remove_members(
    ctx: Context, key: bytes, value: ZSetValue, members: Iterable[bytes], event: bytes
) -> int:
    """Take members out, tell it, and remove a key that has become empty; how many were there."""
    removed = 0
    for member in members:
        removed += value.remove(member)
    if removed:
        ctx.changed(event, key, removed)
        if not value.scores:
            ctx.drop_if_empty(key, value)
    return removed


# Adding.
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
    options = _PLAIN if argv[2][:1] in _DIGITS else _parse_options(argv)
    at = options.at
    if (len(argv) - at) % 2 or len(argv) == at:
        raise CommandError(SYNTAX)
    if options is not _PLAIN:
        _check_options(options, (len(argv) - at) // 2)
    scores = _scores(argv[at::2])
    members = argv[at + 1 :: 2]
    if options is _PLAIN or not (options.incr or options.xx or options.gt or options.lt):
        return _add(ctx, argv[1], scores, members, options)
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


def _add(ctx: Context, key: bytes, scores: list[float], members: Argv, options: _Options) -> int:
    """The hot path: ZADD without conditions, but for NX."""
    value = get_zset(ctx, key)
    if value is None:
        value = ZSetValue()
        ctx.db.put(key, value)
    held, put = value.scores, value.put
    added = updated = 0
    for score, member in zip(scores, members, strict=True):
        old = held.get(member)
        if old is None:
            added += 1
        elif old == score or options.nx:
            continue
        else:
            updated += 1
        put(member, score or stored_zero(ctx, held, member, score))
    if added or updated:
        ctx.changed(b"zadd", key, added + updated)
    return added + updated if options.ch else added


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
    """ZADD with XX, GT or LT."""
    if value is None:
        if options.xx:
            return 0
        value = ZSetValue()
        ctx.db.put(key, value)
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
        value = ZSetValue()
        ctx.db.put(key, value)
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


# Looking.
@command("ZCARD", "key", READONLY | FAST, _KEY, group="sorted-set", since="1.2.0")
def zcard(ctx: Context, argv: Argv) -> Reply:
    """How many members there are."""
    value = get_zset(ctx, argv[1])
    return 0 if value is None else len(value)


@command("ZSCORE", "key member", READONLY | FAST, _KEY, group="sorted-set", since="1.2.0")
def zscore(ctx: Context, argv: Argv) -> Reply:
    """The score of a member."""
    value = get_zset(ctx, argv[1])
    return None if value is None else value.scores.get(argv[2])


@command("ZMSCORE", "key member [member ...]", READONLY | FAST, _KEY, group="sorted-set",
         since="6.2.0")  # fmt: skip
def zmscore(ctx: Context, argv: Argv) -> Reply:
    """The scores of several members."""
    value = get_zset(ctx, argv[1])
    scores = {} if value is None else value.scores
    return [scores.get(member) for member in argv[2:]]


def _rank(ctx: Context, argv: Argv, reverse: bool) -> Reply:
    """ZRANK and ZREVRANK (``zrankGenericCommand``); WITHSCORE came with 7.2."""
    with_score = len(argv) == 4
    if len(argv) > 4 or (with_score and ctx.options.style is Style.REDIS_6):
        raise wrong_arity(argv[0])
    if with_score and argv[3].upper() != b"WITHSCORE":
        raise CommandError(SYNTAX)
    value = get_zset(ctx, argv[1])
    score = None if value is None else value.scores.get(argv[2])
    if value is None or score is None:
        return NULL_ARRAY if with_score else None
    rank = value.order.bisect_left((score, argv[2]))
    if reverse:
        rank = len(value) - 1 - rank
    return [rank, score] if with_score else rank


@command("ZRANK", "key member [WITHSCORE]", READONLY | FAST, _KEY, group="sorted-set",
         since="2.0.0")  # fmt: skip
def zrank(ctx: Context, argv: Argv) -> Reply:
    """The place of a member, counted from the lowest score."""
    return _rank(ctx, argv, False)


@command("ZREVRANK", "key member [WITHSCORE]", READONLY | FAST, _KEY, group="sorted-set",
         since="2.0.0")  # fmt: skip
def zrevrank(ctx: Context, argv: Argv) -> Reply:
    """The place of a member, counted from the highest score."""
    return _rank(ctx, argv, True)


@command("ZCOUNT", "key min max", READONLY | FAST, _KEY, group="sorted-set", since="2.0.0")
def zcount(ctx: Context, argv: Argv) -> Reply:
    """How many members have a score within a range."""
    low, high = parse_scores(argv[2], argv[3])
    value = get_zset(ctx, argv[1])
    if value is None:
        return 0
    start, stop = score_span(value, low, high)
    return stop - start


@command("ZLEXCOUNT", "key min max", READONLY | FAST, _KEY, group="sorted-set", since="2.8.9")
def zlexcount(ctx: Context, argv: Argv) -> Reply:
    """How many members are within a range of members."""
    low, high = parse_members(argv[2], argv[3])
    value = get_zset(ctx, argv[1])
    if value is None:
        return 0
    start, stop = lex_span(value, low, high)
    return stop - start


@command("ZRANDMEMBER", "key [count [WITHSCORES]]", READONLY | RANDOM, _KEY, group="sorted-set",
         since="6.2.0")  # fmt: skip
def zrandmember(ctx: Context, argv: Argv) -> Reply:
    """Members at random: different ones, or with a negative count any."""
    if len(argv) == 2:
        value = get_zset(ctx, argv[1])
        return None if value is None else value.order[ctx.rng.randrange(len(value))][1]
    count = integer_within(argv[2], -INT64_MAX, INT64_MAX)
    if len(argv) > 4 or (len(argv) == 4 and argv[3].upper() != b"WITHSCORES"):
        raise CommandError(SYNTAX)
    if len(argv) == 4 and abs(count) > INT64_MAX // 2:
        raise CommandError(OUT_OF_RANGE)
    value = get_zset(ctx, argv[1])
    if value is None:
        return []
    order, size = value.order, len(value)
    if count < 0:
        picked = [order[ctx.rng.randrange(size)] for _ in range(-count)]
    elif count >= size:
        picked = list(reversed(order))  # as Redis comes by them
    else:
        picked = [order[at] for at in ctx.rng.sample(range(size), count)]
    return entries_reply(ctx, picked, len(argv) == 4)


@command("ZSCAN", "key cursor [MATCH pattern] [COUNT count]", READONLY | RANDOM, _KEY,
         group="sorted-set", since="2.8.0")  # fmt: skip
def zscan(ctx: Context, argv: Argv) -> Reply:
    """A page of members with their scores, and the cursor of the next one."""
    cursor = parse_cursor(argv[2])
    value = get_zset(ctx, argv[1])
    if value is None:
        return [b"0", []]
    options = parse_scan_options(ctx, argv[3:])
    scores = value.scores
    at_once = (ctx.options.limits or _DEFAULTS).zset_entries
    cursor, members = scan_page(ctx, argv[1], scores, cursor, options, at_once)
    packed = is_packed(ctx, scores)
    if packed:
        members.sort(key=lambda member: (scores[member], member))
    shortest = packed and ctx.options.style is not Style.REDIS_6
    elements: list[Reply] = []
    for member in members:
        elements += (member, format_score(scores[member], shortest=shortest))
    return [b"%d" % cursor, elements]
