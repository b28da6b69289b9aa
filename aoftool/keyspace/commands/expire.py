"""When keys expire (expire.c)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import FAST, RANDOM, READONLY, WRITE, Call, command
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import CommandError, wrong_arity
from aoftool.keyspace.expiry import already_past, delete_word, parse_expire
from aoftool.keyspace.keyspecs import Argv, Keys

_KEY = Keys(1, 1)
_SYNTAX = "key %s [NX | XX | GT | LT]"
_NONE: frozenset[bytes] = frozenset()
_OPTIONS = (b"NX", b"XX", b"GT", b"LT")


def _options(ctx: Context, argv: Argv) -> frozenset[bytes]:
    """The conditions behind the time (``parseExtendedExpireArgumentsOrReply``)."""
    if ctx.options.style is Style.REDIS_6 and not ctx.trusted:
        raise wrong_arity(argv[0])
    words = frozenset(word.upper() for word in argv[3:])
    for word in argv[3:]:
        if word.upper() not in _OPTIONS:
            raise CommandError(b"ERR Unsupported option %b" % word)
    if b"NX" in words and len(words) > 1:
        raise CommandError(b"ERR NX and XX, GT or LT options at the same time are not compatible")
    if {b"GT", b"LT"} <= words:
        raise CommandError(b"ERR GT and LT options at the same time are not compatible")
    return words


def _met(options: frozenset[bytes], at_ms: int, now: int | None) -> bool:
    """Whether the conditions hold; a key without expiry counts as one that lives for ever."""
    if b"NX" in options and now is not None:
        return False
    if b"XX" in options and now is None:
        return False
    if b"GT" in options and (now is None or at_ms <= now):
        return False
    return not (b"LT" in options and now is not None and at_ms >= now)


def _expire(ctx: Context, argv: Argv, unit_ms: int, absolute: bool) -> Reply:
    """``expireGenericCommand``; ``fact``: the time that was set, or None where the key went."""
    options = _options(ctx, argv) if len(argv) > 3 else _NONE
    at_ms = parse_expire(ctx, argv[2], unit_ms, absolute, argv[0], positive=False)
    key, db = argv[1], ctx.db
    if db.get(key) is None or (options and not _met(options, at_ms, db.expire_at(key))):
        return 0
    if not ctx.trusted and already_past(ctx, at_ms):
        ctx.fact = None
        db.delete(key)
        ctx.changed(b"del", key)
    else:
        ctx.fact = at_ms
        db.set_expire(key, at_ms)
        ctx.changed(b"expire", key)
    return 1


def _as_pexpireat(call: Call) -> Iterable[Sequence[bytes]]:
    """The time as an absolute one; the conditions stay."""
    if call.ctx.fact is None:
        return ((delete_word(call.ctx), call.argv[1]),)
    if call.argv[0].upper() == b"PEXPIREAT":
        return (call.argv,)
    return ((b"PEXPIREAT", call.argv[1], b"%d" % call.ctx.fact, *call.argv[3:]),)


@command("EXPIRE", _SYNTAX % "seconds", WRITE | FAST, _KEY, group="generic", since="1.0.0",
         propagate=_as_pexpireat)  # fmt: skip
def expire(ctx: Context, argv: Argv) -> Reply:
    """Let a key expire after so many seconds."""
    return _expire(ctx, argv, 1000, False)


@command("PEXPIRE", _SYNTAX % "ms", WRITE | FAST, _KEY, group="generic", since="2.6.0",
         propagate=_as_pexpireat)  # fmt: skip
def pexpire(ctx: Context, argv: Argv) -> Reply:
    """Let a key expire after so many milliseconds."""
    return _expire(ctx, argv, 1, False)


@command("EXPIREAT", _SYNTAX % "unix-seconds", WRITE | FAST, _KEY, group="generic", since="1.2.0",
         propagate=_as_pexpireat)  # fmt: skip
def expireat(ctx: Context, argv: Argv) -> Reply:
    """Let a key expire at a Unix time in seconds."""
    return _expire(ctx, argv, 1000, True)


@command("PEXPIREAT", _SYNTAX % "unix-ms", WRITE | FAST, _KEY, group="generic", since="2.6.0",
         propagate=_as_pexpireat)  # fmt: skip
def pexpireat(ctx: Context, argv: Argv) -> Reply:
    """Let a key expire at a Unix time in milliseconds."""
    return _expire(ctx, argv, 1, True)


@command("PERSIST", "key", WRITE | FAST, _KEY, group="generic", since="2.2.0")
def persist(ctx: Context, argv: Argv) -> Reply:
    """Take a key's expiry away."""
    if ctx.db.get(argv[1]) is None or not ctx.db.persist(argv[1]):
        return 0
    ctx.changed(b"persist", argv[1])
    return 1


# Asking.
_NO_KEY, _NO_EXPIRY = -2, -1


def _expiry(ctx: Context, key: bytes, since_ms: int, unit_ms: int) -> int:
    """The expiry after ``since_ms`` in units, or the code for none (``ttlGenericCommand``)."""
    if ctx.db.peek(key) is None:
        return _NO_KEY
    at_ms = ctx.db.expire_at(key)
    if at_ms is None:
        return _NO_EXPIRY
    return (max(at_ms - since_ms, 0) + unit_ms // 2) // unit_ms


@command("TTL", "key", READONLY | FAST | RANDOM, _KEY, group="generic", since="1.0.0")
def ttl(ctx: Context, argv: Argv) -> Reply:
    """In how many seconds a key expires; -1: never, -2: there is no such key."""
    return _expiry(ctx, argv[1], ctx.now_ms, 1000)


@command("PTTL", "key", READONLY | FAST | RANDOM, _KEY, group="generic", since="2.6.0")
def pttl(ctx: Context, argv: Argv) -> Reply:
    """In how many milliseconds a key expires; -1: never, -2: there is no such key."""
    return _expiry(ctx, argv[1], ctx.now_ms, 1)


@command("EXPIRETIME", "key", READONLY | FAST, _KEY, group="generic", since="7.0.0")
def expiretime(ctx: Context, argv: Argv) -> Reply:
    """The Unix time in seconds at which a key expires; -1: never, -2: there is no such key."""
    return _expiry(ctx, argv[1], 0, 1000)


@command("PEXPIRETIME", "key", READONLY | FAST, _KEY, group="generic", since="7.0.0")
def pexpiretime(ctx: Context, argv: Argv) -> Reply:
    """The Unix time in ms at which a key expires; -1: never, -2: there is no such key."""
    return _expiry(ctx, argv[1], 0, 1)
