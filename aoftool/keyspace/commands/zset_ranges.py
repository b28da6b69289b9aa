"""Sorted sets (t_zset.c): reading, storing and removing ranges by rank, score or member."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.arguments import integer
from aoftool.keyspace.command import DENYOOM, READONLY, WRITE, command
from aoftool.keyspace.commands.zsets import (
    entries_reply,
    get_zset,
    read_zset,
    remove_members,
    store_zset,
)
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.values import ZSetValue
from aoftool.keyspace.zranges import (
    LexBound,
    ScoreBound,
    Span,
    lex_span,
    parse_members,
    parse_scores,
    score_span,
)

_KEY = Keys(1, 1)
_LIMIT_BY_RANK = (
    b"ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
)
_SCORES_BY_LEX = b"ERR syntax error, WITHSCORES not supported in combination with BYLEX"


class By(Enum):
    """What the ends of a range are."""

    RANK = auto()
    SCORE = auto()
    LEX = auto()


Bounds = tuple[int, int] | tuple[ScoreBound, ScoreBound] | tuple[LexBound, LexBound]


@dataclass(slots=True)
class _Query:
    """A range that is asked for; ``by`` and ``reverse`` None: the words may still say it."""

    by: By | None = None
    reverse: bool | None = None
    with_scores: bool = False
    offset: int = 0
    limit: int = -1

    def parse(self, words: Argv, may_score: bool) -> None:
        """The words behind a range (``zrangeGenericCommand``). Raises CommandError."""
        rest = list(reversed(words))
        while rest:
            word = rest.pop().upper()
            if word == b"WITHSCORES" and may_score:
                self.with_scores = True
            elif word == b"LIMIT" and len(rest) >= 2:
                self.offset, self.limit = integer(rest.pop()), integer(rest.pop())
            elif word == b"REV" and self.reverse is None:
                self.reverse = True
            elif word in _BY_WORDS and self.by is None:
                self.by = _BY_WORDS[word]
            else:
                raise CommandError(SYNTAX)
        self.by = self.by or By.RANK
        if self.limit != -1 and self.by is By.RANK:
            raise CommandError(_LIMIT_BY_RANK)
        if self.with_scores and self.by is By.LEX:
            raise CommandError(_SCORES_BY_LEX)

    def bounds(self, first: bytes, second: bytes) -> Bounds:
        """Both ends, the lower one first. Raises CommandError."""
        if self.reverse and self.by is not By.RANK:
            first, second = second, first
        return _parse_bounds(self.by or By.RANK, first, second)

    def entries(self, value: ZSetValue, bounds: Bounds) -> list[tuple[float, bytes]]:
        """The (score, member) pairs, in the order that is asked for."""
        start, stop = _span(value, bounds, bool(self.reverse))
        if self.by is not By.RANK:
            if self.offset < 0:
                return []
            count = max(stop - start - self.offset, 0)
            if self.limit >= 0:
                count = min(count, self.limit)
            if self.reverse:
                stop -= self.offset
                start = stop - count
            else:
                start += self.offset
                stop = start + count
        if start >= stop:
            return []
        found: list[tuple[float, bytes]] = value.order[start:stop]
        return found[::-1] if self.reverse else found


_BY_WORDS = {b"BYSCORE": By.SCORE, b"BYLEX": By.LEX}


def _parse_bounds(by: By, low: bytes, high: bytes) -> Bounds:
    if by is By.RANK:
        return integer(low), integer(high)
    return parse_scores(low, high) if by is By.SCORE else parse_members(low, high)


def _span(value: ZSetValue, bounds: Bounds, reverse: bool) -> Span:
    """The ranks that a range covers, counted from the lowest score."""
    low, high = bounds
    if isinstance(low, LexBound) and isinstance(high, LexBound):
        return lex_span(value, low, high, reverse)
    if isinstance(low, ScoreBound) and isinstance(high, ScoreBound):
        return score_span(value, low, high)
    assert isinstance(low, int) and isinstance(high, int)
    size = len(value)
    start = max(low + size, 0) if low < 0 else low
    stop = high + size + 1 if high < 0 else min(high + 1, size)
    return (size - stop, size - start) if reverse else (start, stop)


# Reading.
def _range(ctx: Context, argv: Argv, query: _Query) -> Reply:
    query.parse(argv[4:], may_score=True)
    bounds = query.bounds(argv[2], argv[3])
    value = read_zset(ctx, argv[1])
    if value is None:
        return []
    return entries_reply(ctx, query.entries(value, bounds), query.with_scores)


@command("ZRANGE", "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
         READONLY, _KEY, group="sorted-set", since="1.2.0")  # fmt: skip
def zrange(ctx: Context, argv: Argv) -> Reply:
    """The members within a range of ranks, scores or members."""
    return _range(ctx, argv, _Query())


@command("ZREVRANGE", "key start stop [WITHSCORES]", READONLY, _KEY, group="sorted-set",
         since="1.2.0")  # fmt: skip
def zrevrange(ctx: Context, argv: Argv) -> Reply:
    """The members within a range of ranks, counted from the highest score."""
    return _range(ctx, argv, _Query(By.RANK, True))


@command("ZRANGEBYSCORE", "key min max [WITHSCORES] [LIMIT offset count]", READONLY, _KEY,
         group="sorted-set", since="1.0.5")  # fmt: skip
def zrangebyscore(ctx: Context, argv: Argv) -> Reply:
    """The members within a range of scores."""
    return _range(ctx, argv, _Query(By.SCORE, False))


@command("ZREVRANGEBYSCORE", "key max min [WITHSCORES] [LIMIT offset count]", READONLY, _KEY,
         group="sorted-set", since="2.2.0")  # fmt: skip
def zrevrangebyscore(ctx: Context, argv: Argv) -> Reply:
    """The members within a range of scores, highest first."""
    return _range(ctx, argv, _Query(By.SCORE, True))


@command("ZRANGEBYLEX", "key min max [LIMIT offset count]", READONLY, _KEY, group="sorted-set",
         since="2.8.9")  # fmt: skip
def zrangebylex(ctx: Context, argv: Argv) -> Reply:
    """The members within a range of members."""
    return _range(ctx, argv, _Query(By.LEX, False))


@command("ZREVRANGEBYLEX", "key max min [LIMIT offset count]", READONLY, _KEY, group="sorted-set",
         since="2.8.9")  # fmt: skip
def zrevrangebylex(ctx: Context, argv: Argv) -> Reply:
    """The members within a range of members, last first."""
    return _range(ctx, argv, _Query(By.LEX, True))


@command("ZRANGESTORE", "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
         WRITE | DENYOOM, Keys(1, 2), group="sorted-set", since="6.2.0")  # fmt: skip
def zrangestore(ctx: Context, argv: Argv) -> Reply:
    """Store the members within a range, with their scores, at another key."""
    query = _Query()
    query.parse(argv[5:], may_score=False)
    bounds = query.bounds(argv[3], argv[4])
    value = ctx.source(argv[2], ZSetValue)
    entries = [] if value is None else query.entries(value, bounds)
    scores = {member: score for score, member in entries}
    return store_zset(ctx, argv[1], scores, b"zrangestore")


# Removing.
def _remove(ctx: Context, argv: Argv, by: By) -> Reply:
    """ZREMRANGEBY... (``zremrangeGenericCommand``); the event is the command's name."""
    bounds = _parse_bounds(by, argv[2], argv[3])
    value = get_zset(ctx, argv[1])
    if value is None:
        return 0
    start, stop = _span(value, bounds, False)
    members = [member for _, member in value.order[start:stop]] if start < stop else []
    return remove_members(ctx, argv[1], value, members, argv[0].lower())


@command("ZREMRANGEBYRANK", "key start stop", WRITE, _KEY, group="sorted-set", since="2.0.0")
def zremrangebyrank(ctx: Context, argv: Argv) -> Reply:
    """Remove the members within a range of ranks."""
    return _remove(ctx, argv, By.RANK)


@command("ZREMRANGEBYSCORE", "key min max", WRITE, _KEY, group="sorted-set", since="1.2.0")
def zremrangebyscore(ctx: Context, argv: Argv) -> Reply:
    """Remove the members within a range of scores."""
    return _remove(ctx, argv, By.SCORE)


@command("ZREMRANGEBYLEX", "key min max", WRITE, _KEY, group="sorted-set", since="2.8.9")
def zremrangebylex(ctx: Context, argv: Argv) -> Reply:
    """Remove the members within a range of members."""
    return _remove(ctx, argv, By.LEX)
