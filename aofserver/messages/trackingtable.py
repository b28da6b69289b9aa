"""Who has read which keys, and which prefixes are listened to: tables without effects (tracking.c).

Clients are known by their numbers here: one may be gone while a key is still remembered for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from aoftool.keyspace.rounds import Picker


@dataclass(slots=True)
class Tracked:
    """What CLIENT TRACKING has said of one client.

    Attributes:
        redirect: number of the client that is told in its place; 0: none.
        bcast: it is told of every change below its prefixes, whatever it has read.
        optin, optout: only what follows CLIENT CACHING YES is remembered, or all but what follows
            CLIENT CACHING NO.
        noloop: it is not told of its own changes.
        caching: CLIENT CACHING was called, for the next command.
        broken: the client that is told in its place has gone.
        prefixes: of ``bcast``.
    """

    redirect: int = 0
    bcast: bool = False
    optin: bool = False
    optout: bool = False
    noloop: bool = False
    caching: bool = False
    broken: bool = False
    prefixes: list[bytes] = field(default_factory=list)

    @property
    def remembers(self) -> bool:
        """Whether what the next command reads is remembered (``trackingRememberKeys``)."""
        if self.bcast:
            return False
        return self.caching if self.optin else not (self.optout and self.caching)

    def ended(self, argv: Sequence[bytes], in_transaction: bool) -> None:
        """A command has run: CLIENT CACHING is for one more, or for a transaction (resetClient)."""
        if not in_transaction and argv[0].upper() != b"CLIENT":
            self.caching = False


class ReadKeys:
    """Keys of any database, and the clients that have read them (``TrackingTable``).

    Attributes:
        items: how many pairs of key and client there are.
    """

    def __init__(self) -> None:
        self.items = 0
        self._readers: dict[bytes, dict[int, None]] = {}
        self._picker = Picker()

    def __len__(self) -> int:
        return len(self._readers)

    def add(self, key: bytes, number: int) -> None:
        """A client has read a key."""
        readers = self._readers.setdefault(key, {})
        if number not in readers:
            readers[number] = None
            self.items += 1

    def take(self, key: bytes) -> Iterable[int]:
        """The clients that have read a key, which is forgotten."""
        readers = self._readers.pop(key, None)
        if readers is None:
            return ()
        self.items -= len(readers)
        return readers

    def any(self, chance: float) -> bytes | None:
        """Some key, by a number from 0 up to 1."""
        return self._picker.pick(self._readers, chance)

    def clear(self) -> None:
        """Forget all keys."""
        self._readers.clear()
        self.items = 0


class Prefixes:
    """Prefixes that are listened to, and what has changed below them (``PrefixTable``)."""

    def __init__(self) -> None:
        self._listeners: dict[bytes, dict[int, None]] = {}
        #: By prefix: the keys, each with the number of the client that changed it last, or 0.
        self._changes: dict[bytes, dict[bytes, int]] = {}

    def __len__(self) -> int:
        return len(self._listeners)

    def add(self, prefix: bytes, number: int) -> None:
        """A client listens."""
        self._listeners.setdefault(prefix, {})[number] = None

    def remove(self, prefix: bytes, number: int) -> None:
        """A client listens no more."""
        numbers = self._listeners.get(prefix)
        if numbers is not None:
            numbers.pop(number, None)
            if not numbers:
                del self._listeners[prefix]
                self._changes.pop(prefix, None)

    def changed(self, key: bytes, by: int) -> None:
        """A client has changed a key, or nobody (0)."""
        for prefix in self._listeners:
            if key.startswith(prefix):
                self._changes.setdefault(prefix, {})[key] = by

    def take(self, wants_own: Callable[[int], bool]) -> Iterator[tuple[int, list[bytes]]]:
        """Who is to be told of which keys since the last time, in the order of the alphabet.

        ``wants_own``: whether a client is also told of what it has changed itself.
        """
        changes, self._changes = self._changes, {}
        for prefix in sorted(changes):
            keys = sorted(changes[prefix].items())
            everything = [key for key, _ in keys]
            for number in list(self._listeners.get(prefix, ())):
                told = everything
                if not wants_own(number):
                    told = [key for key, by in keys if by != number]
                if told:
                    yield number, told


def collision(held: Iterable[bytes], wanted: list[bytes]) -> tuple[bytes, bytes, bool] | None:
    """The first two prefixes of a client of which one begins with the other.

    The new one, the other one, and whether that is new as well; None where all are apart
    (``checkPrefixCollisionsOrReply``).
    """
    for at, prefix in enumerate(wanted):
        others = [(other, False) for other in held]
        others += [(other, True) for other in wanted[at + 1 :]]
        for other, new in others:
            if prefix.startswith(other) or other.startswith(prefix):
                return prefix, other, new
    return None
