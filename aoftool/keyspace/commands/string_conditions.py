"""Strings under a condition: DELEX and MSETEX of Redis 8.4, DELIFEQ of Valkey 9 (t_string.c)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.arguments import integer_within
from aoftool.keyspace.command import DENYOOM, FAST, WRITE, Call, command
from aoftool.keyspace.commands.strings import get_string
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import SYNTAX, CommandError, wrong_arity
from aoftool.keyspace.expiry import EXPIRE_OPTIONS, parse_expire
from aoftool.keyspace.keyspecs import Argv, Keys, NumKeys

_KEY = Keys(1, 1)
_INT_MAX = (1 << 31) - 1


def _as_del(call: Call) -> Iterable[Sequence[bytes]]:
    """A plain DEL, which does the same without looking at the value again."""
    return ((b"DEL", call.argv[1]),)


def _delete(ctx: Context, key: bytes) -> int:
    if not ctx.db.delete(key):
        return 0
    ctx.changed(b"del", key)
    return 1


@command("DELEX", "key [IFEQ value | IFNE value]", WRITE | FAST, _KEY, group="string",
         since="8.4.0", propagate=_as_del)  # fmt: skip
def delex(ctx: Context, argv: Argv) -> Reply:
    """Delete a key, or delete it only where its string is, or is not, a certain one.

    The conditions on a digest (XXH3) are not known here: no AOF has them.
    """
    key = argv[1]
    if len(argv) == 2:
        return 0 if ctx.db.get(key) is None else _delete(ctx, key)
    if len(argv) != 4:
        raise wrong_arity(argv[0])
    word = argv[2].upper()
    if word not in (b"IFEQ", b"IFNE"):
        raise CommandError(SYNTAX)
    value = get_string(ctx, key)
    if value is None or (value == argv[3]) is not (word == b"IFEQ"):
        return 0
    return _delete(ctx, key)


@command("DELIFEQ", "key value", WRITE | FAST, _KEY, group="string", since="9.0.0",
         propagate=_as_del)  # fmt: skip
def delifeq(ctx: Context, argv: Argv) -> Reply:
    """Delete a key where its string is a certain one."""
    return _delete(ctx, argv[1]) if get_string(ctx, argv[1]) == argv[2] else 0


class _Options:
    """The words behind the pairs of MSETEX. Raises CommandError."""

    __slots__ = ("at_ms", "condition", "keep_ttl", "when")

    def __init__(self, ctx: Context, words: Argv) -> None:
        self.condition = b""
        self.keep_ttl = False
        self.at_ms: int | None = None
        #: Where the expiry stands among the words.
        self.when = -1
        rest = iter(enumerate(words))
        for at, raw in rest:
            word = raw.upper()
            timed = self.keep_ttl or self.at_ms is not None
            if word in (b"NX", b"XX") and self.condition in (b"", word):
                self.condition = word
            elif word == b"KEEPTTL" and not timed:
                self.keep_ttl = True
            elif word in EXPIRE_OPTIONS and not timed and at + 1 < len(words):
                self.when = at
                self.at_ms = parse_expire(ctx, next(rest)[1], *EXPIRE_OPTIONS[word], b"msetex")
            else:
                raise CommandError(SYNTAX)


def _with_absolute(call: Call) -> Iterable[Sequence[bytes]]:
    """The call with its expiry as Unix ms; ``fact``: (position of the expiry, Unix ms) or None."""
    if call.ctx.fact is None:
        return (call.argv,)
    at, at_ms = call.ctx.fact
    return ((*call.argv[:at], b"PXAT", b"%d" % at_ms, *call.argv[at + 2 :]),)


@command(
    "MSETEX",
    "numkeys key value [key value ...] [NX | XX] [EX seconds | PX ms | EXAT unix-seconds | "
    "PXAT unix-ms | KEEPTTL]",
    WRITE | DENYOOM,
    NumKeys(1, step=2),
    group="string",
    since="8.4.0",
    propagate=_with_absolute,
)
def msetex(ctx: Context, argv: Argv) -> Reply:
    """Set several keys to strings with one expiry, all or none."""
    count = integer_within(argv[1], 1, _INT_MAX, b"ERR invalid numkeys value")
    behind = 2 + 2 * count
    if behind > len(argv):
        raise wrong_arity(argv[0])
    options = _Options(ctx, argv[behind:])
    keys, values = argv[2:behind:2], argv[3:behind:2]
    there = [ctx.db.get(key) is not None for key in keys]
    if (options.condition == b"NX" and any(there)) or (
        options.condition == b"XX" and not all(there)
    ):
        return 0
    for key, value in zip(keys, values, strict=True):
        _store(ctx, key, value, options)
    if options.at_ms is not None:
        ctx.fact = behind + options.when, options.at_ms
    return 1


def _store(ctx: Context, key: bytes, value: bytes, options: _Options) -> None:
    if options.keep_ttl:
        ctx.db.put(key, value)
    else:
        ctx.db.replace(key, value)
    ctx.changed(b"set", key)
    if options.at_ms is not None:
        ctx.db.set_expire(key, options.at_ms)
        ctx.changed(b"expire", key, 0)
