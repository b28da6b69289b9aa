"""MIGRATE: keys to another server (cluster.c). A connection is not this package's business."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aoftool.format.resp.replies import OK, ErrorReply, Reply, Status
from aoftool.keyspace.arguments import integer
from aoftool.keyspace.command import RANDOM, WRITE, Call, command
from aoftool.keyspace.commands.dump import payload_of
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, NamedKeys

_TAKEN = {b"AUTH": 1, b"AUTH2": 2}
_NO_TIMEOUT_MS = 1000
_UNREACHABLE = b"IOERR error or timeout connecting to the client"


class _Options:
    """The words of MIGRATE host port key db timeout (``migrateCommand``). Raises CommandError."""

    __slots__ = ("auth", "copy", "db", "keys", "replace", "timeout_ms")

    def __init__(self, argv: Argv) -> None:
        self.copy = self.replace = False
        self.auth: tuple[bytes, ...] = ()
        self.keys: Argv = argv[3:4]
        at = 6
        while at < len(argv):
            word = argv[at].upper()
            taken = _TAKEN.get(word, 0)
            if word == b"COPY":
                self.copy = True
            elif word == b"REPLACE":
                self.replace = True
            elif taken and at + taken < len(argv):
                self.auth = (b"AUTH", *argv[at + 1 : at + 1 + taken])
            elif word == b"KEYS":
                if argv[3]:
                    raise CommandError(
                        b"ERR When using MIGRATE KEYS option, the key argument must be set to the "
                        b"empty string"
                    )
                self.keys = argv[at + 1 :]
                break
            else:
                raise CommandError(SYNTAX)
            at += 1 + taken
        # The timeout is looked at before the database.
        self.timeout_ms = integer(argv[5])
        self.db = integer(argv[4])
        if self.timeout_ms <= 0:
            self.timeout_ms = _NO_TIMEOUT_MS


def _as_del(call: Call) -> Iterable[Sequence[bytes]]:
    """The keys that the other server has taken, which are no longer here."""
    return ((b"DEL", *call.ctx.fact),)


@command(
    "MIGRATE",
    "host port key destination-db timeout [COPY] [REPLACE] [AUTH password | AUTH2 username "
    "password] [KEYS key [key ...]]",
    WRITE | RANDOM,
    NamedKeys(b"KEYS", 6, fixed=(3,), takes=_TAKEN),
    group="generic",
    since="2.6.0",
    propagate=_as_del,
    acl="keyspace dangerous",
)
def migrate(ctx: Context, argv: Argv) -> Reply:
    """Send keys to another server, and delete those that it took, unless they are copied."""
    options = _Options(argv)
    keys = [key for key in options.keys if ctx.db.get(key) is not None]
    if not keys:
        return Status(b"NOKEY")
    opening = [options.auth] if options.auth else []
    opening.append((b"SELECT", b"%d" % options.db))
    commands = [*opening, *(_as_restore(ctx, key, options.replace) for key in keys)]
    replies = _send(ctx, argv, options.timeout_ms, commands)
    errors = [reply for reply in replies if isinstance(reply, ErrorReply)]
    if not any(isinstance(reply, ErrorReply) for reply in replies[: len(opening)]):
        answered = zip(keys, replies[len(opening) :], strict=True)
        taken = [key for key, reply in answered if not isinstance(reply, ErrorReply)]
        if taken and not options.copy:
            _delete(ctx, taken)
    if errors:
        return ErrorReply(b"ERR Target instance replied with error: " + errors[0].text)
    return OK


def _send(
    ctx: Context, argv: Argv, timeout_ms: int, commands: Sequence[Sequence[bytes]]
) -> Sequence[Reply]:
    if ctx.options.send is None:
        raise CommandError(_UNREACHABLE)
    try:
        return ctx.options.send(argv[1], argv[2], timeout_ms, commands)
    except OSError as error:
        raise CommandError(_UNREACHABLE) from error


def _as_restore(ctx: Context, key: bytes, replace: bool) -> Sequence[bytes]:
    """The command that makes the key over there; what is left of its life is at least 1 ms."""
    at_ms = ctx.db.expire_at(key)
    ttl_ms = 0 if at_ms is None else max(at_ms - ctx.now_ms, 1)
    words = (b"RESTORE", key, b"%d" % ttl_ms, payload_of(ctx, ctx.db.get(key)))
    return (*words, b"REPLACE") if replace else words


def _delete(ctx: Context, keys: list[bytes]) -> None:
    for key in keys:
        ctx.db.delete(key)
        ctx.changed(b"del", key)
    ctx.fact = keys
