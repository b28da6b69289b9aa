"""DUMP and RESTORE (cluster.c)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aoftool.errors import LossError
from aoftool.format.resp.replies import OK, Reply
from aoftool.keyspace.command import DENYOOM, RANDOM, READONLY, WRITE, Call, Flags, command
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import NOT_AN_INTEGER, SYNTAX, CommandError
from aoftool.keyspace.expiry import already_past, delete_word
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import parse_int
from aoftool.keyspace.payload import BadPayload, dump, restore

#: RDB version of payloads by whose style is written.
_VERSIONS = {Style.REDIS_6: 9, Style.REDIS_7: 12}


@command("DUMP", "key", READONLY | RANDOM, Keys(1, 1), group="generic", since="2.6.0")
def dump_(ctx: Context, argv: Argv) -> Reply:
    """A value as bytes that RESTORE takes."""
    value = ctx.db.read(argv[1])
    return None if value is None else payload_of(ctx, value)


def payload_of(ctx: Context, value: Any) -> bytes:
    """A value as RESTORE takes it, in the RDB version of the style that is written."""
    try:
        return dump(value, _VERSIONS[ctx.options.style], ctx.options.limits)
    except LossError:
        return dump(value, _VERSIONS[Style.REDIS_7], ctx.options.limits)


def _restored(call: Call) -> Iterable[Sequence[bytes]]:
    """Redis 7 makes the TTL absolute; before, each replay starts it again.

    ``fact``: the expiry in Unix ms or None, or the DEL of a key whose time is past.
    """
    fact = call.ctx.fact
    if isinstance(fact, tuple):
        return (fact,)
    if fact is None or call.ctx.options.style is Style.REDIS_6:
        return (call.argv,)
    rest = [word for word in call.argv[4:] if word.upper() != b"ABSTTL"]
    return ([*call.argv[:2], b"%d" % fact, call.argv[3], *rest, b"ABSTTL"],)


class _Options:
    """The words behind RESTORE key ttl payload."""

    def __init__(self, argv: Argv) -> None:
        self.replace = self.absolute = False
        self.uses: dict[bytes, int] = {}
        used: set[bytes] = set()
        words = iter(argv[4:])
        for raw in words:
            word = raw.upper()
            if word == b"REPLACE":
                self.replace = True
            elif word == b"ABSTTL":
                self.absolute = True
            elif word in _USE and used <= {word} and (text := next(words, None)) is not None:
                used.add(word)
                self._use(word, text)
            else:
                raise CommandError(SYNTAX)

    def _use(self, word: bytes, text: bytes) -> None:
        """IDLETIME and FREQ."""
        value = parse_int(text)
        if value is None:
            raise CommandError(NOT_AN_INTEGER)
        low, high, name = _USE[word]
        if not low <= value <= high:
            raise CommandError(b"ERR Invalid %b value, must be %b" % (word, name))
        self.uses[word] = value

    def apply(self, ctx: Context, key: bytes) -> None:
        """Note that the key was used as they say, where notes are taken (``objectSetLRUOrLFU``)."""
        notes = ctx.keyspace.uses
        if notes is not None and b"IDLETIME" in self.uses:
            notes.set_idle(ctx.db, key, self.uses[b"IDLETIME"])
        if notes is not None and b"FREQ" in self.uses:
            notes.set_count(ctx.db, key, self.uses[b"FREQ"])


_USE = {b"IDLETIME": (0, (1 << 63) - 1, b">= 0"), b"FREQ": (0, 255, b">= 0 and <= 255")}


@command(
    "RESTORE",
    "key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ counter]",
    WRITE | DENYOOM,
    Keys(1, 1),
    group="generic",
    since="2.6.0",
    propagate=_restored,
    acl="keyspace dangerous",
)
def restore_(ctx: Context, argv: Argv) -> Reply:
    """Make a key from what DUMP gave."""
    options, key = _Options(argv), argv[1]
    exists = ctx.db.get(key) is not None
    if exists and not options.replace:
        raise CommandError(b"BUSYKEY Target key name already exists.")
    ttl = parse_int(argv[2])
    if ttl is None:
        raise CommandError(NOT_AN_INTEGER)
    if ttl < 0:
        raise CommandError(b"ERR Invalid TTL value, must be >= 0")
    try:
        value = restore(argv[3], not ctx.options.skip_checksums)
    except BadPayload as error:
        raise CommandError(error.text) from error
    at_ms = None if not ttl else ttl if options.absolute else ttl + ctx.now_ms
    if exists:
        ctx.db.delete(key)
    if at_ms is not None and already_past(ctx, at_ms):
        ctx.fact = (delete_word(ctx), key)
        ctx.changed(b"del", key, int(exists))
        return OK
    ctx.db.put(key, value)
    options.apply(ctx, key)
    if at_ms is not None:
        ctx.db.set_expire(key, at_ms)
    ctx.fact = at_ms
    ctx.changed(b"restore", key)
    return OK


@command(
    "RESTORE-ASKING",
    "key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ counter]",
    WRITE | DENYOOM | Flags.ASKING,
    Keys(1, 1),
    group="server",
    since="3.0.0",
    propagate=_restored,
    acl="keyspace dangerous",
)
def restore_asking(ctx: Context, argv: Argv) -> Reply:
    """RESTORE as cluster nodes send it to each other."""
    return restore_(ctx, argv)
