"""Who is connected: clients come, are refused, and go (networking.c)."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterable

from aofserver.clients.lines import client_line
from aofserver.clients.session import Session, peer_of
from aofserver.ground import Ground

_THIS_HOST = ("127.0.0.1", "::1")


def _nobody(session: Session) -> None:
    """Nobody wants to know."""


class Clients:
    """All clients.

    Attributes:
        sessions: by number, in the order in which they came.
        on_come, on_close, on_leave: told of a client that comes, is to end, has gone.
        is_open: whether clients may come in without a password.
    """

    def __init__(self, ground: Ground) -> None:
        self.on_come: Callable[[Session], None] = _nobody
        self.on_close: Callable[[Session], None] = _nobody
        self.on_leave: Iterable[Callable[[Session], None]] = ()
        self.is_open: Callable[[], bool] = lambda: True
        self.sessions: dict[int, Session] = {}
        self._ground = ground
        self._next_id = 1

    def admit(self, transport: asyncio.Transport, local: bool) -> Session | None:
        """A client has come, by a unix socket if ``local``; None where it is refused."""
        ground = self._ground
        refusal = self._refusal(transport, local)
        if refusal:
            ground.stats.rejected_connections += 1
            transport.write(refusal)
            transport.close()
            return None
        ground.stats.connections += 1
        session = Session(self._next_id, transport, ground.keyspace.databases[0], ground.turn)
        self._next_id += 1
        session.created_s = session.seen_s = ground.clock.monotonic_us() / 1_000_000
        self.on_come(session)
        if local:
            session.is_unix = True
            session.address = os.fsencode(ground.config.text("unixsocket")) + b":0"
            session.laddr = session.address
        else:
            session.address = _shown_address(transport.get_extra_info("peername"))
            session.laddr = _shown_address(transport.get_extra_info("sockname"))
            _keep_alive(transport, ground.config.number("tcp-keepalive"))
        self.sessions[session.id] = session
        return session

    def _refusal(self, transport: asyncio.Transport, local: bool) -> bytes:
        """What a client is told that may not come in; empty for one that may."""
        config = self._ground.config
        if len(self.sessions) >= config.number("maxclients"):
            return b"-ERR max number of clients reached\r\n"
        protected = config.flag("protected-mode") and self.is_open()
        if local or not protected:
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
        if session.transport is not None:
            # A socket's transport holds a method of its own, for ever: see SocketReading.
            vars(session.transport).pop("_read_ready_cb", None)
        session.transport = None
        for tell in self.on_leave:
            tell(session)
        self.sessions.pop(session.id, None)

    def line(self, session: Session) -> bytes:
        """What CLIENT LIST says of a client."""
        return client_line(session, self._ground.ctx.options.style, self._ground.now_s)

    def shown(self, session: Session) -> str:
        """The same, for the log."""
        return self.line(session).decode("utf-8", "backslashreplace")

    def limit_bulk(self, size: int) -> None:
        """Have those who are here use the new ``proto-max-bulk-len``."""
        for session in self.sessions.values():
            if session.transport is not None:
                peer_of(session).limit_bulk(size)

    def close(self, session: Session) -> None:
        """End a client now; what waits for it is dropped."""
        session.closing = True
        self.on_close(session)
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
