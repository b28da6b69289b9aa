"""What a command must pass before it runs, in the order of ``processCommand`` in server.c.

Each gate raises CommandError for what it does not let through.
"""

from __future__ import annotations

from collections.abc import Callable

from aofserver.clients.session import Session
from aofserver.dispatch import NEVER_QUEUED
from aofserver.parts import ServerContext
from aoftool.keyspace.command import Command, Flags
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import OUT_OF_MEMORY, CommandError
from aoftool.keyspace.keyspecs import Argv

STILL_LOADING = b"LOADING Redis is loading the dataset in memory"

ServerGate = Callable[[ServerContext, "Session", Command, Argv], None]


def authenticated(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """A client that has not said its password may only do that."""
    if not session.authenticated and Flags.NO_AUTH not in command.flags:
        raise CommandError(b"NOAUTH Authentication required.")


def permitted(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """A user may do what its rules say (``ACLCheckAllPerm``)."""
    ctx.server.access.check(session, command, argv)


def memory_is_left(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """What needs memory is refused while there is none; a transaction is not made longer either."""
    if not ctx.options.out_of_memory:
        return
    transaction = session.transaction
    if command.name == b"EXEC" and transaction is not None:
        refused = any(Flags.DENYOOM in queued.flags for queued, _, _ in transaction.queue)
    else:
        refused = Flags.DENYOOM in command.flags or (
            transaction is not None and command.name not in NEVER_QUEUED
        )
    if refused:
        raise CommandError(OUT_OF_MEMORY)


def disk_works(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """Writes (and PING) are refused while the AOF or the last snapshot could not be written."""
    if Flags.WRITE not in command.flags and command.name != b"PING":
        return
    refusal = ctx.server.persistence.refusal
    if refusal is not None:
        raise CommandError(refusal)


#: What a client may call that has subscriptions and speaks RESP2.
_WHILE_SUBSCRIBED = frozenset((
    b"SUBSCRIBE", b"UNSUBSCRIBE", b"PSUBSCRIBE", b"PUNSUBSCRIBE", b"SSUBSCRIBE", b"SUNSUBSCRIBE",
    b"PING", b"QUIT", b"RESET",
))  # fmt: skip
_ALLOWED = {
    Style.REDIS_6: b"(P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT",
    Style.REDIS_7: b"(P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET",
}


def unsubscribed(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """In RESP2 a message could be taken for a reply, so there are next to none between them."""
    if not session.subscriptions or session.resp3 or command.name in _WHILE_SUBSCRIBED:
        return
    style = ctx.options.style
    name = command.name.lower()
    name = name.partition(b" ")[0] if style is Style.REDIS_6 else name.replace(b" ", b"|")
    raise CommandError(
        b"ERR Can't execute '%b': only %b are allowed in this context" % (name, _ALLOWED[style])
    )


def loaded(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """While the data are loaded only few commands have an answer."""
    if ctx.server.loading is not None and Flags.LOADING not in command.flags:
        raise CommandError(STILL_LOADING)


def outside_transactions(
    ctx: ServerContext, session: Session, command: Command, argv: Argv
) -> None:
    """Redis 7 has commands that cannot be queued."""
    if (
        session.transaction is not None
        and Flags.NO_MULTI in command.flags
        and ctx.options.style is Style.REDIS_7
    ):
        raise CommandError(b"ERR Command not allowed inside a transaction")


#: Commands that ``enable-module-command`` must allow in Redis 7; MODULE LIST is for everybody.
_MODULES = frozenset((b"MODULE LOAD", b"MODULE LOADEX", b"MODULE UNLOAD"))


def allowed(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """DEBUG and MODULE are for those whom ``enable-debug-command``, ``-module-command`` allow."""
    if command.name.startswith(b"DEBUG"):
        what = "debug"
    elif command.name in _MODULES and ctx.options.style is Style.REDIS_7:
        what = "module"
    else:
        return
    option = f"enable-{what}-command"
    if not ctx.server.allows(option):
        raise CommandError(
            b"ERR %b command not allowed. If the %b option is set to "
            b'"local", you can run it from a local connection, otherwise you need to set this '
            b"option in the configuration file, and then restart the server."
            % (what.upper().encode(), option.encode())
        )


def no_script_runs(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """While a script runs for too long there is little that can be done."""
    refusal = ctx.server.scripts.refusal
    if refusal is None:
        return
    if Flags.ALLOW_BUSY not in command.flags or (
        command.name == b"SHUTDOWN" and b"NOSAVE" not in (word.upper() for word in argv)
    ):
        raise CommandError(refusal)


GATES: tuple[ServerGate, ...] = (
    authenticated,
    allowed,
    outside_transactions,
    permitted,
    memory_is_left,
    disk_works,
    unsubscribed,
    loaded,
    no_script_runs,
)
