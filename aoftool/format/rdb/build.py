"""From the raw fields that a shape yields to the value of a key: one function per type.

Each function takes the list of fields that ``read_shape`` gave for the type's shape, and raises
CorruptError with an offset inside the encoded blob that is wrong (the decoder knows where the
value stands in the file). What is refused is what ``rdbLoadObject`` in rdb.c refuses under
``sanitize-dump-payload yes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import repeat
from typing import Any

from aoftool.errors import CorruptError
from aoftool.format.rdb.intset import decode_intset
from aoftool.format.rdb.listpack import decode_listpack
from aoftool.format.rdb.opcodes import VALKEY_HASH_2, Dialect, Type
from aoftool.format.rdb.primitives import canonical_int, parse_double
from aoftool.format.rdb.stream import build_stream
from aoftool.format.rdb.values import HashField, ModuleValue, ScoredMember, Value
from aoftool.format.rdb.ziplist import decode_ziplist
from aoftool.format.rdb.zipmap import decode_zipmap

Build = Callable[[list[Any]], Value]
_Decode = Callable[[bytes], list[bytes]]

#: What a quicklist node of version 2 holds: one element as it is, or a listpack.
NODE_PLAIN, NODE_PACKED = 1, 2
_NO_EXPIRY_VALKEY = -1


def _string(fields: list[Any]) -> bytes:
    text: bytes = fields[0]
    return text


def _list(fields: list[Any]) -> list[bytes]:
    items: list[bytes] = fields[0]
    return items


def _set(fields: list[Any]) -> list[bytes]:
    return _distinct(fields[0], "set member")


def _distinct(items: list[bytes], what: str) -> list[bytes]:
    if len(set(items)) != len(items):
        raise CorruptError(f"{what} that is there twice", 0)
    return items


def _zset(fields: list[Any]) -> list[ScoredMember]:
    pairs: list[ScoredMember] = fields[0]
    _distinct([member for member, _ in pairs], "sorted set member")
    # Only NaN differs from itself.
    if any(score != score for _, score in pairs):
        raise CorruptError("sorted set with a score that is not a number", 0)
    return pairs


def _hash(fields: list[Any]) -> list[HashField]:
    names = [name for name, _ in fields[0]]
    values = [value for _, value in fields[0]]
    return _hash_of(names, values, repeat(None))


def _hash_of(
    names: list[bytes], values: list[bytes], expiries: Iterable[int | None]
) -> list[HashField]:
    return list(zip(_distinct(names, "hash field"), values, expiries, strict=False))


def _packed_list(decode: _Decode, fields: list[Any]) -> list[bytes]:
    return decode(fields[0])


def _packed_set(decode: _Decode, fields: list[Any]) -> list[bytes]:
    return _distinct(decode(fields[0]), "set member")


def _packed_zset(decode: _Decode, fields: list[Any]) -> list[ScoredMember]:
    items = _groups_of(2, decode(fields[0]), "sorted set")
    scores = [parse_double(text) for text in items[1::2]]
    if None in scores:
        raise CorruptError("sorted set with a score that is not a number", 0)
    return _zset([list(zip(items[::2], scores, strict=True))])


def _packed_hash(decode: _Decode, fields: list[Any]) -> list[HashField]:
    items = _groups_of(2, decode(fields[0]), "hash")
    return _hash_of(items[::2], items[1::2], repeat(None))


def _groups_of(size: int, items: list[bytes], what: str) -> list[bytes]:
    if len(items) % size:
        raise CorruptError(f"{what} whose items do not come in groups of {size}", 0)
    return items


def _quicklist(fields: list[Any]) -> list[bytes]:
    return [item for blob in fields[0] for item in decode_ziplist(blob)]


def _quicklist_2(fields: list[Any]) -> list[bytes]:
    items: list[bytes] = []
    for container, blob in fields[0]:
        if container == NODE_PACKED:
            items += decode_listpack(blob)
        elif container == NODE_PLAIN:
            items.append(blob)
        else:
            raise CorruptError(f"list node of unknown kind {container}", 0)
    return items


def _hash_metadata(fields: list[Any]) -> list[HashField]:
    least, rows = fields
    # An expiry is stored as its distance to the least one, plus 1 so that 0 can mean none.
    return _metadata_rows(rows, least - 1)


def _hash_metadata_pre_ga(fields: list[Any]) -> list[HashField]:
    return _metadata_rows(fields[0], 0)


def _metadata_rows(rows: list[tuple[int, bytes, bytes]], base: int) -> list[HashField]:
    return _hash_of(
        [name for _, name, _ in rows],
        [value for _, _, value in rows],
        [base + ttl if ttl else None for ttl, _, _ in rows],
    )


def _hash_listpack_ex(fields: list[Any]) -> list[HashField]:
    items = _groups_of(3, decode_listpack(fields[-1]), "hash")
    expiries = [canonical_int(text) for text in items[2::3]]
    if None in expiries:
        raise CorruptError("hash field with an expiry that is not a number", 0)
    return _hash_of(items[::3], items[1::3], [expiry or None for expiry in expiries])


def _valkey_hash_2(fields: list[Any]) -> list[HashField]:
    rows = fields[0]
    return _hash_of(
        [name for name, _, _ in rows],
        [value for _, value, _ in rows],
        [None if expiry == _NO_EXPIRY_VALKEY else expiry for _, _, expiry in rows],
    )


def _module(fields: list[Any]) -> ModuleValue:
    return ModuleValue(*fields)


_COMMON: dict[int, Build] = {
    Type.STRING: _string,
    Type.LIST: _list,
    Type.SET: _set,
    Type.ZSET: _zset,
    Type.HASH: _hash,
    Type.ZSET_2: _zset,
    Type.MODULE_2: _module,
    Type.HASH_ZIPMAP: partial(_packed_hash, decode_zipmap),
    Type.LIST_ZIPLIST: partial(_packed_list, decode_ziplist),
    Type.SET_INTSET: partial(_packed_list, decode_intset),
    Type.ZSET_ZIPLIST: partial(_packed_zset, decode_ziplist),
    Type.HASH_ZIPLIST: partial(_packed_hash, decode_ziplist),
    Type.LIST_QUICKLIST: _quicklist,
    Type.STREAM_LISTPACKS: partial(build_stream, 1),
    Type.HASH_LISTPACK: partial(_packed_hash, decode_listpack),
    Type.ZSET_LISTPACK: partial(_packed_zset, decode_listpack),
    Type.LIST_QUICKLIST_2: _quicklist_2,
    Type.STREAM_LISTPACKS_2: partial(build_stream, 2),
    Type.SET_LISTPACK: partial(_packed_set, decode_listpack),
    Type.STREAM_LISTPACKS_3: partial(build_stream, 3),
}
#: The function for each type number that ``opcodes.TYPES`` calls readable.
BUILDERS: dict[Dialect, dict[int, Build]] = {
    Dialect.REDIS: _COMMON
    | {
        Type.HASH_METADATA_PRE_GA: _hash_metadata_pre_ga,
        Type.HASH_LISTPACK_EX_PRE_GA: _hash_listpack_ex,
        Type.HASH_METADATA: _hash_metadata,
        Type.HASH_LISTPACK_EX: _hash_listpack_ex,
    },
    Dialect.VALKEY: _COMMON | {VALKEY_HASH_2: _valkey_hash_2},
}
