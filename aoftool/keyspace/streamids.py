"""Entry IDs as commands give them (``streamGenericParseIDOrReply`` in t_stream.c)."""

from __future__ import annotations

import re

from aoftool.format.rdb import StreamId
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.numbers import parse_int
from aoftool.keyspace.stream import MAX_ID, MIN_ID

MAX_PART = (1 << 64) - 1
_MAX_TEXT = 127
_PLAIN = re.compile(rb"([0-9]{1,19})-([0-9]{1,19})")
_UNSIGNED = re.compile(rb"[ \t\n\v\f\r]*([+-]?)([0-9]+)")

INVALID_ID = b"ERR Invalid stream ID specified as stream command argument"


def parse_id(text: bytes, missing: int = 0, strict: bool = True) -> StreamId:
    """The ID that ``text`` is; ``missing`` becomes its sequence number where it has none.

    ``strict``: ``-`` and ``+``, the least and the greatest ID, are refused. Raises CommandError.
    """
    if match := _PLAIN.fullmatch(text):
        return int(match[1]), int(match[2])
    if text in (b"-", b"+") and not strict:
        return MIN_ID if text == b"-" else MAX_ID
    ms, dash, sequence = _parts(text)
    return _unsigned(ms), _unsigned(sequence) if dash else missing


def parse_new_id(text: bytes) -> tuple[StreamId, bool]:
    """The ID for XADD, and whether its sequence number is open: ``ms-*``. Raises CommandError."""
    ms, _, sequence = _parts(text)
    if sequence == b"*":
        return (_unsigned(ms), 0), True
    return parse_id(text), False


def parse_bound(text: bytes, end: bool = False) -> StreamId:
    """A bound of an interval; with ``(`` before it, the ID next to it. Raises CommandError.

    ``end``: it is the upper one (``streamParseIntervalIDOrReply``).
    """
    missing = MAX_PART if end else 0
    if not text.startswith(b"(") or len(text) == 1:
        return parse_id(text, missing, strict=False)
    entry_id = parse_id(text[1:], missing)
    if entry_id == (MIN_ID if end else MAX_ID):
        which = b"end" if end else b"start"
        raise CommandError(b"ERR invalid %b ID for the interval" % which)
    return before(entry_id) if end else after(entry_id)


def format_id(entry_id: StreamId) -> bytes:
    """``ms-seq``."""
    return b"%d-%d" % entry_id


def after(entry_id: StreamId) -> StreamId:
    """The next ID; after the greatest one comes the least (``streamIncrID``)."""
    ms, sequence = entry_id
    if sequence < MAX_PART:
        return ms, sequence + 1
    return (ms + 1, 0) if ms < MAX_PART else MIN_ID


def before(entry_id: StreamId) -> StreamId:
    """The ID before this one, which is not the least (``streamDecrID``)."""
    ms, sequence = entry_id
    return (ms, sequence - 1) if sequence else (ms - 1, MAX_PART)


def _parts(text: bytes) -> tuple[bytes, bytes, bytes]:
    """The parts before and behind the first dash; as C reads them, up to a zero byte."""
    if len(text) > _MAX_TEXT:
        raise CommandError(INVALID_ID)
    return text.partition(b"\0")[0].partition(b"-")


def _unsigned(text: bytes) -> int:
    """An unsigned 64-bit number (``string2ull``, whose second try is C's ``strtoull``)."""
    match = _UNSIGNED.fullmatch(text)
    if match is None:
        raise CommandError(INVALID_ID)
    value = int(match[2])
    plain = parse_int(text)
    if value > MAX_PART or (plain is not None and plain < 0):
        raise CommandError(INVALID_ID)
    return -value % (MAX_PART + 1) if match[1] == b"-" else value
