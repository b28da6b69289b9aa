"""CLIENT: who is connected, and what each of them is like (networking.c)."""

from __future__ import annotations

from aofserver.acl.users import User
from aofserver.clients.outputs import kind_of
from aofserver.clients.session import Session
from aofserver.commands.connection import check_name
from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import OK, Reply, Verbatim
from aoftool.keyspace.command import (
    ADMIN,
    LOADING,
    NOSCRIPT,
    RANDOM,
    STALE,
    Flags,
    malformed_subcommand,
)
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import NOT_AN_INTEGER, SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

_FLAGS = NOSCRIPT | LOADING | STALE
_ADMIN = _FLAGS | ADMIN
_SECRET = _FLAGS | Flags.SKIP_MONITOR
#: Kinds of clients by the words for them.
_TYPES = {
    b"NORMAL": "normal", b"PUBSUB": "pubsub", b"MASTER": "", b"REPLICA": "", b"SLAVE": "",
}  # fmt: skip

server_container("CLIENT", "connection", "2.4.0", _FLAGS)


@server_command("CLIENT ID", "", _FLAGS, group="connection", since="5.0.0")
def client_id(ctx: ServerContext, argv: Argv) -> Reply:
    """The number of this connection."""
    return ctx.session.id


@server_command("CLIENT GETNAME", "", _FLAGS, group="connection", since="2.6.9")
def client_getname(ctx: ServerContext, argv: Argv) -> Reply:
    """The name of this connection."""
    return ctx.session.name or None


@server_command("CLIENT SETNAME", "connection-name", _FLAGS, group="connection", since="2.6.9")
def client_setname(ctx: ServerContext, argv: Argv) -> Reply:
    """Give this connection a name."""
    check_name(argv[2])
    ctx.session.name = argv[2]
    return OK


@server_command("CLIENT SETINFO", "LIB-NAME libname | LIB-VER libver", _FLAGS, group="connection",
                since="7.2.0", arity=4)  # fmt: skip
def client_setinfo(ctx: ServerContext, argv: Argv) -> Reply:
    """Say which library this client uses."""
    what = argv[2].lower()
    if what not in (b"lib-name", b"lib-ver"):
        raise CommandError(b"ERR Unrecognized option '%b'" % argv[2])
    if any(not 0x21 <= byte <= 0x7E for byte in argv[3]):
        raise CommandError(b"ERR %b cannot contain spaces, newlines or special characters." % what)
    ctx.session.library[what] = argv[3]
    return OK


@server_command("CLIENT INFO", "", _FLAGS | RANDOM, group="connection", since="6.2.0")
def client_info(ctx: ServerContext, argv: Argv) -> Reply:
    """What is known of this connection."""
    return Verbatim(ctx.server.clients.line(ctx.session) + b"\n")


@server_command("CLIENT LIST", "[TYPE type] [ID client-id [client-id ...]]", _ADMIN | RANDOM,
                group="connection", since="2.4.0")  # fmt: skip
def client_list(ctx: ServerContext, argv: Argv) -> Reply:
    """What is known of all connections, or of some."""
    sessions = list(ctx.server.clients.sessions.values())
    word = argv[2].upper() if len(argv) > 2 else b""
    if word == b"TYPE" and len(argv) == 4:
        wanted = _kind(argv[3])
        sessions = [session for session in sessions if kind_of(session) == wanted]
    elif word == b"ID" and len(argv) > 3:
        numbers = [parse_int(word) for word in argv[3:]]
        if None in numbers:
            raise CommandError(b"ERR Invalid client ID")
        known = ctx.server.clients.sessions
        sessions = [known[number] for number in numbers if number in known]
    elif len(argv) > 2:
        raise CommandError(SYNTAX)
    return Verbatim(b"".join(ctx.server.clients.line(session) + b"\n" for session in sessions))


def _kind(word: bytes) -> str:
    try:
        return _TYPES[word.upper()]
    except KeyError:
        raise CommandError(b"ERR Unknown client type '%b'" % word) from None


class _Filters:
    """What CLIENT KILL looks for: every condition must hold."""

    def __init__(self, ctx: ServerContext, words: Argv) -> None:
        self._ctx = ctx
        self.skip_me = True
        self._number: int | None = None
        self._user: User | None = None
        self._addresses: dict[str, bytes] = {}
        self._age_s = -1
        self._kinds: set[str] = set()
        takers = {
            b"ID": self._take_id,
            b"TYPE": self._take_type,
            b"ADDR": self._take_address,
            b"LADDR": self._take_local,
            b"USER": self._take_user,
            b"MAXAGE": self._take_age,
            b"SKIPME": self._take_skip,
        }
        for at in range(0, len(words), 2):
            taker = takers.get(words[at].upper())
            if taker is None or at + 1 == len(words):
                raise CommandError(SYNTAX)
            taker(words[at + 1])

    def _take_id(self, word: bytes) -> None:
        number = parse_int(word)
        if self._ctx.options.style is Style.REDIS_6:
            if number is None:
                raise CommandError(NOT_AN_INTEGER)
        elif number is None or number < 1:
            raise CommandError(b"ERR client-id should be greater than 0")
        self._number = number or None  # Redis 6 takes 0 for none

    def _take_type(self, word: bytes) -> None:
        self._kinds = {_kind(word)}

    def _take_address(self, word: bytes) -> None:
        self._addresses["address"] = word

    def _take_local(self, word: bytes) -> None:
        self._addresses["laddr"] = word

    def _take_user(self, word: bytes) -> None:
        self._user = self._ctx.server.access.accounts.users.get(word)
        if self._user is None:
            raise CommandError(b"ERR No such user '%b'" % word)

    def _take_age(self, word: bytes) -> None:
        age_s = parse_int(word)
        if age_s is None:
            raise CommandError(b"ERR maxage is not an integer or out of range")
        if age_s < 1:
            raise CommandError(b"ERR maxage should be greater than 0")
        self._age_s = age_s

    def _take_skip(self, word: bytes) -> None:
        if word.lower() not in (b"yes", b"no"):
            raise CommandError(SYNTAX)
        self.skip_me = word.lower() == b"yes"

    def hold(self, session: Session) -> bool:
        """Whether all of them hold for a client."""
        now_s = self._ctx.server.clock.monotonic_us() / 1_000_000
        return (
            (not self._kinds or kind_of(session) in self._kinds)
            and self._number in (None, session.id)
            and self._user in (None, session.user)
            and all(getattr(session, name) == word for name, word in self._addresses.items())
            and now_s - session.created_s >= self._age_s
            and not (self.skip_me and session is self._ctx.session)
        )


@server_command("CLIENT KILL", "ip:port | filter value [filter value ...]", _ADMIN,
                group="connection", since="2.4.0", arity=-3)  # fmt: skip
def client_kill(ctx: ServerContext, argv: Argv) -> Reply:
    """End connections."""
    everybody = list(ctx.server.clients.sessions.values())
    if len(argv) == 3:
        found = [session for session in everybody if session.address == argv[2]][:1]
        if not found:
            raise CommandError(b"ERR No such client")
    else:
        filters = _Filters(ctx, argv[2:])
        found = [session for session in everybody if filters.hold(session)]
    for session in found:
        if session is ctx.session:
            session.closing = True
        else:
            ctx.server.clients.close(session)
    return OK if len(argv) == 3 else len(found)


@server_command("CLIENT REPLY", "ON | OFF | SKIP", _FLAGS, group="connection", since="3.2.0",
                arity=3)  # fmt: skip
def client_reply(ctx: ServerContext, argv: Argv) -> Reply:
    """Whether this connection gets replies."""
    session, word = ctx.session, argv[2].upper()
    if word not in (b"ON", b"OFF", b"SKIP"):
        raise CommandError(SYNTAX)
    if word == b"ON" and session.reply_mode == b"SKIP_NEXT":
        pass  # in one transaction with a SKIP, which stays: it is for what follows EXEC
    elif word != b"SKIP":
        session.reply_mode = word
    elif session.reply_mode != b"OFF":
        session.reply_mode = b"SKIP_NEXT"
    session.update_special()
    return OK


def _switch(ctx: ServerContext, name: bytes, word: bytes) -> Reply:
    if word.lower() not in (b"on", b"off"):
        raise CommandError(SYNTAX)
    if word.lower() == b"on":
        ctx.session.modes.add(name)
    else:
        ctx.session.modes.discard(name)
    ctx.session.update_special()
    return OK


@server_command("CLIENT NO-EVICT", "ON | OFF", _ADMIN, group="connection", since="7.0.0", arity=3)
def client_no_evict(ctx: ServerContext, argv: Argv) -> Reply:
    """Never end this connection to save memory (``maxmemory-clients``)."""
    return _switch(ctx, b"NO-EVICT", argv[2])


@server_command("CLIENT NO-TOUCH", "ON | OFF", _FLAGS, group="connection", since="7.2.0", arity=3)
def client_no_touch(ctx: ServerContext, argv: Argv) -> Reply:
    """Leave the idle times, and the counters of uses, of keys alone."""
    return _switch(ctx, b"NO-TOUCH", argv[2])


@server_command("CLIENT PAUSE", "timeout [WRITE | ALL]", _ADMIN, group="connection", since="3.0.0",
                arity=-3)  # fmt: skip
def client_pause(ctx: ServerContext, argv: Argv) -> Reply:
    """Let all clients wait for so many ms."""
    if len(argv) > 4:
        raise malformed_subcommand(argv, ctx.options.style)
    word = argv[3].upper() if len(argv) > 3 else b"ALL"
    if word not in (b"WRITE", b"ALL"):
        raise CommandError(b"ERR CLIENT PAUSE mode must be WRITE or ALL")
    timeout_ms = parse_int(argv[2])
    if timeout_ms is None:
        raise CommandError(b"ERR timeout is not an integer or out of range")
    if timeout_ms < 0:
        raise CommandError(b"ERR timeout is negative")
    ctx.server.pauses.start(ctx.now_ms + timeout_ms, word == b"ALL")
    return OK


@server_command("CLIENT UNPAUSE", "", _ADMIN, group="connection", since="6.2.0")
def client_unpause(ctx: ServerContext, argv: Argv) -> Reply:
    """Let all clients go on."""
    ctx.server.turn.later(ctx.server.pauses.end)
    return OK


@server_command("CLIENT UNBLOCK", "client-id [TIMEOUT | ERROR]", _ADMIN, group="connection",
                since="5.0.0", arity=-3)  # fmt: skip
def client_unblock(ctx: ServerContext, argv: Argv) -> Reply:
    """Let a client go on that waits for data, as if its time had run out, or with an error."""
    if len(argv) > 4:
        raise malformed_subcommand(argv, ctx.options.style)
    if len(argv) > 3 and argv[3].upper() not in (b"TIMEOUT", b"ERROR"):
        raise CommandError(b"ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    number = parse_int(argv[2])
    if number is None:
        raise CommandError(NOT_AN_INTEGER)
    session = ctx.server.clients.sessions.get(number)
    error = argv[-1].upper() == b"ERROR"
    return int(session is not None and ctx.server.blocking.unblock(session, error))


@server_command("CLIENT HELP", "", LOADING | STALE, group="connection", since="5.0.0")
def client_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"CLIENT")
