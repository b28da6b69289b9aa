"""Hash fields that expire (t_hash.c of 7.4), and what reads or sets fields with expiry (8.0)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.arguments import integer, integer_within
from aoftool.keyspace.command import (
    DENYOOM,
    FAST,
    READONLY,
    WRITE,
    Call,
    Handler,
    command,
)
from aoftool.keyspace.commands.hashes import get_hash, read_hash, writable_hash
from aoftool.keyspace.context import Context
from aoftool.keyspace.encodings import take_out_of_hash
from aoftool.keyspace.errors import CommandError, wrong_arity
from aoftool.keyspace.expiry import EXPIRE_OPTIONS, already_past, invalid_expire
from aoftool.keyspace.fields import (
    MAX_FIELD_EXPIRE,
    persist_field,
    remove_field,
    set_field_expiry,
)
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import INT64_MAX
from aoftool.keyspace.values import HashValue

_KEY = Keys(1, 1)
# What is answered for a field.
_NO_FIELD, _NO_EXPIRY = -2, -1
_NOT_MET, _SET, _DELETED = 0, 1, 2

_NO_FIELDS_WORD = b"ERR Mandatory argument FIELDS is missing or not at the right position"
_NOT_SO_MANY = b"ERR The `numfields` parameter must match the number of arguments"
_BAD_COUNT = b"ERR Number of fields must be a positive integer"
_BAD_PARAMETER = b"ERR Parameter `numFields` should be greater than 0"
_INT_MAX = (1 << 31) - 1


def _fields(argv: Argv, at: int, bad_count: bytes = _BAD_COUNT) -> Argv:
    """The fields behind FIELDS numfields, which is at ``at``. Raises CommandError."""
    if argv[at].upper() != b"FIELDS":
        raise CommandError(_NO_FIELDS_WORD)
    if at + 1 == len(argv):
        raise wrong_arity(argv[0])
    if integer_within(argv[at + 1], 1, INT64_MAX, bad_count) != len(argv) - at - 2:
        raise CommandError(_NOT_SO_MANY)
    return argv[at + 2 :]


def _expire_time(ctx: Context, text: bytes, unit_ms: int, absolute: bool, name: bytes) -> int:
    """The Unix time in ms that ``text`` stands for (``parseExpireTime``). Raises CommandError."""
    value = integer(text)
    if value < 0:
        raise CommandError(b"ERR invalid expire time, must be >= 0")
    base_ms = 0 if absolute else ctx.now_ms
    if value * unit_ms > MAX_FIELD_EXPIRE - base_ms:
        raise invalid_expire(ctx, name)
    return value * unit_ms + base_ms


def _met(condition: bytes, old_ms: int | None, at_ms: int) -> bool:
    """Whether NX, XX, GT or LT lets an expiry be set over ``old_ms``."""
    if old_ms is None:
        return condition not in (b"XX", b"GT")
    if condition == b"GT":
        return old_ms < at_ms
    if condition == b"LT":
        return old_ms > at_ms
    return condition != b"NX"


def _expire_field(
    ctx: Context, value: HashValue, name: bytes, at_ms: int, condition: bytes = b""
) -> int:
    """Set one expiry (``hashTypeSetEx``); a time that is past removes the field."""
    if name not in value:
        return _NO_FIELD
    if condition and not _met(condition, (value.expires or {}).get(name), at_ms):
        return _NOT_MET
    if already_past(ctx, at_ms):
        take_out_of_hash(ctx, value, (name,))
        remove_field(value, name)
        return _DELETED
    set_field_expiry(value, name, at_ms)
    return _SET


# HEXPIRE and its kin.
def _as_hpexpireat(call: Call) -> Iterable[Sequence[bytes]]:
    """HDEL for each removed field, then HPEXPIREAT of those that were set; ``fact``: see below."""
    (at_ms, condition, fields, deleted), key = call.ctx.fact, call.argv[1]
    commands: list[Sequence[bytes]] = [(b"HDEL", key, name) for name in deleted]
    if fields:
        when = (b"%d" % at_ms, condition) if condition else (b"%d" % at_ms,)
        commands.append((b"HPEXPIREAT", key, *when, b"FIELDS", b"%d" % len(fields), *fields))
    return commands


def _expire(ctx: Context, argv: Argv, unit_ms: int, absolute: bool) -> Reply:
    """As ``hexpireGenericCommand``; ``fact``: (Unix ms, condition, fields set, fields removed)."""
    key = argv[1]
    value = get_hash(ctx, key)
    at_ms = _expire_time(ctx, argv[2], unit_ms, absolute, argv[0])
    condition = argv[3] if argv[3].upper() in (b"NX", b"XX", b"GT", b"LT") else b""
    names = _fields(argv, 4 if condition else 3, _BAD_PARAMETER)
    if value is None:
        return [_NO_FIELD] * len(names)
    results = [_expire_field(ctx, value, name, at_ms, condition.upper()) for name in names]
    told = list(zip(names, results, strict=True))
    done = [name for name, result in told if result == _SET]
    deleted = [name for name, result in told if result == _DELETED]
    ctx.fact = at_ms, condition, done, deleted
    if done or deleted:
        ctx.changed(b"hdel" if deleted else b"hexpire", key, len(done) + len(deleted))
        ctx.drop_if_empty(key, value)
    return list(results)


def _declare_expire(name: str, argument: str, unit_ms: int, absolute: bool, summary: str) -> None:
    def handler(ctx: Context, argv: Argv) -> Reply:
        return _expire(ctx, argv, unit_ms, absolute)

    _declare(
        handler,
        name,
        f"key {argument} [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        summary,
        write=True,
    )


def _declare(handler: Handler, name: str, syntax: str, summary: str, *, write: bool) -> None:
    handler.__doc__ = summary
    handler.__name__ = name.lower()
    command(
        name, syntax, WRITE | DENYOOM | FAST if write else READONLY | FAST, _KEY, group="hash",
        since="7.4.0", propagate=_as_hpexpireat if write else None,
    )(handler)  # fmt: skip


_declare_expire("HEXPIRE", "seconds", 1000, False, "Let fields expire after so many seconds.")
_declare_expire("HPEXPIRE", "ms", 1, False, "Let fields expire after so many milliseconds.")
_declare_expire("HEXPIREAT", "seconds", 1000, True, "Let fields expire at a Unix time in seconds.")
_declare_expire("HPEXPIREAT", "ms", 1, True, "Let fields expire at a Unix time in ms.")


# HTTL and its kin.
def _ttl(ctx: Context, argv: Argv, unit_ms: int, absolute: bool) -> Reply:
    """As ``httlGenericCommand``; seconds are rounded up."""
    value = read_hash(ctx, argv[1])
    names = _fields(argv, 2)
    if value is None:
        return [_NO_FIELD] * len(names)
    expires = value.expires or {}
    base_ms = 0 if absolute else ctx.now_ms
    reply: list[Reply] = []
    for name in names:
        at_ms = expires.get(name)
        if at_ms is None:
            reply.append(_NO_EXPIRY if name in value else _NO_FIELD)
        else:
            reply.append((at_ms - base_ms + unit_ms - 1) // unit_ms)
    return reply


def _declare_ttl(name: str, unit_ms: int, absolute: bool, summary: str) -> None:
    def handler(ctx: Context, argv: Argv) -> Reply:
        return _ttl(ctx, argv, unit_ms, absolute)

    _declare(handler, name, "key FIELDS numfields field [field ...]", summary, write=False)


_declare_ttl("HTTL", 1000, False, "In how many seconds fields expire; -1: never, -2: no field.")
_declare_ttl("HPTTL", 1, False, "In how many milliseconds fields expire; -1: never, -2: no field.")
_declare_ttl("HEXPIRETIME", 1000, True, "The Unix times in seconds at which fields expire.")
_declare_ttl("HPEXPIRETIME", 1, True, "The Unix times in ms at which fields expire.")


@command("HPERSIST", "key FIELDS numfields field [field ...]", WRITE | FAST, _KEY, group="hash",
         since="7.4.0")  # fmt: skip
def hpersist(ctx: Context, argv: Argv) -> Reply:
    """Take the expiries of fields away."""
    value = get_hash(ctx, argv[1])
    reply: list[Reply] = []
    for name in _fields(argv, 2):
        if value is None or name not in value:
            reply.append(_NO_FIELD)
        else:
            reply.append(_SET if persist_field(value, name) else _NO_EXPIRY)
    if _SET in reply:
        ctx.changed(b"hpersist", argv[1])
    return reply


# What 8.0 added.
def _as_hdel(call: Call) -> Iterable[Sequence[bytes]]:
    return ((b"HDEL", call.argv[1], *call.argv[4:]),)


@command("HGETDEL", "key FIELDS numfields field [field ...]", WRITE | FAST, _KEY, group="hash",
         since="8.0.0", propagate=_as_hdel)  # fmt: skip
def hgetdel(ctx: Context, argv: Argv) -> Reply:
    """Return the values of fields and remove them."""
    key = argv[1]
    value = get_hash(ctx, key)
    names = _fields(argv, 2)
    if value is None:
        return [None] * len(names)
    take_out_of_hash(ctx, value, names)
    reply: list[Reply] = []
    removed = 0
    for name in names:
        reply.append(value.get(name))
        removed += remove_field(value, name)
    if removed:
        ctx.changed(b"hdel", key, removed)
        ctx.drop_if_empty(key, value)
    return reply


def _as_what_changed(call: Call) -> Iterable[Sequence[bytes]]:
    """HGETEX: HPERSIST, or as HPEXPIREAT does it."""
    if call.ctx.fact[0] is not None:
        return _as_hpexpireat(call)
    names = call.ctx.fact[2]
    return ((b"HPERSIST", call.argv[1], b"FIELDS", b"%d" % len(names), *names),)


@command(
    "HGETEX",
    "key [EX seconds | PX ms | EXAT seconds | PXAT ms | PERSIST] FIELDS numfields field "
    "[field ...]",
    WRITE | FAST, _KEY, group="hash", since="8.0.0", propagate=_as_what_changed,
)  # fmt: skip
def hgetex(ctx: Context, argv: Argv) -> Reply:
    """Return the values of fields and change or remove their expiries."""
    key, option = argv[1], argv[2].upper()
    value = get_hash(ctx, key)
    at_ms, at = None, 2
    if option in EXPIRE_OPTIONS:
        at_ms = _expire_time(ctx, argv[3], *EXPIRE_OPTIONS[option], argv[0])
        at = 4
    elif option == b"PERSIST":
        at = 3
    names = _fields(argv, at)
    if value is None:
        return [None] * len(names)
    reply: list[Reply] = []
    done: list[bytes] = []
    deleted: list[bytes] = []
    for name in names:
        reply.append(value.get(name))
        if at_ms is not None:
            result = _expire_field(ctx, value, name, at_ms)
            if result > _NOT_MET:
                (done if result == _SET else deleted).append(name)
        elif option == b"PERSIST" and persist_field(value, name):
            done.append(name)
    ctx.fact = at_ms, b"", done, deleted
    if done or deleted:
        event = b"hdel" if deleted else b"hpersist" if at_ms is None else b"hexpire"
        ctx.changed(event, key, len(done) + len(deleted))
        ctx.drop_if_empty(key, value)
    return reply


class _SetOptions:
    """The words behind HSETEX key (``hsetexParseArgs``).

    Attributes:
        condition: FNX, FXX or nothing.
        at_ms: Unix time in ms at which the fields expire, or None.
        keep_ttl: whether expiries stay.
        pairs: fields and values in turn.
    """

    __slots__ = ("at_ms", "condition", "keep_ttl", "pairs")

    def __init__(self, ctx: Context, argv: Argv) -> None:
        self.condition, self.keep_ttl = b"", False
        self.at_ms: int | None = None
        at = 2
        while (word := argv[at].upper()) != b"FIELDS":
            if word in EXPIRE_OPTIONS or word == b"KEEPTTL":
                at += self._expiry(ctx, argv, at, word)
            elif word not in (b"FNX", b"FXX"):
                raise CommandError(b"ERR unknown argument: " + argv[at])
            elif self.condition:
                raise CommandError(
                    b"ERR Only one of FXX or FNX arguments can be specified"
                )  # fmt: skip
            else:
                self.condition = word
            at += 1
            if at == len(argv):
                raise wrong_arity(argv[0])
        if at >= len(argv) - 3:
            raise wrong_arity(argv[0])
        count = integer_within(argv[at + 1], 1, _INT_MAX, b"ERR invalid number of fields")
        self.pairs = argv[at + 2 :]
        if len(self.pairs) != 2 * count:
            raise wrong_arity(argv[0])

    def _expiry(self, ctx: Context, argv: Argv, at: int, word: bytes) -> int:
        """Take one of the words that say how long; how many arguments it has."""
        if self.keep_ttl or self.at_ms is not None:
            raise CommandError(
                b"ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"
            )
        if word == b"KEEPTTL":
            self.keep_ttl = True
            return 0
        if at + 1 == len(argv):
            raise CommandError(b"ERR missing expire time")
        self.at_ms = _expire_time(ctx, argv[at + 1], *EXPIRE_OPTIONS[word], argv[0])
        return 1


def _as_absolute(call: Call) -> Iterable[Sequence[bytes]]:
    """HSETEX with PXAT; HDEL for each field that a time in the past has removed."""
    options, deleted = call.ctx.fact
    key, pairs = call.argv[1], options.pairs
    if deleted:
        return [(b"HDEL", key, name) for name in deleted]
    words = [options.condition] if options.condition else []
    if options.keep_ttl:
        words.append(b"KEEPTTL")
    elif options.at_ms is not None:
        words += [b"PXAT", b"%d" % options.at_ms]
    return ((b"HSETEX", key, *words, b"FIELDS", b"%d" % (len(pairs) // 2), *pairs),)


@command(
    "HSETEX",
    "key [FNX | FXX] [EX seconds | PX ms | EXAT seconds | PXAT ms | KEEPTTL] FIELDS numfields "
    "field value [field value ...]",
    WRITE | DENYOOM | FAST, _KEY, group="hash", since="8.0.0", propagate=_as_absolute,
)  # fmt: skip
def hsetex(ctx: Context, argv: Argv) -> Reply:
    """Set fields of a hash with their expiry; 0 where a condition forbids it, else 1."""
    options = _SetOptions(ctx, argv)
    key, names = argv[1], options.pairs[::2]
    value = get_hash(ctx, key)
    there = [value is not None and name in value for name in names]
    if (options.condition == b"FXX" and not all(there)) or (
        options.condition == b"FNX" and any(there)
    ):
        return 0
    value = writable_hash(ctx, key)
    take_out_of_hash(ctx, value, names)
    deleted = []
    for name, text in zip(names, options.pairs[1::2], strict=True):
        value[name] = text
        if options.at_ms is None:
            if not options.keep_ttl:
                persist_field(value, name)
        elif _expire_field(ctx, value, name, options.at_ms) == _DELETED:
            deleted.append(name)
    ctx.fact = options, deleted
    ctx.changed(b"hset", key, len(names))
    if options.at_ms is not None:
        ctx.changed(b"hdel" if deleted else b"hexpire", key, 0)
        ctx.drop_if_empty(key, value)
    return 1
