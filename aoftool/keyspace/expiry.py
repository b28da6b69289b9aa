"""Times at which keys expire, as commands give them: seconds or ms, relative or absolute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aoftool.keyspace.command import Call
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import NOT_AN_INTEGER, CommandError
from aoftool.keyspace.numbers import INT64_MAX, INT64_MIN, parse_int

#: By option word: (ms in one unit, whether the time is absolute).
EXPIRE_OPTIONS = {
    b"EX": (1000, False),
    b"PX": (1, False),
    b"EXAT": (1000, True),
    b"PXAT": (1, True),
}


def invalid_expire(ctx: Context, name: bytes) -> CommandError:
    """The error for a time that is no time, in the words of the server's version."""
    if ctx.options.style is Style.REDIS_6:
        return CommandError(b"ERR invalid expire time in %b" % name.lower())
    return CommandError(b"ERR invalid expire time in '%b' command" % name.lower())


def parse_expire(
    ctx: Context, text: bytes, unit_ms: int, absolute: bool, name: bytes, positive: bool = True
) -> int:
    """The Unix time in ms that ``text`` stands for (``parseExtendedExpireArguments``, t_string.c).

    ``positive``: a time of 0 or below is refused, as SET does and EXPIRE does not.
    Raises CommandError.
    """
    value = parse_int(text)
    if value is None:
        raise CommandError(NOT_AN_INTEGER)
    if positive and value <= 0:
        raise invalid_expire(ctx, name)
    at_ms = value * unit_ms + (0 if absolute else ctx.now_ms)
    # One product is enough where nothing was added to it.
    if not INT64_MIN <= at_ms <= INT64_MAX or (
        not absolute and not INT64_MIN <= value * unit_ms <= INT64_MAX
    ):
        raise invalid_expire(ctx, name)
    return at_ms


def already_past(ctx: Context, at_ms: int) -> bool:
    """Whether a key with this expiry goes at once; never while a file is loaded."""
    return at_ms <= ctx.now_ms and not ctx.keyspace.clock.paused and not ctx.trusted


def delete_word(ctx: Context) -> bytes:
    """How the AOF says that an expired key goes (``propagateExpire``)."""
    return b"UNLINK" if ctx.options.lazy_expire else b"DEL"


def set_with_expiry(call: Call) -> Iterable[Sequence[bytes]]:
    """The rule of SET, SETEX and PSETEX; ``fact``: the expiry in Unix ms, or None.

    Redis 6 writes two commands, without a transaction around them (feedAppendOnlyFile); Redis 7
    one, with PXAT. Without expiry the call stands as it is, but for GET, which needs no replay.
    """
    argv, at_ms = call.argv, call.ctx.fact
    if at_ms is None:
        return (_without_get(argv),)
    value = argv[2] if argv[0].upper() == b"SET" else argv[3]
    when = b"%d" % at_ms
    if call.ctx.options.style is Style.REDIS_6:
        return (b"SET", argv[1], value), (b"PEXPIREAT", argv[1], when)
    return ((b"SET", argv[1], value, b"PXAT", when),)


def _without_get(argv: Sequence[bytes]) -> Sequence[bytes]:
    if not any(argument.upper() == b"GET" for argument in argv[3:]):
        return argv
    return [*argv[:3], *(argument for argument in argv[3:] if argument.upper() != b"GET")]
