"""One connection to a server: questions with an answer each, or a pipeline with a window."""

from __future__ import annotations

import select
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hiredis

from aoftool.format.resp import encode_command
from aoftool.ops.replay.model import Argv, TargetError

#: Bytes that are gathered before they are sent, and most that are read at a time.
_GATHER, _READ = 1 << 16, 1 << 18
#: Buffers in one call (``IOV_MAX`` is larger everywhere).
_BUFFERS = 256
#: Seconds to wait for a reply: FLUSHALL and DEBUG DIGEST take their time on large data.
_PATIENCE = 600
_NOTHING = object()
_AGAIN = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

Replies = Callable[[list[Any]], None]


@dataclass(frozen=True, slots=True)
class Tls:
    """How to speak TLS: files in PEM form; None: the system's authorities, no certificate."""

    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and how to be let in.

    Attributes:
        path: of a Unix socket, else None.
        password: never shown, not even by ``repr``.
    """

    host: str = "127.0.0.1"
    port: int = 6379
    path: str | None = None
    tls: Tls | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """What may be shown of it."""
        if self.path is not None:
            return f"unix://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}"


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
        self._socket = self._connect()
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._listening = select.POLLIN
        self._poll.register(self._socket, self._listening)
        self._log_in()

    def _connect(self) -> socket.socket:
        address = self.address
        plain: socket.socket | None = None
        try:
            if address.path is not None:
                plain = socket.socket(socket.AF_UNIX)
                plain.settimeout(self._timeout)
                plain.connect(address.path)
                return plain
            plain = socket.create_connection((address.host, address.port), self._timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if address.tls is None:
                return plain
            return _tls_context(address.tls).wrap_socket(plain, server_hostname=address.host)
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
        self._socket.close()

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
    def is_due(self) -> bool:
        """Whether enough has been gathered to be worth a call."""
        return self._waiting >= _GATHER

    def pump(self, replies: Replies, timeout: float = 0) -> bool:
        """Send what can be sent, and hand over the replies that are there.

        ``timeout``: seconds to wait where nothing can be done; whether anything was done.
        """
        try:
            # A socket takes bytes long before poll tells of it (a Unix one tells when it is three
            # quarters empty), and a target that has read everything meanwhile has nothing to do.
            moved = bool(self._out) and self._send()
            wanted = select.POLLIN | (select.POLLOUT if self._out else 0)
            if wanted != self._listening:
                self._poll.modify(self._socket, wanted)
                self._listening = wanted
            pending = self._socket.pending() if isinstance(self._socket, ssl.SSLSocket) else 0
            events = self._poll.poll(0 if moved or pending else timeout * 1000)
            happened = events[0][1] if events else 0
            if happened & ~select.POLLOUT or pending:
                self._receive(replies)
            if happened & select.POLLOUT and not moved:
                self._send()
        except OSError as error:
            reason = error.strerror or str(error)
            raise TargetError(f"{self.address}: the connection broke: {reason}") from error
        return bool(moved or events or pending)

    def _receive(self, replies: Replies) -> None:
        try:
            data = self._socket.recv(_READ)
        except _AGAIN:
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
        try:
            if isinstance(self._socket, ssl.SSLSocket):
                sent = self._socket.send(buffers[0])
            else:
                some = [buffers[at] for at in range(min(len(buffers), _BUFFERS))]
                sent = self._socket.sendmsg(some)
        except _AGAIN:
            return False
        self._waiting -= sent
        while buffers and sent >= len(buffers[0]):
            sent -= len(buffers.popleft())
        if sent:
            buffers[0] = buffers[0][sent:]
        return True


def _tls_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.authorities and str(tls.authorities))
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
