"""RDB opcodes and value types: one row each, with the layout as a shape (see ``shapes``).

Numbers and layouts follow rdb.h and rdb.c of Redis 2.8 to 7.4 and Valkey; numbers from 22 up
mean different things to Redis and Valkey 9, so a row names the dialect that it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from aoftool.format.rdb.shapes import Program, compile_shape


class Dialect(Enum):
    """Who wrote the file, by its magic: ``REDIS`` and four digits, or ``VALKEY`` and three."""

    REDIS = b"REDIS"
    VALKEY = b"VALKEY"


HEADER_SIZE = 9
TRAILER_SIZE = 8
#: Newest version this package reads, by dialect.
NEWEST = {Dialect.REDIS: 13, Dialect.VALKEY: 80}
#: From this version on a CRC-64 follows the EOF opcode.
CRC_SINCE = 5


class Opcode(IntEnum):
    """Bytes that stand where a value type could stand."""

    KEY_META = 243  # Redis 13; Valkey 80 has SLOT_IMPORT under this number
    SLOT_INFO = 244
    FUNCTION2 = 245
    FUNCTION_PRE_GA = 246
    MODULE_AUX = 247
    IDLE = 248
    FREQ = 249
    AUX = 250
    RESIZEDB = 251
    EXPIRETIME_MS = 252
    EXPIRETIME = 253
    SELECTDB = 254
    EOF = 255


@dataclass(frozen=True, slots=True)
class ItemRow:
    """What follows an opcode or type byte.

    Attributes:
        name: the field's standard name of the item.
        program: its compiled shape; for a value type the key string stands before it.
        since: RDB version that introduced it.
        readable: False where only the writing program (a module, a release candidate) can read it.
    """

    name: str
    program: Program
    since: int = 1
    readable: bool = True


def _row(name: str, shape: str, since: int = 1, readable: bool = True) -> ItemRow:
    return ItemRow(name, compile_shape(shape), since, readable)


_REDIS_OPCODES = {
    Opcode.KEY_META: _row("key-meta", "[wM]", 13),
    Opcode.SLOT_INFO: _row("slot-info", "LLL", 12),
    Opcode.FUNCTION2: _row("function", "S", 10),
    Opcode.FUNCTION_PRE_GA: _row("function-pre-ga", "", 10, readable=False),
    Opcode.MODULE_AUX: _row("module-aux", "LLLM", 9),
    Opcode.IDLE: _row("idle", "L", 9),
    Opcode.FREQ: _row("freq", "B", 9),
    Opcode.AUX: _row("aux", "SS", 7),
    Opcode.RESIZEDB: _row("resizedb", "LL", 7),
    Opcode.EXPIRETIME_MS: _row("expiretime-ms", "q", 3),
    Opcode.EXPIRETIME: _row("expiretime", "i"),
    Opcode.SELECTDB: _row("selectdb", "L"),
    Opcode.EOF: _row("eof", ""),
}
OPCODES: dict[Dialect, dict[int, ItemRow]] = {
    Dialect.REDIS: {int(code): row for code, row in _REDIS_OPCODES.items()},
    Dialect.VALKEY: {int(code): row for code, row in _REDIS_OPCODES.items()}
    | {int(Opcode.KEY_META): _row("slot-import", "S[LL]", 80)},
}


class Type(IntEnum):
    """Value types by the number that stands in the file (Redis dialect from 22 up)."""

    STRING = 0
    LIST = 1
    SET = 2
    ZSET = 3
    HASH = 4
    ZSET_2 = 5
    MODULE_PRE_GA = 6
    MODULE_2 = 7
    HASH_ZIPMAP = 9
    LIST_ZIPLIST = 10
    SET_INTSET = 11
    ZSET_ZIPLIST = 12
    HASH_ZIPLIST = 13
    LIST_QUICKLIST = 14
    STREAM_LISTPACKS = 15
    HASH_LISTPACK = 16
    ZSET_LISTPACK = 17
    LIST_QUICKLIST_2 = 18
    STREAM_LISTPACKS_2 = 19
    SET_LISTPACK = 20
    STREAM_LISTPACKS_3 = 21
    HASH_METADATA_PRE_GA = 22
    HASH_LISTPACK_EX_PRE_GA = 23
    HASH_METADATA = 24
    HASH_LISTPACK_EX = 25


#: Valkey 80's own type under number 22: a hash whose fields carry an absolute expiry.
VALKEY_HASH_2 = 22

# Streams: entries, counters, then groups with their pending entries and consumers.
_STREAM_1 = "[SS] LLL [S LL [hqL] [S q [h]]]"
_STREAM_2 = "[SS] LLL LLLLL [S LL L [hqL] [S q [h]]]"
_STREAM_3 = "[SS] LLL LLLLL [S LL L [hqL] [S qq [h]]]"

_COMMON_TYPES = {
    Type.STRING: _row("string", "S"),
    Type.LIST: _row("list", "[S]"),
    Type.SET: _row("set", "[S]"),
    Type.ZSET: _row("zset", "[Sz]"),
    Type.HASH: _row("hash", "[SS]"),
    Type.ZSET_2: _row("zset-2", "[Sd]", 8),
    Type.MODULE_PRE_GA: _row("module", "", 8, readable=False),
    Type.MODULE_2: _row("module-2", "LM", 8),
    Type.HASH_ZIPMAP: _row("hash-zipmap", "S", 2),
    Type.LIST_ZIPLIST: _row("list-ziplist", "S", 2),
    Type.SET_INTSET: _row("set-intset", "S", 2),
    Type.ZSET_ZIPLIST: _row("zset-ziplist", "S", 2),
    Type.HASH_ZIPLIST: _row("hash-ziplist", "S", 4),
    Type.LIST_QUICKLIST: _row("list-quicklist", "[S]", 7),
    Type.STREAM_LISTPACKS: _row("stream-listpacks", _STREAM_1, 9),
    Type.HASH_LISTPACK: _row("hash-listpack", "S", 10),
    Type.ZSET_LISTPACK: _row("zset-listpack", "S", 10),
    Type.LIST_QUICKLIST_2: _row("list-quicklist-2", "[LS]", 10),
    Type.STREAM_LISTPACKS_2: _row("stream-listpacks-2", _STREAM_2, 10),
    Type.SET_LISTPACK: _row("set-listpack", "S", 11),
    Type.STREAM_LISTPACKS_3: _row("stream-listpacks-3", _STREAM_3, 11),
}
_REDIS_TYPES = {
    Type.HASH_METADATA_PRE_GA: _row("hash-metadata-pre-ga", "[LSS]", 12),
    Type.HASH_LISTPACK_EX_PRE_GA: _row("hash-listpack-ex-pre-ga", "S", 12),
    Type.HASH_METADATA: _row("hash-metadata", "q[LSS]", 12),
    Type.HASH_LISTPACK_EX: _row("hash-listpack-ex", "qS", 12),
}
TYPES: dict[Dialect, dict[int, ItemRow]] = {
    Dialect.REDIS: {int(code): row for code, row in (_COMMON_TYPES | _REDIS_TYPES).items()},
    Dialect.VALKEY: {int(code): row for code, row in _COMMON_TYPES.items()}
    | {VALKEY_HASH_2: _row("hash-2", "[SSq]", 80)},
}


#: The Redis type that a user sees, by the first part of a row's name.
def logical_type(row: ItemRow) -> str:
    """``hash-listpack-ex`` -> ``hash``: what TYPE would say (``module`` for modules)."""
    return row.name.partition("-")[0]
