"""Who is connected: clients come, are refused, and go (networking.c)."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, cast

from aofserver.session import Session

if TYPE_CHECKING:
    from aofserver.net.connection import Connection
    from aofserver.server import Server

_THIS_HOST = ("127.0.0.1", "::1")


class Clients:
    """All clients.

    Attributes:
        sessions: by number, in the order in which they came.
    """

    def __init__(self, server: Server) -> None:
        self.sessions: dict[int, Session] = {}
        self._server = server
        self._next_id = 1

    def admit(self, transport: asyncio.Transport, local: bool) -> Session | None:
        """A client has come, by a unix socket if ``local``; None where it is refused."""
        server = self._server
        refusal = self._refusal(transport, local)
        if refusal:
            server.stats.rejected_connections += 1
            transport.write(refusal)
            transport.close()
            return None
        server.stats.connections += 1
        session = Session(self._next_id, transport, server.keyspace.databases[0], server.turn)
        self._next_id += 1
        session.created_s = session.seen_s = server.clock.monotonic_us() / 1_000_000
        session.authenticated = not server.password
        session.update_special()
        if local:
            session.is_unix = True
            session.address = os.fsencode(server.config.text("unixsocket")) + b":0"
            session.laddr = session.address
        else:
            session.address = _shown_address(transport.get_extra_info("peername"))
            session.laddr = _shown_address(transport.get_extra_info("sockname"))
            _keep_alive(transport, server.config.number("tcp-keepalive"))
        self.sessions[session.id] = session
        return session

    def _refusal(self, transport: asyncio.Transport, local: bool) -> bytes:
        """What a client is told that may not come in; empty for one that may."""
        config = self._server.config
        if len(self.sessions) >= config.number("maxclients"):
            return b"-ERR max number of clients reached\r\n"
        if local or self._server.password or not config.flag("protected-mode"):
            return b""
        peer = transport.get_extra_info("peername")
        if peer and peer[0] not in _THIS_HOST:
            return (
                b"-DENIED aofserver is running in protected mode: no password is set, so only "
                b"clients of this host may connect. Set a password (requirepass), or turn "
                b"protected-mode off.\r\n"
            )
        return b""

    def leave(self, session: Session) -> None:
        """A client has gone."""
        session.transport = None
        self._server.blocking.forget(session)
        self._server.pubsub.forget(session)
        self._server.watches.remove(session)
        self._server.monitors.remove(session)
        self._server.outputs.forget(session)
        self._server.pauses.forget(session)
        self.sessions.pop(session.id, None)

    def connection(self, session: Session) -> Connection:
        """The connection of a client that is there."""
        assert session.transport is not None
        return cast("Connection", session.transport.get_protocol())

    def limit_bulk(self, size: int) -> None:
        """Have those who are here use the new ``proto-max-bulk-len``."""
        for session in self.sessions.values():
            if session.transport is not None:
                cast("Connection", session.transport.get_protocol()).limit_bulk(size)

    def close(self, session: Session) -> None:
        """End a client now; what waits for it is dropped."""
        session.closing = True
        self._server.blocking.forget(session)
        session.out.clear()
        if session.transport is not None:
            session.transport.abort()


def _shown_address(address: object) -> bytes:
    if isinstance(address, tuple):
        host = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
        return f"{host}:{address[1]}".encode()
    return b"?:0"


def _keep_alive(transport: asyncio.Transport, seconds: int) -> None:
    found: socket.socket | None = transport.get_extra_info("socket")
    if not seconds or found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, seconds // 3))
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
