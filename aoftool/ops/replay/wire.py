"""A connected socket that never waits."""

from __future__ import annotations

import socket
from collections import deque

#: Buffers in one call (``IOV_MAX`` is larger everywhere).
_BUFFERS = 256


class Wire:
    """A connected socket as it is. All methods raise OSError.

    Attributes:
        room: bytes that it holds on their way.
        again: what it raises where it would have to wait.
    """

    again: tuple[type[OSError], ...] = (BlockingIOError, InterruptedError)

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self.room = connected.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        connected.setblocking(False)
        self.fileno, self.close = connected.fileno, connected.close

    def pending(self) -> int:
        """Bytes that are there although poll does not tell of them."""
        return 0

    def receive(self, most: int) -> bytes | None:
        """Up to so many bytes; empty: it was closed; None: nothing is there."""
        try:
            return self._socket.recv(most)
        except self.again:
            return None

    def send(self, buffers: deque[memoryview]) -> int:
        """How many bytes of these it took."""
        try:
            return self._write(buffers)
        except self.again:
            return 0

    def _write(self, buffers: deque[memoryview]) -> int:
        return self._socket.sendmsg([buffers[at] for at in range(min(len(buffers), _BUFFERS))])
