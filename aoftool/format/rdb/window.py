"""The bytes that a decoder has been fed and still needs, with their file offsets and checksum."""

from __future__ import annotations

import anycrc

from aoftool.errors import TruncatedError

_crc64 = anycrc.Model("CRC64-REDIS").calc


class Window:
    """A buffer that forgets what has been used and is rebuilt no more often than it pays.

    Attributes:
        buf: the bytes at hand. All positions are positions in it.
        end: how many they are.
        pos: where the next item begins.
        start: where the record begins that it belongs to, or -1 where that is ``pos`` itself.
        base: file offset of ``buf[0]``.
        closed: no more bytes will come.
    """

    __slots__ = (
        "_chunks",
        "_crc",
        "_crc_pos",
        "_size",
        "_want",
        "base",
        "buf",
        "closed",
        "end",
        "pos",
        "start",
    )

    def __init__(self, offset: int) -> None:
        self.buf = b""
        self.end = self.pos = 0
        self.start = -1
        self.base = offset
        self.closed = False
        self._chunks: list[bytes] = []
        self._size = 0  # bytes in buf and in the chunks behind it
        self._want = 1  # the size from which on another attempt makes sense
        self._crc = self._crc_pos = 0  # checksum of the file up to buf[_crc_pos]

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes. They join ``buf`` with the next ``ready`` that says yes."""
        if self.closed:
            raise ValueError("feed after close")
        if data:
            self._chunks.append(bytes(data))
            self._size += len(data)

    def ready(self) -> bool:
        """Whether another attempt makes sense; takes in what was fed if it does."""
        if self._size < self._want and not self.closed:
            return False
        if self._chunks:
            self._join()
        return True

    def wait(self, want: int, exact: bool = True) -> None:
        """Not ready before ``end`` is ``want``; unless ``exact``, before the item grew by half.

        The latter keeps the work linear where an item of many parts arrives byte by byte. Raises
        TruncatedError where nothing more will come.
        """
        if self.closed:
            raise TruncatedError("the RDB ends inside an item", self.end)
        self._want = want if exact else max(want, self.end + (self.end - self.pos) // 2)

    def checksum(self, stop: int) -> int:
        """CRC-64 of the file up to position ``stop``, which lies behind all earlier ones."""
        self._crc = _crc64(memoryview(self.buf)[self._crc_pos : stop], self._crc)
        self._crc_pos = stop
        return self._crc

    @property
    def record(self) -> int:
        """Where the record at hand begins."""
        return self.pos if self.start < 0 else self.start

    @property
    def rest(self) -> bytes:
        """What was fed from ``pos`` on."""
        self._join()
        return self.buf[self.pos :]

    def _join(self) -> None:
        used = self.record
        if used > self._crc_pos:
            self.checksum(used)
        self._crc_pos -= used
        # Where nothing is left over and one piece came, that piece is the buffer, uncopied.
        self.buf = b"".join([self.buf[used:], *self._chunks] if used < self.end else self._chunks)
        self._chunks.clear()
        self.end = self._size = len(self.buf)
        self.base += used
        self.pos -= used
        self._want -= used
        self.start = min(self.start, 0)
