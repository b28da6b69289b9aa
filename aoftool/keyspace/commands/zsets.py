"""Sorted sets (t_zset.c): what all files of the group use, and looking at members.

The others: ``zset_writes``, ``zset_pops``, ``zset_ranges``, ``zset_algebra``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from aoftool.format.rdb import EncodingLimits
from aoftool.format.resp.replies import NULL_ARRAY, Reply
from aoftool.keyspace.arguments import integer_within
from aoftool.keyspace.command import FAST, RANDOM, READONLY, command
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.encodings import take_out_of_zset
from aoftool.keyspace.errors import (
    OUT_OF_RANGE,
    SYNTAX,
    WRONG_TYPE,
    CommandError,
    wrong_arity,
)
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import INT64_MAX, format_score
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


def read_zset(ctx: Context, key: bytes) -> ZSetValue | None:
    """The same for a command that reads."""
    value = ctx.db.read(key)
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
    gone = [member for member in members if value.remove(member)]
    removed = len(gone)
    if removed:
        take_out_of_zset(ctx, value, gone)
        ctx.changed(event, key, removed)
        if not value.scores:
            ctx.drop_if_empty(key, value)
    return removed


# Looking.
@command("ZCARD", "key", READONLY | FAST, _KEY, group="sorted-set", since="1.2.0")
def zcard(ctx: Context, argv: Argv) -> Reply:
    """How many members there are."""
    value = read_zset(ctx, argv[1])
    return 0 if value is None else len(value)


@command("ZSCORE", "key member", READONLY | FAST, _KEY, group="sorted-set", since="1.2.0")
def zscore(ctx: Context, argv: Argv) -> Reply:
    """The score of a member."""
    value = read_zset(ctx, argv[1])
    return None if value is None else value.scores.get(argv[2])


@command("ZMSCORE", "key member [member ...]", READONLY | FAST, _KEY, group="sorted-set",
         since="6.2.0")  # fmt: skip
def zmscore(ctx: Context, argv: Argv) -> Reply:
    """The scores of several members."""
    value = read_zset(ctx, argv[1])
    scores = {} if value is None else value.scores
    return [scores.get(member) for member in argv[2:]]


def _rank(ctx: Context, argv: Argv, reverse: bool) -> Reply:
    """ZRANK and ZREVRANK (``zrankGenericCommand``); WITHSCORE came with 7.2."""
    with_score = len(argv) == 4
    if len(argv) > 4 or (with_score and ctx.options.style is Style.REDIS_6):
        raise wrong_arity(argv[0])
    if with_score and argv[3].upper() != b"WITHSCORE":
        raise CommandError(SYNTAX)
    value = read_zset(ctx, argv[1])
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
    value = read_zset(ctx, argv[1])
    if value is None:
        return 0
    start, stop = score_span(value, low, high)
    return stop - start


@command("ZLEXCOUNT", "key min max", READONLY | FAST, _KEY, group="sorted-set", since="2.8.9")
def zlexcount(ctx: Context, argv: Argv) -> Reply:
    """How many members are within a range of members."""
    low, high = parse_members(argv[2], argv[3])
    value = read_zset(ctx, argv[1])
    if value is None:
        return 0
    start, stop = lex_span(value, low, high)
    return stop - start


@command("ZRANDMEMBER", "key [count [WITHSCORES]]", READONLY | RANDOM, _KEY, group="sorted-set",
         since="6.2.0")  # fmt: skip
def zrandmember(ctx: Context, argv: Argv) -> Reply:
    """Members at random: different ones, or with a negative count any."""
    if len(argv) == 2:
        value = read_zset(ctx, argv[1])
        return None if value is None else value.order[ctx.rng.randrange(len(value))][1]
    count = integer_within(argv[2], -INT64_MAX, INT64_MAX)
    if len(argv) > 4 or (len(argv) == 4 and argv[3].upper() != b"WITHSCORES"):
        raise CommandError(SYNTAX)
    if len(argv) == 4 and abs(count) > INT64_MAX // 2:
        raise CommandError(OUT_OF_RANGE)
    value = read_zset(ctx, argv[1])
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
    value = read_zset(ctx, argv[1])
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
