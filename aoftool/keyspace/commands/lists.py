"""Lists (t_list.c): pushing, popping, looking, changing; ``list_moves`` has what moves elements."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from aoftool.format.resp.replies import NULL_ARRAY, OK, Reply
from aoftool.keyspace.arguments import integer, integer_within
from aoftool.keyspace.command import DENYOOM, FAST, READONLY, WRITE, command
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import (
    INDEX_OUT_OF_RANGE,
    MUST_BE_POSITIVE,
    NO_SUCH_KEY,
    SYNTAX,
    CommandError,
    wrong_arity,
)
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import INT64_MAX, INT64_MIN
from aoftool.keyspace.values import SHORT_LIST, ListValue, LongList, ShortList

LIST = (ShortList, LongList)
_KEY = Keys(1, 1)


def get_list(ctx: Context, key: bytes) -> ListValue | None:
    """The list at ``key``, or None. Raises CommandError WRONGTYPE."""
    value: ListValue | None = ctx.typed(key, LIST)
    return value


def read_list(ctx: Context, key: bytes) -> ListValue | None:
    """The same for a command that reads."""
    value: ListValue | None = ctx.read(key, LIST)
    return value


def push(ctx: Context, key: bytes, value: ListValue | None, elements: Argv, head: bool) -> int:
    """Put elements one after another at an end of ``value``, the list at ``key`` (None: a new one).

    Returns how long the list is then; tells no event.
    """
    if value is None:
        value = ShortList()
        ctx.db.put(key, value)
    if not head:
        value.extend(elements)
    elif isinstance(value, LongList):
        value.extendleft(elements)
    else:
        value[:0] = elements[::-1]
    if len(value) > SHORT_LIST and isinstance(value, ShortList):
        value = LongList(value)
        ctx.db.put(key, value)
    return len(value)


def pop(ctx: Context, key: bytes, value: ListValue, count: int, head: bool) -> list[Reply]:
    """Take up to ``count`` elements from an end of the list at ``key``, which is not empty.

    Tells the event, and removes a list that has become empty (``listElementsRemoved``).
    """
    count = min(count, len(value))
    take = value.popleft if head else value.pop
    taken: list[Reply] = [take() for _ in range(count)]
    ctx.changed(b"lpop" if head else b"rpop", key, count)
    if not value:
        ctx.drop_if_empty(key, value)
    return taken


# Pushing.
@command("LPUSH", "key element [element ...]", WRITE | DENYOOM | FAST, _KEY, group="list",
         since="1.0.0")  # fmt: skip
def lpush(ctx: Context, argv: Argv) -> Reply:
    """Put elements before the head of a list, one after another."""
    key = argv[1]
    length = push(ctx, key, get_list(ctx, key), argv[2:], True)
    ctx.changed(b"lpush", key, len(argv) - 2)
    return length


@command("RPUSH", "key element [element ...]", WRITE | DENYOOM | FAST, _KEY, group="list",
         since="1.0.0")  # fmt: skip
def rpush(ctx: Context, argv: Argv) -> Reply:
    """Put elements behind the tail of a list."""
    key = argv[1]
    value = get_list(ctx, key)
    if value is not None and len(argv) == 3 and len(value) != SHORT_LIST:
        value.append(argv[2])  # the hot path: one element to a list that stays what it is
        ctx.changed(b"rpush", key)
        return len(value)
    length = push(ctx, key, value, argv[2:], False)
    ctx.changed(b"rpush", key, len(argv) - 2)
    return length


def _push_existing(ctx: Context, argv: Argv, head: bool) -> Reply:
    key = argv[1]
    value = get_list(ctx, key)
    if value is None:
        return 0
    length = push(ctx, key, value, argv[2:], head)
    ctx.changed(b"lpush" if head else b"rpush", key, len(argv) - 2)
    return length


@command("LPUSHX", "key element [element ...]", WRITE | DENYOOM | FAST, _KEY, group="list",
         since="2.2.0")  # fmt: skip
def lpushx(ctx: Context, argv: Argv) -> Reply:
    """Put elements before the head of a list that exists."""
    return _push_existing(ctx, argv, True)


@command("RPUSHX", "key element [element ...]", WRITE | DENYOOM | FAST, _KEY, group="list",
         since="2.2.0")  # fmt: skip
def rpushx(ctx: Context, argv: Argv) -> Reply:
    """Put elements behind the tail of a list that exists."""
    return _push_existing(ctx, argv, False)


# Popping.
def _pop(ctx: Context, argv: Argv, head: bool) -> Reply:
    """As ``popGenericCommand``; before 7.0 nothing to count from was a null, not a null array."""
    key = argv[1]
    if len(argv) == 2:
        value = get_list(ctx, key)
        return None if value is None else pop(ctx, key, value, 1, head)[0]
    if len(argv) > 3:
        raise wrong_arity(argv[0])
    count = integer_within(argv[2], 0, INT64_MAX, MUST_BE_POSITIVE)
    value = get_list(ctx, key)
    if value is None:
        return None if ctx.options.style is Style.REDIS_6 else NULL_ARRAY
    if not count:
        return []
    return pop(ctx, key, value, count, head)


@command("LPOP", "key [count]", WRITE | FAST, _KEY, group="list", since="1.0.0")
def lpop(ctx: Context, argv: Argv) -> Reply:
    """Remove and return the first element of a list, or the first ones."""
    return _pop(ctx, argv, True)


@command("RPOP", "key [count]", WRITE | FAST, _KEY, group="list", since="1.0.0")
def rpop(ctx: Context, argv: Argv) -> Reply:
    """Remove and return the last element of a list, or the last ones."""
    return _pop(ctx, argv, False)


# Looking.
@command("LLEN", "key", READONLY | FAST, _KEY, group="list", since="1.0.0")
def llen(ctx: Context, argv: Argv) -> Reply:
    """How many elements a list has."""
    return len(read_list(ctx, argv[1]) or b"")


@command("LINDEX", "key index", READONLY, _KEY, group="list", since="1.0.0")
def lindex(ctx: Context, argv: Argv) -> Reply:
    """The element at an index, which may count from the tail."""
    value = read_list(ctx, argv[1])
    if value is None:
        return None
    at = integer(argv[2])
    return value[at] if -len(value) <= at < len(value) else None


def bounds(start: int, stop: int, size: int) -> tuple[int, int]:
    """A range by indexes that may count from the end, ``stop`` included, as one of Python's."""
    if start < 0:
        start = max(start + size, 0)
    stop = stop + size if stop < 0 else min(stop, size - 1)
    return (start, stop + 1) if start <= stop else (0, 0)


def _part(value: ListValue, start: int, stop: int) -> list[Reply]:
    """The elements from ``start`` up to ``stop``, from the nearer end where that is dear."""
    if isinstance(value, ShortList):
        return list(value[start:stop])
    size = len(value)
    if start <= size - stop:
        return list(islice(value, start, stop))
    part: list[Reply] = list(islice(reversed(value), size - stop, size - start))
    part.reverse()
    return part


@command("LRANGE", "key start stop", READONLY, _KEY, group="list", since="1.0.0")
def lrange(ctx: Context, argv: Argv) -> Reply:
    """A part of a list, by indexes that may count from its tail."""
    start, stop = integer(argv[2]), integer(argv[3])
    value = read_list(ctx, argv[1])
    return [] if value is None else _part(value, *bounds(start, stop, len(value)))


_ZERO_RANK = {
    Style.REDIS_6: b"ERR RANK can't be zero: use 1 to start from the first match, 2 from the "
    b"second, ...",
    Style.REDIS_7: b"ERR RANK can't be zero: use 1 to start from the first match, 2 from the "
    b"second ... or use negative to start from the end of the list",
}


class _PosOptions:
    """The words behind LPOS key element; ``count`` None: not given."""

    __slots__ = ("count", "max_length", "rank")

    def __init__(self, ctx: Context, argv: Argv) -> None:
        self.rank = 1
        self.count: int | None = None
        self.max_length = 0
        words = iter(argv[3:])
        for raw in words:
            word, text = raw.upper(), next(words, None)
            if text is None:
                raise CommandError(SYNTAX)
            if word == b"RANK":
                self.rank = self._rank(ctx, text)
            elif word == b"COUNT":
                self.count = _not_negative(text, b"COUNT")
            elif word == b"MAXLEN":
                self.max_length = _not_negative(text, b"MAXLEN")
            else:
                raise CommandError(SYNTAX)

    def _rank(self, ctx: Context, text: bytes) -> int:
        rank = integer(text)
        if rank == 0:
            raise CommandError(_ZERO_RANK[ctx.options.style])
        if rank == INT64_MIN and ctx.options.style is not Style.REDIS_6:
            return integer_within(text, -INT64_MAX, INT64_MAX)
        return rank


def _not_negative(text: bytes, name: bytes) -> int:
    return integer_within(text, 0, INT64_MAX, b"ERR %b can't be negative" % name)


def _positions(value: ListValue, element: bytes, options: _PosOptions) -> Iterator[int]:
    """Where ``element`` is found, in the order and from the match that RANK says."""
    forward = options.rank > 0
    skip = abs(options.rank) - 1
    size = len(value)
    walk = islice(value if forward else reversed(value), options.max_length or None)
    for at, one in enumerate(walk):
        if one == element:
            if skip:
                skip -= 1
            else:
                yield at if forward else size - 1 - at


@command("LPOS", "key element [RANK rank] [COUNT matches] [MAXLEN length]", READONLY, _KEY,
         group="list", since="6.0.6")  # fmt: skip
def lpos(ctx: Context, argv: Argv) -> Reply:
    """The index of an element in a list, or the indexes of several like it."""
    options = _PosOptions(ctx, argv)
    value = read_list(ctx, argv[1])
    found = iter(()) if value is None else _positions(value, argv[2], options)
    if options.count is None:
        return next(found, None)
    return list(islice(found, options.count or None))


# Changing.
@command("LSET", "key index element", WRITE | DENYOOM, _KEY, group="list", since="1.0.0")
def lset(ctx: Context, argv: Argv) -> Reply:
    """Put another element at an index."""
    value = get_list(ctx, argv[1])
    if value is None:
        raise CommandError(NO_SUCH_KEY)
    at = integer(argv[2])
    if not -len(value) <= at < len(value):
        raise CommandError(INDEX_OUT_OF_RANGE)
    value[at] = argv[3]
    ctx.changed(b"lset", argv[1])
    return OK


@command("LINSERT", "key <BEFORE | AFTER> pivot element", WRITE | DENYOOM, _KEY, group="list",
         since="2.2.0")  # fmt: skip
def linsert(ctx: Context, argv: Argv) -> Reply:
    """Put an element before or behind the first one that equals another."""
    key, where = argv[1], argv[2].upper()
    if where not in (b"BEFORE", b"AFTER"):
        raise CommandError(SYNTAX)
    value = get_list(ctx, key)
    if value is None:
        return 0
    try:
        at = value.index(argv[3])
    except ValueError:
        return -1
    value.insert(at + (where == b"AFTER"), argv[4])
    length = push(ctx, key, value, (), False)
    ctx.changed(b"linsert", key)
    return length


@command("LREM", "key count element", WRITE, _KEY, group="list", since="1.0.0")
def lrem(ctx: Context, argv: Argv) -> Reply:
    """Remove the first elements (count > 0), the last ones (< 0) or all (0) that equal another."""
    key, count, element = argv[1], integer(argv[2]), argv[3]
    if count == INT64_MIN and ctx.options.style is not Style.REDIS_6:
        integer_within(argv[2], -INT64_MAX, INT64_MAX)
    value = get_list(ctx, key)
    if value is None:
        return 0
    there = value.count(element)
    removed = min(abs(count), there) if count else there
    if not removed:
        return 0
    kept = _without(value, element, removed) if count >= 0 else _without(
        reversed(value), element, removed
    )[::-1]  # fmt: skip
    value.clear()
    value.extend(kept)
    ctx.changed(b"lrem", key, removed)
    ctx.drop_if_empty(key, value)
    return removed


def _without(elements: Iterator[bytes] | ListValue, element: bytes, count: int) -> list[bytes]:
    """All elements but the first ``count`` that equal ``element``."""
    walk = iter(elements)
    kept: list[bytes] = []
    for one in walk:
        if one != element:
            kept.append(one)
        elif count == 1:
            kept.extend(walk)
        else:
            count -= 1
    return kept


@command("LTRIM", "key start stop", WRITE, _KEY, group="list", since="1.0.0")
def ltrim(ctx: Context, argv: Argv) -> Reply:
    """Remove all but a part of a list, by indexes that may count from its tail."""
    key = argv[1]
    start, stop = integer(argv[2]), integer(argv[3])
    value = get_list(ctx, key)
    if value is None:
        return OK
    size = len(value)
    start, stop = bounds(start, stop, size)
    if isinstance(value, ShortList):
        del value[stop:], value[:start]
    else:
        for _ in range(size - stop):
            value.pop()
        for _ in range(start):
            value.popleft()
    # 6.0 counts a change, and logs it, even where nothing was removed.
    ctx.changed(b"ltrim", key, 1 if ctx.options.style is Style.REDIS_6 else size - len(value))
    ctx.drop_if_empty(key, value)
    return OK
