"""The context of a live server's commands: the keyspace's, with the client in it."""

from __future__ import annotations

from random import Random

from aofserver.clients.session import Session
from aoftool.keyspace.context import Context, Options
from aoftool.keyspace.keyspace import Keyspace


class ClientContext(Context):
    """A context that knows whose command it is.

    Attributes:
        session: the client.
    """

    __slots__ = ("session",)

    def __init__(self, keyspace: Keyspace, rng: Random, options: Options) -> None:
        super().__init__(keyspace, rng, options)
        self.session: Session
