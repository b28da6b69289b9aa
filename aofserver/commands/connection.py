"""PING, ECHO, SELECT's kin: what a client says about its connection (networking.c, server.c)."""

from __future__ import annotations

from aofserver.acl.users import DEFAULT
from aofserver.commands.declare import server_command
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import OK, MapReply, Reply, Status
from aoftool.keyspace.command import FAST, LOADING, NOSCRIPT, STALE, Flags
from aoftool.keyspace.context import Style
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
    ctx.server.watches.end_transaction(session)
    ctx.server.pubsub.forget(session)
    ctx.server.monitors.remove(session)
    ctx.server.tracking.stop(session)
    ctx.db = session.db = ctx.keyspace.databases[0]
    session.name = b""
    ctx.resp3 = session.resp3 = False
    if session.reply_mode == b"OFF":
        session.reply_mode = b"ON"
    ctx.server.access.admit(session)
    return Status(b"RESET")


@server_command("AUTH", "[username] password", _EARLY, group="connection", since="1.0.0", arity=-2)
def auth(ctx: ServerContext, argv: Argv) -> Reply:
    """Say who one is."""
    if len(argv) > 3:
        raise CommandError(SYNTAX)
    if len(argv) == 2 and ctx.server.access.accounts.default.nopass:
        raise CommandError(
            b"ERR AUTH <password> called without any password configured for the default user. "
            b"Are you sure your configuration is correct?"
        )
    user = argv[1] if len(argv) == 3 else DEFAULT
    ctx.server.access.log_in(ctx.session, user, argv[-1], argv[0])
    return OK


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
    name = _hello_options(ctx, argv)
    if not session.authenticated:
        raise CommandError(
            b"NOAUTH HELLO must be called with the client already authenticated, otherwise the "
            b"HELLO AUTH <user> <pass> option can be used to authenticate the client and "
            b"select the RESP protocol version at the same time"
        )
    session.name = name
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


def _hello_options(ctx: ServerContext, words: Argv) -> bytes:
    """Log in; the name that the client is to have.

    Before 7.2 each word does what it says when it is read, whatever is wrong with the next ones.
    """
    session, at = ctx.session, 2
    login: Argv = []
    name = session.name
    while at < len(words):
        word, left = words[at].upper(), len(words) - at - 1
        if word == b"AUTH" and left >= 2:
            login = words[at + 1 : at + 3]
            at += 3
        elif word == b"SETNAME" and left >= 1:
            name = words[at + 1]
            check_name(name)
            at += 2
        else:
            raise CommandError(b"ERR Syntax error in HELLO option '%b'" % words[at])
        if ctx.options.style is Style.REDIS_6:
            _log_in(ctx, login, words[0])
            login, session.name = [], name
    _log_in(ctx, login, words[0])
    return name


def _log_in(ctx: ServerContext, login: Argv, caller: bytes) -> None:
    if login:
        ctx.server.access.log_in(ctx.session, login[0], login[1], caller)


def check_name(name: bytes) -> None:
    """Refuse a client's name that would break CLIENT LIST. Raises CommandError."""
    if any(not 0x21 <= byte <= 0x7E for byte in name):
        raise CommandError(
            b"ERR Client names cannot contain spaces, newlines or special characters."
        )
