"""Numbers among a command's arguments, with the errors that Redis answers (object.c)."""

from __future__ import annotations

from aoftool.keyspace.errors import NOT_AN_INTEGER, CommandError
from aoftool.keyspace.numbers import parse_int

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


def integer(text: bytes, message: bytes = NOT_AN_INTEGER) -> int:
    """A 64-bit integer (``getLongLongFromObjectOrReply``). Raises CommandError ``message``."""
    value = parse_int(text)
    if value is None:
        raise CommandError(message)
    return value


def integer_within(text: bytes, low: int, high: int, message: bytes | None = None) -> int:
    """An integer from ``low`` to ``high`` (``getRangeLongFromObjectOrReply``). Raises CommandError.

    ``message`` takes the place of both errors, that of the range and that of the form.
    """
    value = integer(text, message or NOT_AN_INTEGER)
    if not low <= value <= high:
        raise CommandError(
            message or b"ERR value is out of range, value must between %d and %d" % (low, high)
        )
    return value


def int32(text: bytes, message: bytes | None = None) -> int:
    """A C int (``getIntFromObjectOrReply``). Raises CommandError."""
    return integer_within(text, INT32_MIN, INT32_MAX, message)
