"""Where clients come in: TCP, TLS and a unix socket."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from aofserver.net.connection import Connection
from aofserver.net.tls import tls_context

if TYPE_CHECKING:
    from aofserver.server import Server


class ListenFailure(Exception):
    """No clients can come in; the text says where and why."""


class Listeners:
    """The open listeners of a server; ``port``: the TCP one, 0 for none."""

    def __init__(self, server: Server) -> None:
        self.port = 0
        self._server = server
        self._open: list[asyncio.Server] = []

    async def open(self, loop: asyncio.AbstractEventLoop, port: int | None) -> None:
        """Listen wherever the configuration says; ``port`` in its place, 0 for one that is free.

        Raises ListenFailure.
        """
        config = self._server.config
        number = config.number("port") if port is None else port
        try:
            if number or port is not None:
                self.port = await self._listen(loop, number, None)
            if config.number("tls-port"):
                context = tls_context(config)
                await self._listen(loop, config.number("tls-port"), context)
            if config.text("unixsocket"):
                await self._listen_unix(loop, Path(config.text("unixsocket")))
        except (OSError, ssl.SSLError) as error:
            raise ListenFailure(f"Could not create server listening socket: {error}") from error
        if not self._open:
            raise ListenFailure("Configured to not listen anywhere, exiting.")

    async def _listen(
        self, loop: asyncio.AbstractEventLoop, port: int, context: ssl.SSLContext | None
    ) -> int:
        """Listen on a port of all addresses; its number. Raises ListenFailure."""
        config = self._server.config
        try:
            listener = await loop.create_server(
                lambda: Connection(self._server, False),
                config["bind"],
                port,
                backlog=config.number("tcp-backlog"),
                ssl=context,
            )
        except OSError as error:
            raise ListenFailure(
                f"Could not create server TCP listening socket {config.show('bind')}:{port}: bind: "
                f"{error.strerror}. Failed listening on port {port} (TCP), aborting."
            ) from error
        self._open.append(listener)
        found: int = listener.sockets[0].getsockname()[1]
        return found

    async def _listen_unix(self, loop: asyncio.AbstractEventLoop, path: Path) -> None:
        config = self._server.config
        path.unlink(missing_ok=True)
        backlog = config.number("tcp-backlog")
        self._open.append(
            await loop.create_unix_server(
                lambda: Connection(self._server, True), str(path), backlog=backlog
            )
        )
        if config.number("unixsocketperm"):
            path.chmod(config.number("unixsocketperm"))

    def close(self) -> None:
        """Let nobody in any more."""
        for listener in self._open:
            listener.close()
