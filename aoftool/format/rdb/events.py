"""What the decoder reports, one tuple class per item of the file."""

from __future__ import annotations

from typing import NamedTuple

from aoftool.format.rdb.opcodes import Dialect
from aoftool.format.rdb.values import Kind, Value, module_name


class Header(NamedTuple):
    """The magic and the version: always the first event."""

    dialect: Dialect
    version: int


class Aux(NamedTuple):
    """A remark of the writing server: ``redis-ver``, ``ctime``, ``aof-base`` and others."""

    key: bytes
    value: bytes


class Function(NamedTuple):
    """The source of a function library."""

    code: bytes


class SelectDb(NamedTuple):
    """The keys that follow belong to this database."""

    db: int


class ResizeDb(NamedTuple):
    """How many keys of the database follow, and how many of them expire: hints, not promises."""

    size: int
    expires: int


class SlotInfo(NamedTuple):
    """The like of ResizeDb for a cluster slot."""

    slot: int
    size: int
    expires: int


class SlotImport(NamedTuple):
    """A slot import that was under way (Valkey 9): its job, and (first, last) slots."""

    job: bytes
    ranges: list[tuple[int, int]]


class ModuleAux(NamedTuple):
    """What a module keeps outside of keys.

    ``when`` is 1 before the keys, 2 after them; ``payload`` is raw, with its last sub-opcode.
    """

    module_id: int
    when: int
    payload: bytes

    @property
    def name(self) -> str:
        """The module type's name, 9 characters."""
        return module_name(self.module_id)


class KeyMeta(NamedTuple):
    """What modules attach to the key that follows (Redis 8.6): (class, raw payload) each."""

    classes: list[tuple[bytes, bytes]]


class Key(NamedTuple):
    """A key with its value.

    Attributes:
        db: its database.
        key: its name.
        kind: what kind of value it has.
        value: the value, as ``values`` says for each kind.
        expire_at_ms: Unix time in ms, or None.
        idle_s: seconds since it was used, where the server kept them for its eviction; or None.
        freq: logarithmic use counter, 0 to 255, likewise; or None.
        type: type number in the file.
        start: offset of its first byte, which is that of its expiry where it has one.
        end: offset behind its last byte.
    """

    db: int
    key: bytes
    kind: Kind
    value: Value
    expire_at_ms: int | None
    idle_s: int | None
    freq: int | None
    type: int
    start: int
    end: int


class StringKeys(NamedTuple):
    """A run of string keys without expiry, for readers that want speed.

    Attributes:
        db: their database.
        pairs: their names and values.
        start, end: offsets of the first byte and behind the last one.
    """

    db: int
    pairs: list[tuple[bytes, bytes]]
    start: int
    end: int


class End(NamedTuple):
    """The end of the file, or of the preamble: always the last event.

    Attributes:
        checksum: the CRC-64 that the file states and that was found right; None where it has none
            (before version 5) or says 0, which servers write with ``rdbchecksum no``.
        end: offset behind the last byte of the RDB; what follows is in ``unused``.
    """

    checksum: int | None
    end: int


Event = (
    Header
    | Aux
    | Function
    | SelectDb
    | ResizeDb
    | SlotInfo
    | SlotImport
    | ModuleAux
    | KeyMeta
    | Key
    | StringKeys
    | End
)
