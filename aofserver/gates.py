"""What a command must pass before it runs, in the order of ``processCommand`` in server.c.

Each gate raises CommandError for what it does not let through.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from aofserver.context import ServerContext
from aoftool.keyspace.command import Command, Flags
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv

if TYPE_CHECKING:
    from aofserver.session import Session

Gate = Callable[[ServerContext, "Session", Command, Argv], None]


def authenticated(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """A client that has not said its password may only do that."""
    if not session.authenticated and Flags.NO_AUTH not in command.flags:
        raise CommandError(b"NOAUTH Authentication required.")


def disk_works(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """Writes (and PING) are refused while the AOF or the last snapshot could not be written."""
    if Flags.WRITE not in command.flags and command.name != b"PING":
        return
    error = ctx.server.persistence.aof_error
    if error is not None:
        text = b"MISCONF Errors writing to the AOF file: %b"
        raise CommandError(text % os.strerror(error).encode())
    if ctx.server.persistence.snapshot_failed:
        raise CommandError(
            b"MISCONF Redis is configured to save RDB snapshots, but it is currently not able to "
            b"persist on disk. Commands that may modify the data set are disabled, because this "
            b"instance is configured to report errors during writes if RDB snapshotting fails "
            b"(stop-writes-on-bgsave-error option). Please check the Redis logs for details about "
            b"the RDB error."
        )


def loaded(ctx: ServerContext, session: Session, command: Command, argv: Argv) -> None:
    """While the data are loaded only few commands have an answer."""
    if ctx.server.loading is not None and Flags.LOADING not in command.flags:
        raise CommandError(b"LOADING Redis is loading the dataset in memory")


GATES: tuple[Gate, ...] = (authenticated, disk_works, loaded)
