"""The context of a live server's commands: the keyspace's, with the server and the client in it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from aoftool.keyspace.context import Context, Options
from aoftool.keyspace.database import Keyspace

if TYPE_CHECKING:
    from aofserver.server import Server
    from aofserver.session import Session


class ServerContext(Context):
    """What the handlers of a server's own commands get.

    Attributes:
        server: the whole server; session: the client whose command this is.
    """

    __slots__ = ("server", "session")

    def __init__(self, keyspace: Keyspace, rng: Random, options: Options, server: Server) -> None:
        super().__init__(keyspace, rng, options)
        self.server = server
        self.session: Session
