"""What a decoded key holds: plain bytes, lists and tuples wherever elements may be many.

    kind      value
    string    bytes
    list      list[bytes]
    set       list[bytes], in file order, no member twice
    zset      list[tuple[bytes, float]]: (member, score), in file order, no member twice, no NaN
    hash      list[tuple[bytes, bytes, int | None]]: (field, value, expiry in Unix ms or None),
              in file order, no field twice
    stream    StreamValue
    module    ModuleValue

File order is ascending in small sorted sets and descending in large ones: sort where it matters.
Collections can be empty (servers delete those; Redis 7 skips them when it loads a file).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal["string", "list", "set", "zset", "hash", "stream", "module"]

#: Milliseconds and sequence number; compares as Redis compares.
StreamId = tuple[int, int]
#: An entry: its ID and field, value, field, value, …
StreamEntry = tuple[StreamId, list[bytes]]
ScoredMember = tuple[bytes, float]
HashField = tuple[bytes, bytes, int | None]


class PendingEntry(NamedTuple):
    """An entry that was delivered to a consumer and not acknowledged (``streamNACK``)."""

    id: StreamId
    consumer: bytes
    delivered_at_ms: int
    delivery_count: int


class Consumer(NamedTuple):
    """A consumer: when it last tried, and when it last got something (Unix ms; None: never)."""

    name: bytes
    seen_at_ms: int
    active_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group.

    Attributes:
        name: its name.
        last_id: last delivered ID.
        entries_read: its logical read counter, or None where unknown (always before version 10).
        pending: its pending entries, ascending by ID.
        consumers: its consumers.
    """

    name: bytes
    last_id: StreamId
    entries_read: int | None = None
    pending: list[PendingEntry] = field(default_factory=list)
    consumers: list[Consumer] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StreamValue:
    """A stream.

    Attributes:
        entries: live entries, ascending by ID, without the deleted ones that the file still has.
        last_id: greatest ID ever given.
        max_deleted_id: greatest ID ever deleted; (0, 0) before version 10.
        entries_added: entries ever added; before version 10 as many as there are.
        groups: its consumer groups.
    """

    entries: list[StreamEntry]
    last_id: StreamId
    max_deleted_id: StreamId = (0, 0)
    entries_added: int = 0
    groups: list[Group] = field(default_factory=list)


_MODULE_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def module_name(module_id: int) -> str:
    """The 9 letters in the upper 54 bits of a module type's ID (``moduleTypeNameByID``)."""
    return "".join(_MODULE_CHARS[module_id >> shift & 63] for shift in range(58, 9, -6))


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A value that only its module understands, kept so that it can be written back as it was.

    Attributes:
        module_id: 64 bits: 9 letters of 6 bits, and 10 bits of encoding version.
        payload: the bytes behind the ID, up to and with the sub-opcode that ends them.
    """

    module_id: int
    payload: bytes

    @property
    def name(self) -> str:
        """The module type's name, 9 characters."""
        return module_name(self.module_id)

    @property
    def encoding_version(self) -> int:
        """The version of the module's own encoding, 0 to 1023."""
        return self.module_id & 0x3FF


Value = bytes | list[bytes] | list[ScoredMember] | list[HashField] | StreamValue | ModuleValue
