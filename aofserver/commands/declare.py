"""The declaration of a server's own commands: the keyspace's, for handlers of ``ServerContext``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from aofserver.parts import ServerContext
from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import TABLE, Flags, Handler, Table
from aoftool.keyspace.keyspecs import NO_KEYS, Argv, KeySpec

ServerHandler = Callable[[ServerContext, Argv], Reply]

#: What a server can do: its own commands, on top of the keyspace's.
SERVER_TABLE = Table(TABLE)
server_container = SERVER_TABLE.container


def server_command(
    name: str, syntax: str, flags: Flags, keys: KeySpec = NO_KEYS, **options: Any
) -> Callable[[ServerHandler], ServerHandler]:
    """Declare the decorated function as the handler of a command; arguments as of ``command``.

    Only a server's dispatcher may run it, with a ``ServerContext``.
    """
    declare = SERVER_TABLE.command(name, syntax, flags, keys, **options)

    def wrapped(handler: ServerHandler) -> ServerHandler:
        declare(cast("Handler", handler))
        return handler

    return wrapped
