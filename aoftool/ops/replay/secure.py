"""A connection by TLS."""

from __future__ import annotations

import socket
import ssl
from collections import deque

from aoftool.ops.replay.address import Tls
from aoftool.ops.replay.wire import Wire


class TlsWire(Wire):
    """A connected socket behind TLS; shakes hands at once. Raises OSError."""

    again = (*Wire.again, ssl.SSLWantReadError, ssl.SSLWantWriteError)

    def __init__(self, connected: socket.socket, tls: Tls, host: str) -> None:
        secured = _context(tls).wrap_socket(connected, server_hostname=host)
        super().__init__(secured)
        self._secured = secured

    def pending(self) -> int:
        """What was deciphered already."""
        return self._secured.pending()

    def _write(self, buffers: deque[memoryview]) -> int:
        return self._secured.send(buffers[0])


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.authorities and str(tls.authorities))
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
