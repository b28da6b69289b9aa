"""What a command must pass before it runs, in the order of ``processCommand`` in server.c.

Each gate raises CommandError for what it does not let through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aofserver.context import ServerContext
from aoftool.keyspace.command import Command, Flags
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv

if TYPE_CHECKING:
    from aofserver.session import Session

STILL_LOADING = b"LOADING Redis is loading the dataset in memory"

Gate = Callable[[ServerContext, "Session", Command, Argv], None]


def authenticated(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """A client that has not said its password may only do that."""
    if not session.authenticated and Flags.NO_AUTH not in command.flags:
        raise CommandError(b"NOAUTH Authentication required.")


def disk_works(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """Writes (and PING) are refused while the AOF or the last snapshot could not be written."""
    if Flags.WRITE not in command.flags and command.name != b"PING":
        return
    refusal = ctx.server.persistence.refusal
    if refusal is not None:
        raise CommandError(refusal)


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


def may_debug(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """DEBUG is for those whom ``enable-debug-command`` allows it."""
    if command.name.startswith(b"DEBUG") and not ctx.server.allows("enable-debug-command"):
        raise CommandError(
            b"ERR DEBUG command not allowed. If the enable-debug-command option is set to "
            b'"local", you can run it from a local connection, otherwise you need to set this '
            b"option in the configuration file, and then restart the server."
        )


GATES: tuple[Gate, ...] = (
    authenticated,
    may_debug,
    outside_transactions,
    disk_works,
    loaded,
)
