"""One connection to a server: questions with an answer each, or a pipeline with a window."""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import hiredis

from aoftool.format.resp import encode_command
from aoftool.ops.replay.address import Address
from aoftool.ops.replay.model import Argv, TargetError
from aoftool.ops.replay.wire import Wire

#: Bytes that are gathered before they are sent, and most that are read at a time.
_GATHER, _READ = 1 << 20, 1 << 20
#: Seconds to wait for a reply: FLUSHALL and DEBUG DIGEST take their time on large data.
_PATIENCE = 600
_NOTHING = object()

Replies = Callable[[list[Any]], None]


class Link:
    """A connection. Methods raise TargetError where the target is not, or no more, there.

    Attributes:
        unanswered: replies that are still to come.
    """

    def __init__(self, address: Address, timeout: float = 30.0) -> None:
        self.address = address
        self._timeout = timeout
        self._out: deque[memoryview] = deque()
        self._waiting = 0
        self.unanswered = 0
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._wire = self._connect()
        self._poll = select.poll()
        self._listening = select.POLLIN
        self._poll.register(self._wire.fileno(), self._listening)
        self._log_in()

    def _connect(self) -> Wire:
        address = self.address
        plain: socket.socket | None = None
        try:
            if address.path is not None:
                plain = socket.socket(socket.AF_UNIX)
                plain.settimeout(self._timeout)
                plain.connect(address.path)
                return Wire(plain)
            plain = socket.create_connection((address.host, address.port), self._timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if address.tls is None:
                return Wire(plain)
            from aoftool.ops.replay.secure import TlsWire  # OpenSSL, which takes its time

            return TlsWire(plain, address.tls, address.host)
        except OSError as error:
            if plain is not None:
                plain.close()
            reason = error.strerror or str(error)
            raise TargetError(f"{address}: cannot connect: {reason}") from error

    def _log_in(self) -> None:
        address = self.address
        if address.password is None:
            return
        words = ["AUTH", *([address.user] if address.user else []), address.password]
        reply = self.ask(*(word.encode() for word in words))
        if isinstance(reply, hiredis.ReplyError):
            self.close()
            raise TargetError(f"{address}: it does not let us in: {reply}")

    def close(self) -> None:
        """End the connection."""
        self._wire.close()

    # Questions.
    def ask(self, *argv: bytes) -> Any:
        """Send one command and wait for its reply; an error reply is a hiredis.ReplyError."""
        return self.ask_all([argv])[0]

    def ask_all(self, argvs: Sequence[Argv]) -> list[Any]:
        """Send commands together and wait for all their replies."""
        assert not self.unanswered, "a question in the middle of a pipeline"
        found: list[Any] = []
        self.put(b"".join(map(encode_command, argvs)), len(argvs))
        while len(found) < len(argvs):
            if not self.pump(found.extend, _PATIENCE):
                raise TargetError(f"{self.address}: no answer in {_PATIENCE} s")
        return found

    # The pipeline.
    def put(self, data: bytes, replies: int) -> None:
        """Have bytes sent that are answered by so many replies."""
        self._out.append(memoryview(data))
        self._waiting += len(data)
        self.unanswered += replies

    @property
    def room(self) -> int:
        """Bytes that the socket holds on their way, by which the target has work."""
        return self._wire.room

    @property
    def is_due(self) -> bool:
        """Whether enough has been gathered to be worth a call."""
        return self._waiting >= _GATHER

    def flush(self) -> None:
        """Send what the socket takes, and look for no replies."""
        with self._breaking():
            self._send()

    def pump(self, replies: Replies, timeout: float = 0) -> bool:
        """Send what can be sent, and hand over the replies that are there.

        ``timeout``: seconds to wait where nothing can be done; whether anything was done.
        """
        with self._breaking():
            # A socket takes bytes long before poll tells of it (a Unix one tells when it is three
            # quarters empty), and a target that has read everything meanwhile has nothing to do.
            moved = self._send()
            wanted = select.POLLIN | (select.POLLOUT if self._out else 0)
            if wanted != self._listening:
                self._poll.modify(self._wire.fileno(), wanted)
                self._listening = wanted
            pending = self._wire.pending()
            events = self._poll.poll(0 if moved or pending else timeout * 1000)
            happened = events[0][1] if events else 0
            if happened & ~select.POLLOUT or pending:
                self._receive(replies)
            if happened & select.POLLOUT and not moved:
                self._send()
        return bool(moved or events or pending)

    @contextmanager
    def _breaking(self) -> Iterator[None]:
        """An OSError is that of a connection that breaks."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise TargetError(f"{self.address}: the connection broke: {reason}") from error

    def _receive(self, replies: Replies) -> None:
        data = self._wire.receive(_READ)
        if data is None:
            return
        if not data:
            raise TargetError(f"{self.address}: it closed the connection")
        self._reader.feed(data)
        try:
            found = list(iter(self._reader.gets, _NOTHING))
        except hiredis.ProtocolError as error:
            raise TargetError(f"{self.address}: no Redis protocol: {error}") from error
        self.unanswered -= len(found)
        if found:
            replies(found)

    def _send(self) -> bool:
        """Send what the socket takes; whether it took anything."""
        buffers = self._out
        if not buffers:
            return False
        sent = self._wire.send(buffers)
        if not sent:
            return False
        self._waiting -= sent
        while buffers and sent >= len(buffers[0]):
            sent -= len(buffers.popleft())
        if sent:
            buffers[0] = buffers[0][sent:]
        return True
