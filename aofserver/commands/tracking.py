"""CLIENT TRACKING and its kin: to be told of changes to what was read (tracking.c)."""

from __future__ import annotations

from aofserver.commands.declare import server_command
from aofserver.messages.trackingtable import Tracked, collision
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import OK, MapReply, Reply, SetReply
from aoftool.keyspace.command import LOADING, NOSCRIPT, STALE
from aoftool.keyspace.errors import NOT_AN_INTEGER, SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int

_FLAGS = NOSCRIPT | LOADING | STALE
#: Options that are a word, and the attribute that each of them sets.
_WORDS = {b"BCAST": "bcast", b"OPTIN": "optin", b"OPTOUT": "optout", b"NOLOOP": "noloop"}
_NO_SWITCH = (
    b"ERR You can't switch %b mode %bbefore disabling tracking for this client, and then "
    b"re-enabling it with a different mode."
)
_OVERLAP = (
    b"ERR Prefix '%b' overlaps with %b prefix '%b'. Prefixes for a single client must not overlap."
)


@server_command("CLIENT TRACKING", "ON | OFF [REDIRECT client-id] [PREFIX prefix [PREFIX prefix "
                "...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]", _FLAGS, group="connection",
                since="6.0.0", arity=-3)  # fmt: skip
def client_tracking(ctx: ServerContext, argv: Argv) -> Reply:
    """Be told of changes to what was read, or to what begins with a prefix."""
    session, tracking = ctx.session, ctx.server.tracking
    wanted = _parse(ctx, argv[3:])
    word = argv[2].upper()
    if word == b"OFF":
        tracking.stop(session)
    elif word == b"ON":
        _check(wanted, session.tracking)
        tracking.start(session, wanted)
    else:
        raise CommandError(SYNTAX)
    return OK


def _parse(ctx: ServerContext, words: Argv) -> Tracked:
    wanted = Tracked()
    at = 0
    while at < len(words):
        word, left = words[at].upper(), len(words) - at - 1
        if word == b"REDIRECT" and left:
            at += 1
            wanted.redirect = _redirect(ctx, wanted.redirect, words[at])
        elif word == b"PREFIX" and left:
            at += 1
            wanted.prefixes.append(words[at])
        elif word in _WORDS:
            setattr(wanted, _WORDS[word], True)
        else:
            raise CommandError(SYNTAX)
        at += 1
    return wanted


def _redirect(ctx: ServerContext, before: int, word: bytes) -> int:
    if before:
        raise CommandError(b"ERR A client can only redirect to a single other client")
    number = parse_int(word)
    if number is None:
        raise CommandError(NOT_AN_INTEGER)
    if number not in ctx.server.clients.sessions:
        raise CommandError(b"ERR The client ID you want redirect to does not exist")
    return number


def _check(wanted: Tracked, now: Tracked | None) -> None:
    """Refuse what does not go together. Raises CommandError."""
    if wanted.prefixes and not wanted.bcast:
        raise CommandError(b"ERR PREFIX option requires BCAST mode to be enabled")
    if now is not None and now.bcast != wanted.bcast:
        raise CommandError(_NO_SWITCH % (b"BCAST", b"on/off "))
    if wanted.bcast and (wanted.optin or wanted.optout):
        raise CommandError(b"ERR OPTIN and OPTOUT are not compatible with BCAST")
    if wanted.optin and wanted.optout:
        raise CommandError(b"ERR You can't specify both OPTIN mode and OPTOUT mode")
    if now is not None and ((wanted.optin and now.optout) or (wanted.optout and now.optin)):
        raise CommandError(_NO_SWITCH % (b"OPTIN/OPTOUT", b""))
    found = collision(now.prefixes if now is not None else (), wanted.prefixes)
    if found is not None:
        prefix, other, is_new = found
        whose = b"another provided" if is_new else b"an existing"
        raise CommandError(_OVERLAP % (prefix, whose, other))


@server_command("CLIENT CACHING", "YES | NO", _FLAGS, group="connection", since="6.0.0", arity=3)
def client_caching(ctx: ServerContext, argv: Argv) -> Reply:
    """Whether the keys of the next command are tracked."""
    tracked, word = ctx.session.tracking, argv[2].upper()
    if tracked is None:
        raise CommandError(
            b"ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN "
            b"or OPTOUT mode enabled"
        )
    if word not in (b"YES", b"NO"):
        raise CommandError(SYNTAX)
    mode = b"OPTIN" if word == b"YES" else b"OPTOUT"
    if not (tracked.optin if word == b"YES" else tracked.optout):
        raise CommandError(
            b"ERR CLIENT CACHING %b is only valid when tracking is enabled in %b mode."
            % (word, mode)
        )
    tracked.caching = True
    return OK


@server_command("CLIENT GETREDIR", "", _FLAGS, group="connection", since="6.0.0")
def client_getredir(ctx: ServerContext, argv: Argv) -> Reply:
    """Who is told of changes in place of this connection: 0: nobody; -1: it does not track."""
    tracked = ctx.session.tracking
    return -1 if tracked is None else tracked.redirect


@server_command("CLIENT TRACKINGINFO", "", _FLAGS, group="connection", since="6.2.0")
def client_trackinginfo(ctx: ServerContext, argv: Argv) -> Reply:
    """How this connection is told of changes to what it has read."""
    tracked = ctx.session.tracking
    flags: list[Reply] = [b"off" if tracked is None else b"on"]
    prefixes: list[Reply] = []
    if tracked is not None:
        told = {
            b"bcast": tracked.bcast,
            b"optin": tracked.optin,
            b"caching-yes": tracked.optin and tracked.caching,
            b"optout": tracked.optout,
            b"caching-no": tracked.optout and tracked.caching,
            b"noloop": tracked.noloop,
            b"broken_redirect": tracked.broken,
        }
        flags += [name for name, holds in told.items() if holds]
        prefixes += sorted(tracked.prefixes)
    redirect = -1 if tracked is None else tracked.redirect
    return MapReply([b"flags", SetReply(flags), b"redirect", redirect, b"prefixes", prefixes])
