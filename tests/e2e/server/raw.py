"""Programs of Redis, and sockets on which anything may be said."""

from __future__ import annotations

import shutil
import socket

import pytest

from tests.e2e.server.serving import Running


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here")
    return found


class Raw:
    """A socket, and what comes from it."""

    def __init__(self, server: Running) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(server.socket))
        self.socket.settimeout(10)

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def say(self, data: bytes, size: int) -> bytes:
        """Send bytes and take so many back, or fewer where the server closes."""
        self.socket.sendall(data)
        return self.take(size)

    def take(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            piece = self.socket.recv(size - len(got))
            if not piece:
                break
            got += piece
        return got
