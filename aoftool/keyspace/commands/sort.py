"""SORT and SORT_RO (sort.c)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.arguments import integer
from aoftool.keyspace.command import DENYOOM, READONLY, WRITE, command
from aoftool.keyspace.context import Context
from aoftool.keyspace.database import Database
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Behind
from aoftool.keyspace.numbers import parse_float
from aoftool.keyspace.values import (
    HashValue,
    ListValue,
    LongList,
    SetValue,
    ShortList,
    ZSetValue,
    list_value,
)

_SORTABLE = (ShortList, LongList, SetValue, ZSetValue)
_SPACE = b" \t\n\v\f\r"
_NOT_ANYWHERE = b"ERR %b option of SORT denied due to insufficient ACL permissions."


@dataclass(slots=True)
class _Options:
    """The words behind the key; ``by`` without a star means: do not sort."""

    by: bytes | None = None
    get: list[bytes] = field(default_factory=list)
    start: int = 0
    count: int = -1
    alpha: bool = False
    descending: bool = False
    store: bytes | None = None

    @property
    def unsorted(self) -> bool:
        return self.by is not None and b"*" not in self.by


def _options(argv: Argv, may_store: bool, anywhere: bool) -> _Options:
    """``anywhere``: BY and GET may name keys. Raises CommandError."""
    options = _Options()
    words = iter(argv[2:])
    for raw in words:
        word = raw.upper()
        if word in (b"ASC", b"DESC"):
            options.descending = word == b"DESC"
        elif word == b"ALPHA":
            options.alpha = True
        elif word == b"LIMIT":
            start, count = next(words, None), next(words, None)
            if start is None or count is None:
                raise CommandError(SYNTAX)
            options.start, options.count = integer(start), integer(count)
        elif word in (b"BY", b"GET") or (word == b"STORE" and may_store):
            argument = next(words, None)
            if argument is None:
                raise CommandError(SYNTAX)
            if not anywhere and (word == b"GET" or (word == b"BY" and b"*" in argument)):
                raise CommandError(_NOT_ANYWHERE % word)
            if word == b"BY":
                options.by = argument
            elif word == b"GET":
                options.get.append(argument)
            else:
                options.store = argument
        else:
            raise CommandError(SYNTAX)
    return options


def _lookup(db: Database, pattern: bytes, element: bytes) -> bytes | None:
    """What a BY or GET pattern stands for with this element (``lookupKeyByPattern``).

    The first star becomes the element; ``->`` with something behind it, after the star, names a
    field of a hash.
    """
    if pattern == b"#":
        return element
    prefix, star, rest = pattern.partition(b"*")
    if not star:
        return None
    postfix, arrow, name = rest.partition(b"->")
    if not name:
        postfix, arrow = rest, b""
    value = db.read(prefix + element + postfix)
    if not arrow:
        return bytes(value) if isinstance(value, (bytes, bytearray)) else None
    if not isinstance(value, HashValue):
        return None
    at_ms = value.expires.get(name) if value.expires else None
    if at_ms is not None and at_ms <= db.clock.now_ms and not db.clock.paused:
        return None
    return value.get(name)


def _score(text: bytes) -> float:
    """The number that a text begins with as ``strtod`` reads it. Raises CommandError."""
    text = text.partition(b"\0")[0]
    value = parse_float(text.lstrip(_SPACE)) if text else 0.0
    if value is None:
        raise CommandError(b"ERR One or more scores can't be converted into double")
    return value


def _compare_present(one: bytes | None, other: bytes | None) -> int:
    """Order of two texts of which any may be missing: that one comes first."""
    if one is None or other is None:
        return (one is not None) - (other is not None)
    return (one > other) - (one < other)


def _sorted(ctx: Context, elements: list[bytes], options: _Options) -> list[bytes]:
    """``sortCompare``: by number and then by text, or by text alone."""
    by, db = options.by, ctx.db
    if not options.alpha:
        scores: dict[bytes, float] = {}
        for element in elements:
            text = _lookup(db, by, element) if by is not None else element
            scores[element] = 0.0 if text is None else _score(text)
        return sorted(elements, key=lambda element: (scores[element], element),
                      reverse=options.descending)  # fmt: skip
    collated = (lambda text: text) if options.store is not None else _until_nul
    if by is None:
        return sorted(elements, key=collated, reverse=options.descending)
    texts = {element: _lookup(db, by, element) for element in elements}
    order = cmp_to_key(_compare_present)
    return sorted(
        elements,
        key=lambda element: order(None if (text := texts[element]) is None else collated(text)),
        reverse=options.descending,
    )


def _until_nul(text: bytes) -> bytes:
    """What ``strcoll`` compares."""
    return text.partition(b"\0")[0]


def _elements(value: Any, options: _Options) -> list[bytes]:
    """The elements in the order that they have before sorting.

    A set stored unsorted is sorted by text, so that it is the same everywhere.
    """
    if value is None:
        return []
    if not isinstance(value, SetValue):
        ordered = isinstance(value, ZSetValue)
        elements = [member for _, member in value] if ordered else list(value)
        return elements[::-1] if options.unsorted and options.descending else elements
    if options.unsorted and options.store is not None:
        options.by, options.alpha = None, True
    return sorted(value)


def _limited(elements: list[bytes], options: _Options) -> list[bytes]:
    start = max(options.start, 0)
    return elements[start:] if options.count < 0 else elements[start : start + options.count]


def _looks_anywhere(ctx: Context, argv: Argv, may_store: bool) -> bool:
    """Whether the caller may read the keys that BY and GET name, which nobody knows before."""
    permissions = ctx.options.permissions
    if permissions is None or ctx.trusted:
        return True
    return permissions.may_read_all(b"SORT" if may_store else b"SORT_RO", argv)


def _sort(ctx: Context, argv: Argv, may_store: bool) -> Reply:
    """``sortCommandGeneric``."""
    options = _options(argv, may_store, _looks_anywhere(ctx, argv, may_store))
    look = ctx.read if options.store is None else ctx.source
    elements = _elements(look(argv[1], _SORTABLE), options)
    if not options.unsorted:
        elements = _sorted(ctx, elements, options)
    found: list[bytes | None] = []
    found += _limited(elements, options)
    if options.get:
        found = [
            _lookup(ctx.db, pattern, element)
            for element in found
            if element is not None
            for pattern in options.get
        ]
    if options.store is None:
        return list(found)
    _store(ctx, options.store, list_value(element or b"" for element in found))
    return len(found)


def _store(ctx: Context, key: bytes, elements: ListValue) -> None:
    if elements:
        ctx.db.replace(key, elements)
        ctx.changed(b"sortstore", key, len(elements))
    elif ctx.db.get(key) is not None:
        ctx.db.delete(key)
        ctx.changed(b"del", key)


#: Words of SORT that are followed by something which is no word.
_TAKEN = {b"BY": 1, b"GET": 1, b"LIMIT": 2}
_ACL = "set sortedset list dangerous"
_PATTERNS = "[BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]"


@command("SORT", f"key {_PATTERNS} [STORE destination]", WRITE | DENYOOM,
         Behind((1,), frozenset((b"STORE",)), 2, _TAKEN), group="generic", since="1.0.0",
         acl=_ACL)  # fmt: skip
def sort(ctx: Context, argv: Argv) -> Reply:
    """The elements of a list, set or sorted set in order, or what keys named after them hold."""
    return _sort(ctx, argv, True)


@command(
    "SORT_RO",
    f"key {_PATTERNS}",
    READONLY,
    Behind((1,), frozenset(), 2),
    group="generic",
    since="7.0.0",
    acl=_ACL,
)
def sort_ro(ctx: Context, argv: Argv) -> Reply:
    """SORT that cannot store."""
    return _sort(ctx, argv, False)
