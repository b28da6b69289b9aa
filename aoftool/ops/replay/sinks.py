"""Where units go: what every target can be asked to do, one server, and memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from aoftool.ops.replay.ledger import Ledger
from aoftool.ops.replay.link import Link
from aoftool.ops.replay.model import Unit, Window
from aoftool.ops.replay.moments import Moments
from aoftool.ops.replay.sending import Pipe
from aoftool.ops.replay.settling import Settled, settle_server
from aoftool.ops.replay.target import Facts


class Sink(Protocol):
    """A target that units are sent to. Methods raise TargetError."""

    facts: Facts
    #: Whether it is ours alone, and gone when we are.
    passing: bool

    def start(self, ledger: Ledger, window: Window) -> None:
        """Get ready; ``ledger`` is told of everything from now on."""

    def push(self, unit: Unit) -> None:
        """Send a unit."""

    def turn(self, seconds: float) -> None:
        """Take replies for so long."""

    def drain(self) -> None:
        """Wait for all replies."""

    def settle(self, moments: Moments) -> Settled:
        """Put right the times of expiry that were held back."""

    def links(self) -> Iterator[Link]:
        """A connection to each server that holds keys of its own, with nothing on its way."""

    def owners(self, keys: list[bytes]) -> Iterator[tuple[Link, list[bytes]]]:
        """The connections over which these keys are to be asked for."""

    def close(self) -> None:
        """End all connections."""


class ServerSink:
    """One server."""

    passing = False

    def __init__(self, link: Link, facts: Facts) -> None:
        self.facts = facts
        self._link = link
        self._pipe: Pipe

    def start(self, ledger: Ledger, window: Window) -> None:
        """See Sink."""
        self._pipe = Pipe(self._link, window, ledger)

    def push(self, unit: Unit) -> None:
        """See Sink."""
        self._pipe.push(unit)

    def turn(self, seconds: float) -> None:
        """See Sink."""
        self._pipe.turn(seconds)

    def drain(self) -> None:
        """See Sink."""
        self._pipe.drain()

    def settle(self, moments: Moments) -> Settled:
        """See Sink."""
        return settle_server(self._link, self.facts, moments)

    def links(self) -> Iterator[Link]:
        """See Sink."""
        yield self._link

    def owners(self, keys: list[bytes]) -> Iterator[tuple[Link, list[bytes]]]:
        """See Sink."""
        yield self._link, keys

    def close(self) -> None:
        """See Sink."""
        self._link.close()
