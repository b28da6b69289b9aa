"""Where clients come in: TCP, TLS and a unix socket."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path

from aofserver.config import Config
from aofserver.net.connection import Connection
from aofserver.net.reception import Reception
from aofserver.net.tls import tls_context

#: Words for all addresses, and what stands before an address that need not be there.
_EVERYWHERE = {"*": "0.0.0.0", "::*": "::"}
_OPTIONAL = "-"
#: Clients that are let in at once (``MAX_ACCEPTS_PER_CALL``), and seconds before it is tried again
#: where no descriptor is left.
_AT_ONCE, _REST_S = 1000, 1.0
_NOT_THERE = frozenset((
    errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ENOPROTOOPT,
))  # fmt: skip


class ListenFailure(Exception):
    """No clients can come in; the text says where and why."""


class _Door:
    """A TCP socket at which clients are let in until it is closed.

    Unlike a server of asyncio's it opens and closes at once, as CONFIG SET must.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, held: socket.socket, reception: Reception
    ) -> None:
        self._loop, self._socket, self._reception = loop, held, reception
        self._entering: set[asyncio.Task[object]] = set()
        self._retry: asyncio.TimerHandle | None = None
        loop.add_reader(held, self._let_in)

    def _let_in(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                client, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptor is left: it is tried again a little later
                self._reception.log.warning(f"Accepting client connection: {error.strerror}")
                self._loop.remove_reader(self._socket)
                self._retry = self._loop.call_later(
                    _REST_S, self._loop.add_reader, self._socket, self._let_in
                )
                return
            client.setblocking(False)
            task = self._loop.create_task(
                self._loop.connect_accepted_socket(
                    lambda: Connection(self._reception, False), client
                )
            )
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)

    def _connection(self) -> Connection:
        return Connection(self._reception, False)

    def close(self) -> None:
        """Let nobody in any more."""
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()


class Listeners:
    """The open listeners of a server; ``port``: the TCP one, 0 for none."""

    def __init__(self, config: Config, reception: Reception) -> None:
        self.port = 0
        self._config = config
        self._reception = reception
        self._open: list[asyncio.Server] = []
        self._doors: list[_Door] = []
        self._loop: asyncio.AbstractEventLoop

    async def open(self, loop: asyncio.AbstractEventLoop, port: int | None) -> None:
        """Listen wherever the configuration says; ``port`` in its place, 0 for one that is free.

        Raises ListenFailure.
        """
        config = self._config
        self._loop = loop
        number = config.number("port") if port is None else port
        try:
            if number or port is not None:
                sockets = self._bound(config["bind"], number)
                self.port = sockets[0].getsockname()[1]
                self._let_in(sockets)
            if config.number("tls-port"):
                await self._listen_tls(loop, config.number("tls-port"))
            if config.text("unixsocket"):
                await self._listen_unix(loop, Path(config.text("unixsocket")))
        except (OSError, ssl.SSLError) as error:
            raise ListenFailure(f"Could not create server listening socket: {error}") from error
        if not self._open and not self._doors:
            raise ListenFailure("Configured to not listen anywhere, exiting.")

    def _bound(self, addresses: Iterable[str], port: int) -> list[socket.socket]:
        """Sockets on a port of all addresses (``listenToPort``). Raises ListenFailure."""
        found: list[socket.socket] = []
        try:
            for word in addresses:
                try:
                    found += _sockets(word.removeprefix(_OPTIONAL), port, self._backlog)
                except OSError as error:
                    if not word.startswith(_OPTIONAL) or error.errno not in _NOT_THERE:
                        raise
        except OSError as error:
            for each in found:
                each.close()
            shown = self._config.show("bind")
            raise ListenFailure(
                f"Could not create server TCP listening socket {shown}:{port}: bind: "
                f"{error.strerror}. Failed listening on port {port} (TCP), aborting."
            ) from error
        if not found:
            raise ListenFailure(f"There is no address to listen on at port {port} (TCP).")
        return found

    @property
    def _backlog(self) -> int:
        return self._config.number("tcp-backlog")

    def _let_in(self, sockets: Iterable[socket.socket]) -> None:
        self._doors += [_Door(self._loop, each, self._reception) for each in sockets]

    def move(self, port: int) -> None:
        """Listen on another TCP port, or on none with 0 (``changeListenPort``).

        Raises ListenFailure; then everything is as it was.
        """
        if port == self.port:
            return
        sockets = self._bound(self._config["bind"], port) if port else []
        self._close_doors()
        self._let_in(sockets)
        self.port = port

    def rebind(self, addresses: list[str]) -> None:
        """Listen on other addresses (``changeBindAddr``).

        Raises ListenFailure; nobody can come in by TCP then, before other addresses are given.
        """
        self._close_doors()
        if self.port and addresses:
            self._let_in(self._bound(addresses, self.port))

    async def _listen_tls(self, loop: asyncio.AbstractEventLoop, port: int) -> None:
        context = tls_context(self._config)
        for each in self._bound(self._config["bind"], port):
            self._open.append(
                await loop.create_server(
                    lambda: Connection(self._reception, False),
                    sock=each,
                    backlog=self._backlog,
                    ssl=context,
                )
            )

    async def _listen_unix(self, loop: asyncio.AbstractEventLoop, path: Path) -> None:
        config = self._config
        path.unlink(missing_ok=True)
        self._open.append(
            await loop.create_unix_server(
                lambda: Connection(self._reception, True), str(path), backlog=self._backlog
            )
        )
        if config.number("unixsocketperm"):
            path.chmod(config.number("unixsocketperm"))

    def _close_doors(self) -> None:
        for door in self._doors:
            door.close()
        self._doors = []

    def close(self) -> None:
        """Let nobody in any more."""
        self._close_doors()
        for listener in self._open:
            listener.close()


def _sockets(address: str, port: int, backlog: int) -> list[socket.socket]:
    """Listening sockets on all that an address stands for. Raises OSError."""
    host = _EVERYWHERE.get(address, address)
    found: list[socket.socket] = []
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, place in dict.fromkeys(rows):
            found.append(each := socket.socket(family, kind, protocol))
            each.setblocking(False)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            each.bind(place)
            each.listen(backlog)
    except OSError:
        for each in found:
            each.close()
        raise
    return found
