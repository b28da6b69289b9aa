"""PING, ECHO, SELECT's kin: what a client says about its connection (networking.c, server.c)."""

from __future__ import annotations

from aofserver.commands.declare import server_command
from aofserver.commands.transactions import end_transaction
from aofserver.context import ServerContext
from aoftool.format.resp.replies import OK, MapReply, Reply, Status
from aoftool.keyspace.command import FAST, LOADING, NOSCRIPT, STALE, Flags
from aoftool.keyspace.errors import SYNTAX, CommandError, wrong_arity
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

_EARLY = NOSCRIPT | LOADING | STALE | FAST | Flags.NO_AUTH | Flags.ALLOW_BUSY
_PONG = Status(b"PONG")


@server_command("PING", "[message]", FAST, group="connection", since="1.0.0", only_6=STALE)
def ping(ctx: ServerContext, argv: Argv) -> Reply:
    """Say that the server is there."""
    if len(argv) > 2:
        raise wrong_arity(b"PING")
    if ctx.session.subscriptions and not ctx.session.resp3:
        return [b"pong", argv[1] if len(argv) == 2 else b""]
    return argv[1] if len(argv) == 2 else _PONG


@server_command("ECHO", "message", FAST | LOADING | STALE, group="connection", since="1.0.0")
def echo(ctx: ServerContext, argv: Argv) -> Reply:
    """Say the same."""
    return argv[1]


@server_command("QUIT", "", _EARLY, group="connection", since="1.0.0", arity=-1)
def quit_(ctx: ServerContext, argv: Argv) -> Reply:
    """End the connection."""
    ctx.session.closing = True
    return OK


@server_command("RESET", "", _EARLY, group="connection", since="6.2.0")
def reset(ctx: ServerContext, argv: Argv) -> Reply:
    """Be as a client that has just come."""
    session = ctx.session
    end_transaction(ctx, session)
    ctx.server.pubsub.forget(session)
    ctx.server.monitors.remove(session)
    ctx.db = session.db = ctx.keyspace.databases[0]
    session.name = b""
    ctx.resp3 = session.resp3 = False
    session.reply_mode = b"ON"
    session.authenticated = not ctx.server.password
    session.update_special()
    return Status(b"RESET")


@server_command("AUTH", "[username] password", _EARLY, group="connection", since="1.0.0", arity=-2)
def auth(ctx: ServerContext, argv: Argv) -> Reply:
    """Say who one is."""
    if len(argv) > 3:
        raise CommandError(SYNTAX)
    if len(argv) == 2 and not ctx.server.password:
        raise CommandError(
            b"ERR AUTH <password> called without any password configured for the default user. "
            b"Are you sure your configuration is correct?"
        )
    user = argv[1] if len(argv) == 3 else b"default"
    _authenticate(ctx, user, argv[-1])
    return OK


def _authenticate(ctx: ServerContext, user: bytes, password: bytes) -> None:
    expected = ctx.server.password
    if user != b"default" or (expected and password != expected):
        ctx.server.stats.refused_logins += 1
        raise CommandError(b"WRONGPASS invalid username-password pair or user is disabled.")
    ctx.session.authenticated = True
    ctx.session.update_special()


@server_command("HELLO", "[protover [AUTH username password] [SETNAME clientname]]", _EARLY,
                group="connection", since="6.0.0")  # fmt: skip
def hello(ctx: ServerContext, argv: Argv) -> Reply:
    """Choose the protocol, and learn what the server is."""
    session = ctx.session
    version = None
    if len(argv) > 1:
        version = parse_int(argv[1])
        if version is None:
            raise CommandError(b"ERR Protocol version is not an integer or out of range")
        if version not in (2, 3):
            raise CommandError(b"NOPROTO unsupported protocol version")
    _hello_options(ctx, argv[2:])
    if not session.authenticated:
        raise CommandError(
            b"NOAUTH HELLO must be called with the client already authenticated, otherwise the "
            b"HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and "
            b"select the RESP protocol version at the same time"
        )
    if version is not None:
        ctx.resp3 = session.resp3 = version == 3
    return MapReply([
        b"server", b"redis",
        b"version", ctx.server.version.encode(),
        b"proto", 3 if session.resp3 else 2,
        b"id", session.id,
        b"mode", b"standalone",
        b"role", b"master",
        b"modules", [],
    ])  # fmt: skip


def _hello_options(ctx: ServerContext, words: Argv) -> None:
    at = 0
    name: bytes | None = None
    while at < len(words):
        word, left = words[at].upper(), len(words) - at - 1
        if word == b"AUTH" and left >= 2:
            _authenticate(ctx, words[at + 1], words[at + 2])
            at += 3
        elif word == b"SETNAME" and left >= 1:
            name = words[at + 1]
            check_name(name)
            at += 2
        else:
            raise CommandError(b"ERR Syntax error in HELLO option '%b'" % words[at])
    if name is not None:
        ctx.session.name = name


def check_name(name: bytes) -> None:
    """Refuse a client's name that would break CLIENT LIST. Raises CommandError."""
    if any(not 0x21 <= byte <= 0x7E for byte in name):
        raise CommandError(
            b"ERR Client names cannot contain spaces, newlines or special characters."
        )
