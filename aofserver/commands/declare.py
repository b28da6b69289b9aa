"""The declaration of a server's own commands: the keyspace's, for handlers of ``ServerContext``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from aofserver.context import ServerContext
from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import Flags, Handler, command
from aoftool.keyspace.keyspecs import NO_KEYS, Argv, KeySpec

ServerHandler = Callable[[ServerContext, Argv], Reply]


def server_command(
    name: str, syntax: str, flags: Flags, keys: KeySpec = NO_KEYS, **options: Any
) -> Callable[[ServerHandler], ServerHandler]:
    """Declare the decorated function as the handler of a command; arguments as of ``command``.

    Only a server's dispatcher may run it, with a ``ServerContext``.
    """
    declare = command(name, syntax, flags, keys, **options)

    def wrapped(handler: ServerHandler) -> ServerHandler:
        declare(cast("Handler", handler))
        return handler

    return wrapped
