"""Where in the AOF the writes of a client end, for WAITAOF."""

from __future__ import annotations

from collections import deque

from aofserver.persistence.writer import AofWriter

#: Turns that are remembered one by one; of older ones only some are, and stand for those before.
_MOST = 1024


class Marks:
    """The ends of the turns that have written and are not known to be durable.

    Everything that a turn writes leaves in one write, so clients need to know of the turn only in
    which they have written last (``woff`` in a Redis since 7.2).
    """

    def __init__(self, writer: AofWriter) -> None:
        self._writer = writer
        self._ends: deque[tuple[int, tuple[int, int]]] = deque()
        self._durable = -1

    def end_turn(self, number: int) -> None:
        """A turn has ended, and what it has written was flushed, unless that was put off."""
        writer, ends = self._writer, self._ends
        if writer.state.pending:
            return
        while ends and writer.covers(ends[0][1]):
            self._durable = ends.popleft()[0]
        if writer.state.size == writer.state.durable:
            return
        end = writer.mark()
        if ends and ends[-1][1] == end:
            return
        ends.append((number, end))
        if len(ends) > _MOST:
            self._ends = deque(list(ends)[1::2])

    def covers(self, number: int, now: int) -> bool:
        """Whether what was written in a turn is durable; ``now``: the turn that has not ended."""
        writer = self._writer
        if writer.fd < 0:
            return False
        if number <= self._durable:
            return True
        end = next((mark for turn, mark in self._ends if turn >= number), None)
        if number == now or (end is None and writer.state.pending):
            end = writer.mark()
        return end is None or writer.covers(end)
