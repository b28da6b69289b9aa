"""One client's connection: an asyncio protocol around a session."""

from __future__ import annotations

import asyncio
import errno
from typing import Protocol, cast

from aofserver.clients.session import Session
from aofserver.hotloop import receive
from aofserver.net.reception import Reception
from aofserver.net.requests import ProtocolError, Requests

#: Commands behind one that waits for data that are taken in.
_MOST_PENDING = 10_000
#: Why nothing could be read now that may be read later.
_PASSING = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


class Reading(Protocol):
    """Who reads a socket: its transport, or the intake."""

    def pause_reading(self) -> None:
        """Read no more for now."""

    def resume_reading(self) -> None:
        """Read again."""


class Connection(asyncio.Protocol):
    """Decodes what comes and has it served; what is refused ends the connection."""

    def __init__(self, reception: Reception, local: bool) -> None:
        self.desk = reception
        self._local = local
        self.session: Session
        self.requests = Requests(reception.max_bulk)
        self._transport: asyncio.Transport
        self._paused = False
        self._reading: Reading

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._reading = self._transport
        self._transport.set_write_buffer_limits(high=self.desk.outputs.high_water)
        session = self.desk.clients.admit(self._transport, self._local)
        if session is None:
            return
        self.session = session
        intake = self.desk.intake
        if intake is not None and transport.get_extra_info("sslcontext") is None:
            self._transport.pause_reading()
            session.plain_fd = session.fd
            self._reading = intake.reading(session.fd, self)
        self.requests.early = not session.authenticated

    def connection_lost(self, exc: Exception | None) -> None:
        if hasattr(self, "session"):
            if self.session.plain_fd >= 0:
                self._reading.pause_reading()
                self.session.plain_fd = -1
            self.desk.clients.leave(self.session)

    def data_received(self, data: bytes) -> None:
        receive(self, data)

    def read_failed(self, code: int) -> None:
        """Nothing could be read: at the end of what is sent (0), or for a reason (errno)."""
        session = self.session
        if code in _PASSING:
            return
        self._reading.pause_reading()
        if code:
            self._transport.abort()
        elif session.out and not self._transport.is_closing():
            session.closing = True  # it still gets the replies to what it sent
        else:
            self._transport.close()

    def broken(self, error: Exception) -> None:
        """Serving it has failed as nothing should: it is told to the loop, and the client goes."""
        context = {"message": "A client could not be served", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
        self._transport.abort()

    def hold(self) -> None:
        """Read no more of a client whose commands wait; one that waits for data may go, though."""
        session = self.session
        if session.blocked is None or len(session.pending) >= _MOST_PENDING:
            self._reading.pause_reading()

    def look_closely(self, data: bytes) -> None:
        """Serve what is more than whole commands, or less."""
        reception, session, requests = self.desk, self.session, self.requests
        if session.closing:
            return
        reception.begin_turn(session, len(data))
        try:
            batch = requests.feed(data)
            while batch is not None:
                commands, buf, at, ends = batch
                if commands:
                    reception.dispatcher.serve(session, commands, buf, at, ends)
                if session.closing or session.transport is None or session.transport.is_closing():
                    return
                if session.pending:
                    self.hold()
                    return
                requests.early = not session.authenticated
                if not requests.size:
                    return
                batch = requests.feed(b"")
        except ProtocolError as error:
            if session.reply_mode == b"ON":
                session.send(b"-ERR %b\r\n" % str(error).encode("utf-8", "backslashreplace"))
            elif not session.out:
                session.turn.add(session)
            session.closing = True
            return
        if requests.size > reception.query_limit:
            reception.refuse_query(session)
            self._transport.abort()

    def pause_writing(self) -> None:
        """The client reads too slowly: it is not read either until it has caught up."""
        if not self._paused:
            self._paused = True
            self._reading.pause_reading()
        self.desk.outputs.watch(self.session)

    def resume_writing(self) -> None:
        if self._paused:
            self._paused = False
            if not self.session.pending:
                self._reading.resume_reading()
        self.desk.outputs.forget(self.session)

    def go_on(self) -> None:
        """A pause or a wait is over: run what has waited, then what has come meanwhile."""
        session = self.session
        waiting, session.pending = session.pending, []
        session.update_special()
        self.desk.begin_turn(session, 0)
        for argv, raw in waiting:
            if not session.closing:
                self.desk.dispatcher.serve(session, [argv], raw, 0, [len(raw)])
        if not session.pending:
            self.look_closely(b"")
        if not session.pending and not self._paused:
            self._reading.resume_reading()

    @property
    def unread(self) -> int:
        """Bytes that have come of a command that is not whole yet."""
        return self.requests.size

    def stop_reading(self) -> None:
        """What it sends is for later; ``read_on`` undoes it."""
        self._reading.pause_reading()

    def read_on(self) -> None:
        """Something else than a pause is over for which the client was not read."""
        if not self._paused and not self.session.pending and not self._transport.is_closing():
            self._reading.resume_reading()

    def limit_bulk(self, size: int) -> None:
        """``proto-max-bulk-len`` has changed."""
        self.requests.max_bulk = size

    def eof_received(self) -> bool:
        """A client that will send no more still gets the replies to what it sent."""
        return False
