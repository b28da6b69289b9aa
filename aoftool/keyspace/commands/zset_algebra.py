"""Sorted sets (t_zset.c): unions, intersections and differences, also with sets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.arguments import integer, integer_within
from aoftool.keyspace.command import DENYOOM, READONLY, WRITE, command
from aoftool.keyspace.commands.zsets import entries_reply, store_zset
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, NumKeys
from aoftool.keyspace.numbers import INT64_MAX, parse_float
from aoftool.keyspace.values import SetValue, ZSetValue

Scores = Mapping[bytes, float]

_BAD_LIMIT = b"ERR LIMIT can't be negative"
_BAD_WEIGHT = b"ERR weight value is not a float"


def _sum(one: float, other: float) -> float:
    """Infinities of both signs give 0 (``zunionInterAggregate``)."""
    total = one + other
    return total if total == total else 0.0


def _min(one: float, other: float) -> float:
    return other if other < one else one


def _max(one: float, other: float) -> float:
    return other if other > one else one


_AGGREGATES: dict[bytes, Callable[[float, float], float]] = {
    b"SUM": _sum, b"MIN": _min, b"MAX": _max,
}  # fmt: skip


@dataclass(slots=True)
class _Query:
    """The keys of a call, their members, and the words behind them."""

    inputs: list[Scores] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    aggregate: Callable[[float, float], float] = _sum
    with_scores: bool = False
    limit: int = 0

    def by_size(self) -> list[tuple[Scores, float]]:
        """Inputs with their weights, the smallest first: the order in which Redis adds scores."""
        pairs = zip(self.inputs, self.weights, strict=True)
        return sorted(pairs, key=lambda pair: len(pair[0]))


_KINDS = (ZSetValue, SetValue)


@dataclass(frozen=True, slots=True)
class _Allowed:
    """Which words a command knows."""

    weights: bool = True
    scores: bool = True
    limit: bool = False


def _parse(ctx: Context, argv: Argv, at: int, allowed: _Allowed) -> _Query:
    """The arguments from the number of keys at ``at`` on (``zunionInterDiffGenericCommand``).

    Raises CommandError.
    """
    numkeys = integer(argv[at])
    if numkeys < 1:
        name = (
            argv[0].lower()
            if ctx.options.style is Style.REDIS_6
            else b"'%b' command" % (argv[0].lower())
        )
        raise CommandError(b"ERR at least 1 input key is needed for " + name)
    behind = at + 1 + numkeys
    if behind > len(argv):
        raise CommandError(SYNTAX)
    look = ctx.read if at == 1 else ctx.source  # behind the key that is stored
    query = _Query([_scores(look(key, _KINDS)) for key in argv[at + 1 : behind]], [1.0] * numkeys)
    rest = list(reversed(argv[behind:]))
    while rest:
        word = rest.pop().upper()
        if word == b"WEIGHTS" and allowed.weights and len(rest) >= numkeys:
            query.weights = [_weight(rest.pop()) for _ in range(numkeys)]
        elif word == b"AGGREGATE" and allowed.weights and rest:
            aggregate = _AGGREGATES.get(rest.pop().upper())
            if aggregate is None:
                raise CommandError(SYNTAX)
            query.aggregate = aggregate
        elif word == b"WITHSCORES" and allowed.scores:
            query.with_scores = True
        elif word == b"LIMIT" and allowed.limit and rest:
            query.limit = integer_within(rest.pop(), 0, INT64_MAX, _BAD_LIMIT)
        else:
            raise CommandError(SYNTAX)
    return query


def _scores(value: ZSetValue | SetValue | None) -> Scores:
    """The members of a value with their scores; those of a set have 1."""
    if isinstance(value, ZSetValue):
        return value.scores
    return dict.fromkeys(value or (), 1.0)


def _weight(text: bytes) -> float:
    weight = parse_float(text)
    if weight is None:
        raise CommandError(_BAD_WEIGHT)
    return weight


# What is computed.
def _weighted(score: float, weight: float) -> float:
    """Infinity by a weight of 0 is 0."""
    value = score * weight
    return 0.0 if math.isnan(value) else value


def _union(query: _Query) -> dict[bytes, float]:
    result: dict[bytes, float] = {}
    aggregate = query.aggregate
    for scores, weight in query.by_size():
        for member, score in scores.items():
            value = _weighted(score, weight)
            old = result.get(member)
            result[member] = value if old is None else aggregate(old, value)
    return result


def _inter(query: _Query) -> dict[bytes, float]:
    (smallest, first_weight), *others = query.by_size()
    result: dict[bytes, float] = {}
    for member, score in smallest.items():
        total = _weighted(score, first_weight)
        for scores, weight in others:
            found = scores.get(member)
            if found is None:
                break
            total = query.aggregate(total, found * weight)
        else:
            result[member] = total
    return result


def _diff(query: _Query) -> dict[bytes, float]:
    first, *others = query.inputs
    return {
        member: score
        for member, score in first.items()
        if not any(member in scores for scores in others)
    }


_Operation = Callable[[_Query], dict[bytes, float]]


# ...STORE.
def _store(ctx: Context, argv: Argv, operation: _Operation, allowed: _Allowed) -> Reply:
    scores = operation(_parse(ctx, argv, 2, allowed))
    return store_zset(ctx, argv[1], scores, argv[0].lower())


_OPTIONS = "[WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]"


@command("ZUNIONSTORE", f"destination numkeys key [key ...] {_OPTIONS}", WRITE | DENYOOM,
         NumKeys(2, (1,)), group="sorted-set", since="2.0.0")  # fmt: skip
def zunionstore(ctx: Context, argv: Argv) -> Reply:
    """Store the union of several sorted sets or sets."""
    return _store(ctx, argv, _union, _Allowed(scores=False))


@command("ZINTERSTORE", f"destination numkeys key [key ...] {_OPTIONS}", WRITE | DENYOOM,
         NumKeys(2, (1,)), group="sorted-set", since="2.0.0")  # fmt: skip
def zinterstore(ctx: Context, argv: Argv) -> Reply:
    """Store the intersection of several sorted sets or sets."""
    return _store(ctx, argv, _inter, _Allowed(scores=False))


@command("ZDIFFSTORE", "destination numkeys key [key ...]", WRITE | DENYOOM, NumKeys(2, (1,)),
         group="sorted-set", since="6.2.0")  # fmt: skip
def zdiffstore(ctx: Context, argv: Argv) -> Reply:
    """Store what the first of several sorted sets or sets has alone."""
    return _store(ctx, argv, _diff, _Allowed(weights=False, scores=False))


# Reading.
def _read(ctx: Context, argv: Argv, operation: _Operation, allowed: _Allowed) -> Reply:
    query = _parse(ctx, argv, 1, allowed)
    entries = sorted((score, member) for member, score in operation(query).items())
    return entries_reply(ctx, entries, query.with_scores)


@command("ZUNION", f"numkeys key [key ...] {_OPTIONS} [WITHSCORES]", READONLY, NumKeys(1),
         group="sorted-set", since="6.2.0")  # fmt: skip
def zunion(ctx: Context, argv: Argv) -> Reply:
    """The union of several sorted sets or sets."""
    return _read(ctx, argv, _union, _Allowed())


@command("ZINTER", f"numkeys key [key ...] {_OPTIONS} [WITHSCORES]", READONLY, NumKeys(1),
         group="sorted-set", since="6.2.0")  # fmt: skip
def zinter(ctx: Context, argv: Argv) -> Reply:
    """The intersection of several sorted sets or sets."""
    return _read(ctx, argv, _inter, _Allowed())


@command("ZDIFF", "numkeys key [key ...] [WITHSCORES]", READONLY, NumKeys(1), group="sorted-set",
         since="6.2.0")  # fmt: skip
def zdiff(ctx: Context, argv: Argv) -> Reply:
    """What the first of several sorted sets or sets has alone."""
    return _read(ctx, argv, _diff, _Allowed(weights=False))


@command("ZINTERCARD", "numkeys key [key ...] [LIMIT limit]", READONLY, NumKeys(1),
         group="sorted-set", since="7.0.0")  # fmt: skip
def zintercard(ctx: Context, argv: Argv) -> Reply:
    """How many members several sorted sets or sets have in common, counted up to a limit."""
    query = _parse(ctx, argv, 1, _Allowed(weights=False, scores=False, limit=True))
    smallest, *others = (scores for scores, _ in query.by_size())
    count = 0
    for member in smallest:
        if all(member in scores for scores in others):
            count += 1
            if count == query.limit:
                break
    return count
