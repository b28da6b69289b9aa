"""One client's connection: an asyncio protocol around a session."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from aofserver.clientlines import client_line
from aofserver.hotloop import receive
from aofserver.net.requests import ProtocolError, Requests
from aofserver.session import Session

if TYPE_CHECKING:
    from aofserver.server import Server

#: Commands behind one that waits for data that are taken in.
_MOST_PENDING = 10_000


class Connection(asyncio.Protocol):
    """Decodes what comes and has it served; what is refused ends the connection."""

    def __init__(self, server: Server, local: bool) -> None:
        self._server = server
        self._local = local
        self._session: Session
        self._requests = Requests(server.config.number("proto-max-bulk-len"))
        self._transport: asyncio.Transport
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=self._server.outputs.high_water)
        session = self._server.clients.admit(self._transport, self._local)
        if session is None:
            return
        self._session = session
        self._requests.early = not session.authenticated

    def connection_lost(self, exc: Exception | None) -> None:
        if hasattr(self, "_session"):
            self._server.clients.leave(self._session)

    def data_received(self, data: bytes) -> None:
        if not receive(self._server, self._session, self._requests, data):
            self._look_closely(data)
        elif self._session.pending:
            self._hold()

    def _hold(self) -> None:
        """Read no more of a client whose commands wait; one that waits for data may go, though."""
        session = self._session
        if session.blocked is None or len(session.pending) >= _MOST_PENDING:
            self._transport.pause_reading()

    def _look_closely(self, data: bytes) -> None:
        """Serve what is more than whole commands, or less."""
        server, session, requests = self._server, self._session, self._requests
        if session.closing:
            return
        server.begin_turn(session, len(data))
        try:
            batch = requests.feed(data)
            while batch is not None:
                commands, buf, at, ends = batch
                if commands:
                    server.dispatcher.serve(session, commands, buf, at, ends)
                if session.transport is None or session.transport.is_closing():
                    return
                if session.pending:
                    self._hold()
                    return
                requests.early = not session.authenticated
                if not requests.size:
                    return
                batch = requests.feed(b"")
        except ProtocolError as error:
            session.send(b"-ERR %b\r\n" % str(error).encode("utf-8", "backslashreplace"))
            session.closing = True
            return
        if requests.size > server.query_limit:
            line = client_line(session, server).decode("utf-8", "backslashreplace")
            server.log.warning(f"Closing client that reached max query buffer length: {line}")
            server.stats.query_limit_disconnections += 1
            self._transport.abort()

    def pause_writing(self) -> None:
        """The client reads too slowly: it is not read either until it has caught up."""
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._server.outputs.watch(self._session)

    def resume_writing(self) -> None:
        if self._paused:
            self._paused = False
            if not self._session.pending:
                self._transport.resume_reading()
        self._server.outputs.forget(self._session)

    def go_on(self) -> None:
        """A pause or a wait is over: run what has waited, then what has come meanwhile."""
        session = self._session
        waiting, session.pending = session.pending, []
        session.update_special()
        self._server.begin_turn(session, 0)
        for argv, raw in waiting:
            if not session.closing:
                self._server.dispatcher.serve(session, [argv], raw, 0, [len(raw)])
        if not session.pending:
            self._look_closely(b"")
        if not session.pending and not self._paused:
            self._transport.resume_reading()

    def read_on(self) -> None:
        """Something else than a pause is over for which the client was not read."""
        if not self._paused and not self._session.pending and not self._transport.is_closing():
            self._transport.resume_reading()

    def limit_bulk(self, size: int) -> None:
        """``proto-max-bulk-len`` has changed."""
        self._requests.max_bulk = size

    def eof_received(self) -> bool:
        """A client that will send no more still gets the replies to what it sent."""
        return False
