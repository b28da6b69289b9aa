"""What users were refused: the log of ACL LOG (``addACLLogEntry`` in acl.c)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from aofserver.acl.checks import Reason

#: How long, in ms, the same refusal counts as one that repeats.
_SAME_MS = 60_000
#: Entries that are looked at for one to count up.
_LOOKED_AT = 10


class Where(Enum):
    """Where a refused call came from."""

    TOPLEVEL = b"toplevel"
    MULTI = b"multi"
    SCRIPT = b"lua"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal.

    Attributes:
        object: the command, key or channel that was refused; of AUTH, the command that tried.
        client: what was known of the client, as CLIENT LIST has it.
    """

    reason: Reason
    where: Where
    object: bytes
    user: bytes
    client: bytes
    at_ms: int

    def repeats(self, other: Refusal) -> bool:
        """Whether it is the same as another one, about the same time."""
        return (
            (self.reason, self.where, self.object, self.user)
            == (other.reason, other.where, other.object, other.user)
            and abs(self.at_ms - other.at_ms) <= _SAME_MS
        )  # fmt: skip


@dataclass(slots=True)
class Entry:
    """Refusals of one kind: the last of them, how many there were, when the first came."""

    id: int
    refusal: Refusal
    count: int
    created_ms: int


class AclLog:
    """The latest refusals first; ``most``: entries that are kept (``acllog-max-len``)."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._entries: list[Entry] = []
        self._next_id = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def add(self, refusal: Refusal) -> None:
        """Count a refusal up, or begin an entry for it."""
        for entry in self._entries[:_LOOKED_AT]:
            if refusal.repeats(entry.refusal):
                entry.refusal = refusal
                entry.count += 1
                self._entries.remove(entry)
                self._entries.insert(0, entry)
                return
        self._entries.insert(0, Entry(self._next_id, refusal, 1, refusal.at_ms))
        self._next_id += 1
        del self._entries[self.most :]

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()
