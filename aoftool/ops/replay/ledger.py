"""The books of a replay: what was sent, what came back, how far everything is acknowledged."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aoftool.ops.failures import Failure
from aoftool.ops.replay.model import Counts, Origin, Position, Unit
from aoftool.ops.source import Part

Tell = Callable[[Failure], None]


def tell_nobody(failure: Failure) -> None:
    """For those who only want the counts."""


@dataclass(slots=True)
class _Mark:
    """A place behind records that are not sent; reached when all before it is answered."""

    end: Position
    done: bool = True


class Ledger:
    """Counts records of the source; nothing is done before all its replies are there.

    Units may be finished out of order (several connections); ``position`` moves on only as far
    as everything before it is finished.

    Attributes:
        counts: see there.
        position: the place in the source up to which everything was answered.
        bytes: bytes of finished units.
    """

    def __init__(self, parts: Sequence[Part], start: Position, tell: Tell = tell_nobody) -> None:
        self.counts = Counts()
        self.position = start
        self.bytes = 0
        self._parts = parts
        self._tell = tell
        self._order: deque[Unit | _Mark] = deque()

    @property
    def is_settled(self) -> bool:
        """Whether nothing is on its way."""
        return not self._order

    def sent(self, unit: Unit) -> None:
        """A unit goes out; units come in the order of the source."""
        self.counts.sent += unit.records
        self._order.append(unit)

    def passed(self, end: Position) -> None:
        """Records up to ``end`` that need not be sent."""
        if not self._order:
            self.position = end
        else:
            self._order.append(_Mark(end))

    def error(self, unit: Unit, reply: int, text: bytes) -> None:
        """One reply of a unit is an error."""
        self.refused(unit, unit.owner(reply), text)

    def refused(self, unit: Unit, index: int, text: bytes) -> None:
        """The record with this index failed; told and counted once, by its first error."""
        if unit.bad is None:
            unit.bad = set()
        if index in unit.bad:
            return
        unit.bad.add(index)
        self.failed(unit.origin(index), unit.end, text)

    def failed(self, origin: Origin, end: Position, text: bytes) -> None:
        """A record that failed, or could not even be sent."""
        counts = self.counts
        counts.failed += 1
        kind = text.split(b" ", 1)[0].decode("ascii", "backslashreplace")
        counts.kinds[kind] = counts.kinds.get(kind, 0) + 1
        path = str(self._parts[end.part].path)
        self._tell(Failure(path, origin.start, origin.record, tuple(origin.argv), text))

    def finished(self, unit: Unit) -> None:
        """All replies of a unit have come."""
        unit.done = True
        self.counts.acknowledged += unit.records - len(unit.bad or ())
        self.bytes += len(unit.data)
        order = self._order
        while order and order[0].done:
            self.position = order.popleft().end
