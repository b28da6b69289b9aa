"""Replies as they come over a socket, with the type byte of each of their parts."""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aoftool.format.resp.encode import encode_command
from tests.compat.differential import Words, argv_of

_BULKS, _LISTS = b"$=!", b"*~>%|"


class Wire:
    """One connection to a server's unix socket, in RESP2 until HELLO 3 is sent."""

    def __init__(self, path: str | Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rb")

    def __call__(self, words: Words) -> Any:
        """Run a command; its reply."""
        self.send(words)
        return self.reply()

    def send(self, *calls: Words) -> None:
        """Send commands without waiting for their replies."""
        self.send_bytes(b"".join(encode_command(argv_of(words)) for words in calls))

    def send_bytes(self, data: bytes) -> None:
        """Send something that need not be a command."""
        self._socket.sendall(data)

    def reply(self) -> Any:
        """The next reply: (type, bytes), or (type, parts)."""
        line = self._file.readline()
        if not line:
            raise ConnectionError("the server has closed the connection")
        mark, text = line[:1], line[1:-2]
        if mark in _LISTS and text != b"-1":
            count = int(text) * (2 if mark in b"%|" else 1)
            return mark.decode(), [self.reply() for _ in range(count)]
        if mark in _BULKS and text != b"-1":
            return mark.decode(), self._file.read(int(text) + 2)[:-2]
        return mark.decode(), text

    def come(self) -> bytes:
        """The bytes that have come and that no reply was read from; ``<closed>`` ends an end."""
        found = b""
        while select.select([self._socket], [], [], 0)[0]:
            data = self._socket.recv(1 << 16)
            if not data:
                return found + b"<closed>"
            found += data
        return found

    def close(self) -> None:
        """End the connection."""
        self._file.close()
        self._socket.close()


def plain(reply: Any) -> Any:
    """A reply without its type bytes."""
    mark, value = reply
    if isinstance(value, list):
        return [plain(part) for part in value]
    if mark == "=":
        return value[4:]
    return None if value == b"-1" and mark in "$*" else value


def pairs(reply: Any) -> dict[bytes, Any]:
    """A reply that is a map, or a flat list, as a dictionary."""
    flat: Sequence[Any] = plain(reply)
    return dict(zip(flat[::2], flat[1::2], strict=True))
