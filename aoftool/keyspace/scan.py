"""What SCAN, SSCAN, HSCAN and ZSCAN have in common (``scanGenericCommand`` in db.c).

def sscan(ctx: Context, argv: Argv) -> Reply:
    cursor = parse_cursor(argv[2])
    value = ctx.typed(argv[1], SetValue)
    if value is None:
        return EMPTY_SCAN
    options = parse_scan_options(ctx, argv[3:])
    cursor, members = scan_page(ctx, argv[1], value, cursor, options, at_once=512)
    return scan_reply(cursor, members)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import NOT_AN_INTEGER, SYNTAX, CommandError
from aoftool.keyspace.glob import compiled
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

#: COUNT where none is given.
DEFAULT_COUNT = 10

_CURSOR = re.compile(rb"([+-]?)([0-9]*)")
_CURSOR_LIMIT = 1 << 64
_MAX_CURSOR_TEXT = 1024


@dataclass(slots=True)
class ScanOptions:
    """What stands behind a cursor.

    Attributes:
        count: about how many elements a page has.
        match: tells whether an element is wanted; None: all are.
        type_name: TYPE as it was given (SCAN only), or None.
        values: whether HSCAN returns values too.
    """

    count: int = DEFAULT_COUNT
    match: Callable[[bytes], bool] | None = None
    type_name: bytes | None = None
    values: bool = True


def parse_cursor(text: bytes) -> int:
    """A cursor from its text (``parseScanCursorOrReply``). Raises CommandError.

    Read as by ``strtoul``, which takes a sign, and an empty text for 0.
    """
    match = _CURSOR.fullmatch(text)
    if match is None or len(text) > _MAX_CURSOR_TEXT or (match[1] and not match[2]):
        raise CommandError(b"ERR invalid cursor")
    value = int(match[2] or b"0")
    if value >= _CURSOR_LIMIT:
        raise CommandError(b"ERR invalid cursor")
    return -value % _CURSOR_LIMIT if match[1] == b"-" else value


def scan_reply(cursor: int, elements: Iterable[bytes]) -> list[Reply]:
    """What a page is answered as: the cursor as text, and the elements."""
    return [b"%d" % cursor, list(elements)]


def scan_page(
    ctx: Context,
    key: bytes | None,
    collection: Collection[bytes],
    cursor: int,
    options: ScanOptions,
    at_once: int = 0,
) -> tuple[int, list[bytes]]:
    """The next cursor, and the elements of a page that MATCH lets through.

    ``key`` is where the collection stands in the selected database; None: it is the database's
    own dict of keys. ``at_once``: so many elements Redis holds in a compact encoding, which it
    returns whole. COUNT is about elements before MATCH.
    """
    owner = (ctx.db.index, key)
    cursor, page = ctx.keyspace.scans.page(owner, collection, cursor, options.count, at_once)
    if options.match is not None:
        match = options.match
        page = [element for element in page if match(element)]
    return cursor, page


def parse_scan_options(
    ctx: Context, words: Argv, *, keys: bool = False, fields: bool = False
) -> ScanOptions:
    """The options behind the cursor (``scanGenericCommand``). Raises CommandError.

    ``keys``: they are SCAN's, which has TYPE; ``fields``: HSCAN's, which has NOVALUES.
    """
    options = ScanOptions()
    rest = iter(words)
    for raw in rest:
        word = raw.upper()
        if word == b"NOVALUES" and ctx.options.style is not Style.REDIS_6:
            if not fields:
                raise CommandError(b"ERR NOVALUES option can only be used in HSCAN")
            options.values = False
            continue
        value = next(rest, None)
        if value is None:
            raise CommandError(SYNTAX)
        if word == b"COUNT":
            options.count = _count(value)
        elif word == b"MATCH":
            # A lone star takes the empty text too, which glob's star does not.
            options.match = None if value == b"*" else compiled(value)
        elif word == b"TYPE" and keys:
            options.type_name = value
        else:
            raise CommandError(SYNTAX)
    return options


def _count(text: bytes) -> int:
    count = parse_int(text)
    if count is None:
        raise CommandError(NOT_AN_INTEGER)
    if count < 1:
        raise CommandError(SYNTAX)
    return count
