"""What blocking commands have in common: how long they would wait.

In the keyspace nothing waits: a command that finds no data answers as Redis does inside MULTI, as
if its time had run out at once. A server that waits calls it again when a key has data.
"""

from __future__ import annotations

import math
from fractions import Fraction

from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.numbers import INT64_MAX, parse_int, parse_long_double, round_long_double

_NEGATIVE = b"ERR timeout is negative"
_TOO_FAR = b"ERR timeout is out of range"


def parse_timeout(ctx: Context, text: bytes) -> int:
    """A time to wait, given in seconds, in ms; 0: forever (``getTimeoutFromObjectOrReply``).

    Raises CommandError. 6.x cuts a fraction of a ms off, and takes what is too far for negative;
    7.x rounds it up, and 7.4 refuses what is too far (7.0 does not yet).
    """
    seconds = parse_long_double(text)
    if seconds is None:
        raise CommandError(b"ERR timeout is not a float or out of range")
    timeout = round_long_double(seconds * 1000) if isinstance(seconds, Fraction) else seconds
    if timeout > INT64_MAX:
        raise CommandError(_NEGATIVE if ctx.options.style is Style.REDIS_6 else _TOO_FAR)
    if timeout == -math.inf:
        raise CommandError(_NEGATIVE)
    timeout_ms = int(timeout) if ctx.options.style is Style.REDIS_6 else math.ceil(timeout)
    return _checked(ctx, timeout_ms)


def parse_timeout_ms(ctx: Context, text: bytes) -> int:
    """A time to wait, given in ms; 0: forever. Raises CommandError."""
    timeout_ms = parse_int(text)
    if timeout_ms is None:
        raise CommandError(b"ERR timeout is not an integer or out of range")
    return _checked(ctx, timeout_ms)


def _checked(ctx: Context, timeout_ms: int) -> int:
    if timeout_ms < 0:
        raise CommandError(_NEGATIVE)
    if timeout_ms > INT64_MAX - ctx.now_ms and ctx.options.style is not Style.REDIS_6:
        raise CommandError(_TOO_FAR)
    return timeout_ms
