"""Ranges of a sorted set by score and by member: their texts, and which ranks they cover."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.numbers import parse_float
from aoftool.keyspace.values import ZSetValue

#: Ranks from the first to the one behind the last.
Span = tuple[int, int]

_BAD_SCORES = b"ERR min or max is not a float"
_BAD_MEMBERS = b"ERR min or max not valid string range item"
_SPACE = b" \t\n\v\f\r"
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class ScoreBound:
    """One end of a range of scores."""

    score: float
    exclusive: bool


@dataclass(frozen=True, slots=True)
class LexBound:
    """One end of a range of members; ``infinite``: -1 before all, 1 behind all, 0 at ``member``."""

    member: bytes
    exclusive: bool
    infinite: int = 0

    def at_or_before(self, member: bytes) -> bool:
        """Whether a range that begins here has ``member`` (``zslLexValueGteMin``)."""
        if self.infinite:
            return self.infinite < 0
        return member > self.member if self.exclusive else member >= self.member

    def at_or_behind(self, member: bytes) -> bool:
        """Whether a range that ends here has ``member`` (``zslLexValueLteMax``)."""
        if self.infinite:
            return self.infinite > 0
        return member < self.member if self.exclusive else member <= self.member


def parse_scores(low: bytes, high: bytes) -> tuple[ScoreBound, ScoreBound]:
    """Both ends of a range of scores (``zslParseRange``). Raises CommandError."""
    return _score_bound(low), _score_bound(high)


def parse_members(low: bytes, high: bytes) -> tuple[LexBound, LexBound]:
    """Both ends of a range of members (``zslParseLexRange``). Raises CommandError."""
    return _lex_bound(low), _lex_bound(high)


def score_span(value: ZSetValue, low: ScoreBound, high: ScoreBound) -> Span:
    """The ranks of the scores within a range; equal ones where there is none."""
    start = _first_rank(value, low.score, low.exclusive)
    stop = _first_rank(value, high.score, not high.exclusive)
    return start, max(start, stop)


def lex_span(value: ZSetValue, low: LexBound, high: LexBound, reverse: bool = False) -> Span:
    """The ranks of the members within a range; equal ones where there is none.

    A range of members is meant for a sorted set whose scores are all the same. In another one Redis
    takes the run from the first member (``reverse``: back from the last) that the range has, up to
    the first that it has not (``zzlFirstInLexRange``; what it does with the large ones is chance).
    """
    order = value.order
    if not order or _is_empty(low, high):
        return 0, 0
    score = order[0][0]
    if order[-1][0] != score:
        return _mixed_span(value, low, high, reverse)
    start, stop = 0, len(order)
    if not low.infinite:
        find = order.bisect_right if low.exclusive else order.bisect_left
        start = find((score, low.member))
    if not high.infinite:
        find = order.bisect_left if high.exclusive else order.bisect_right
        stop = find((score, high.member))
    return start, max(start, stop)


def _score_bound(text: bytes) -> ScoreBound:
    exclusive = text.startswith(b"(")
    score = _lenient_float(text[exclusive:])
    if score is None:
        raise CommandError(_BAD_SCORES)
    return ScoreBound(score, exclusive)


def _lenient_float(text: bytes) -> float | None:
    """A double as a range has it: ``strtod`` up to the first zero byte, without a look at errno.

    So blanks before it, nothing at all (for 0), and what is too great (for infinity) will do.
    """
    value = parse_float(text)
    if value is not None:
        return value
    text = text.partition(b"\0")[0]
    if not text:
        return 0.0
    text = text.lstrip(_SPACE)
    return float(text) if _NUMBER.fullmatch(text) else parse_float(text)


def _lex_bound(text: bytes) -> LexBound:
    first = text[:1]
    if first in (b"(", b"["):
        return LexBound(text[1:], first == b"(")
    if first in (b"-", b"+") and text[1:2] in (b"", b"\0"):
        return LexBound(b"", True, -1 if first == b"-" else 1)
    raise CommandError(_BAD_MEMBERS)


def _first_rank(value: ZSetValue, score: float, above: bool) -> int:
    """The rank of the first score that is at least ``score``, or greater where ``above``."""
    if above:
        if score == math.inf:
            return len(value)
        score = math.nextafter(score, math.inf)
    return value.order.bisect_left((score, b""))


def _is_empty(low: LexBound, high: LexBound) -> bool:
    """Whether no member at all can be in a range (``zslIsInLexRange``)."""
    one, other = (low.infinite, low.member), (high.infinite, high.member)
    return one > other or (one == other and (low.exclusive or high.exclusive))


def _mixed_span(value: ZSetValue, low: LexBound, high: LexBound, reverse: bool) -> Span:
    members = [member for _, member in value.order]
    if not low.at_or_before(members[-1]) or not high.at_or_behind(members[0]):
        return 0, 0
    if reverse:
        stop = len(members)
        while stop and not high.at_or_behind(members[stop - 1]):
            stop -= 1
        start = stop
        while start and low.at_or_before(members[start - 1]):
            start -= 1
        return start, stop
    start = 0
    while start < len(members) and not low.at_or_before(members[start]):
        start += 1
    stop = start
    while stop < len(members) and high.at_or_behind(members[stop]):
        stop += 1
    return start, stop
