"""What is written while a rewrite runs, on its way to the child (``aofRewriteBuffer*``)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from aofserver.log import Log

#: Bytes of a block (``AOF_RW_BUF_BLOCK_SIZE``).
BLOCK = 10 << 20


class DiffBuffer:
    """Bytes in blocks: appended at the end, sent from the front.

    Attributes:
        size: bytes that have not been sent.
    """

    def __init__(self, log: Log, block: int = BLOCK) -> None:
        self.size = 0
        self._log = log
        self._block = block
        self._blocks: deque[bytearray] = deque()

    def append(self, data: bytes) -> None:
        """Add what was fed to the AOF."""
        self.size += len(data)
        blocks = self._blocks
        if blocks and len(blocks[-1]) + len(data) <= self._block:
            blocks[-1] += data
            return
        view = memoryview(data)
        while view:
            if not blocks or len(blocks[-1]) >= self._block:
                blocks.append(bytearray())
                self._tell()
            room = self._block - len(blocks[-1])
            blocks[-1] += view[:room]
            view = view[room:]

    def _tell(self) -> None:
        count = len(self._blocks)
        if (count + 1) % 10 == 0:
            tell = self._log.warning if (count + 1) % 100 == 0 else self._log.notice
            tell(f"Background AOF buffer size: {self.size >> 20} MB")

    def send(self, write: Callable[[memoryview], int]) -> None:
        """Have ``write`` take bytes from the front until it takes no more.

        Raises what ``write`` raises; BlockingIOError means that it takes no more for now.
        """
        blocks = self._blocks
        while blocks:
            block = blocks[0]
            with memoryview(block) as view:
                sent = write(view)
            self.size -= sent
            if sent == len(block):
                blocks.popleft()
            else:
                del block[:sent]

    def take(self) -> list[bytes]:
        """Everything that was not sent; the buffer is empty afterwards."""
        rest = [bytes(block) for block in self._blocks]
        self._blocks.clear()
        self.size = 0
        return rest
