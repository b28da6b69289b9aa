"""A connection by TLS."""

from __future__ import annotations

import socket
import ssl
from collections import deque

from aoftool.ops.replay.address import Tls

_AGAIN = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class TlsWire:
    """A connected socket behind TLS (see ``Wire``); shakes hands at once. Raises OSError."""

    def __init__(self, connected: socket.socket, tls: Tls, host: str) -> None:
        self.room = connected.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        self._socket = _context(tls).wrap_socket(connected, server_hostname=host)
        self._socket.setblocking(False)
        self.fileno, self.close = self._socket.fileno, self._socket.close
        self.pending = self._socket.pending

    def receive(self, most: int) -> bytes | None:
        """See Wire."""
        try:
            return self._socket.recv(most)
        except _AGAIN:
            return None

    def send(self, buffers: deque[memoryview]) -> int:
        """See Wire."""
        try:
            return self._socket.send(buffers[0])
        except _AGAIN:
            return 0


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.authorities and str(tls.authorities))
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
