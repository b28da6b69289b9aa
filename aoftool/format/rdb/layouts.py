"""How a value is laid out for each RDB version: the choices of the servers that wrote it.

Version 9 is written as Redis 5 and 6 do (ziplists), 10 as Redis 7.0 (listpacks), 11 as Redis 7.2
(small sets as listpacks), 12 as Redis 7.4 (expiring hash fields): ``rdbSaveObjectType`` and
``rdbSaveObject`` in rdb.c, and the borders of the t_*.c files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

from aoftool.errors import LossError
from aoftool.format.rdb.build import NODE_PACKED, NODE_PLAIN
from aoftool.format.rdb.intset import encode_intset
from aoftool.format.rdb.listpack import encode_listpack
from aoftool.format.rdb.opcodes import Type
from aoftool.format.rdb.primitives import canonical_int, format_double
from aoftool.format.rdb.stream import stream_fields
from aoftool.format.rdb.values import HashField, ModuleValue, ScoredMember, StreamValue
from aoftool.format.rdb.ziplist import encode_ziplist


@dataclass(frozen=True, slots=True)
class EncodingLimits:
    """Up to where the compact encodings are chosen: the servers' default configuration.

    Attributes:
        hash_entries, hash_value_bytes: ``hash-max-listpack-entries``, ``-value``.
        zset_entries, zset_value_bytes: ``zset-max-listpack-entries``, ``-value``.
        intset_entries: ``set-max-intset-entries``.
        set_entries, set_value_bytes: ``set-max-listpack-entries``, ``-value`` (from version 11).
        list_node_bytes: what ``list-max-listpack-size -2`` stands for; list_node_entries: what
            a number of elements stands for; 0: any number.
        stream_node_bytes, stream_node_entries: ``stream-node-max-bytes``, ``-entries``.
    """

    hash_entries: int = 512
    hash_value_bytes: int = 64
    zset_entries: int = 128
    zset_value_bytes: int = 64
    intset_entries: int = 512
    set_entries: int = 128
    set_value_bytes: int = 64
    list_node_bytes: int = 8192
    list_node_entries: int = 0
    stream_node_bytes: int = 4096
    stream_node_entries: int = 100


@dataclass(frozen=True, slots=True)
class Layout:
    """The types that a version has for what used to have another one.

    Attributes:
        version: the RDB version.
        pack: the encoder of its compact lists.
        packed_hash, packed_zset, packed_set: types of compact collections (None: it has none).
        quicklist: type of lists; plain_nodes: large elements stand outside of compact lists.
        stream: type of streams (None: it has none); stream_layout: which of the layouts of
            ``stream`` that is.
        field_expiry: whether fields of a hash can expire.
    """

    version: int
    pack: Callable[[Iterable[bytes]], bytes]
    packed_hash: Type
    packed_zset: Type
    packed_set: Type | None
    quicklist: Type
    plain_nodes: bool
    stream: Type | None
    stream_layout: int
    field_expiry: bool


_HASH_4, _ZSET_4, _LIST_4 = Type.HASH_ZIPLIST, Type.ZSET_ZIPLIST, Type.LIST_QUICKLIST
_STREAM_5, _STREAM_7 = Type.STREAM_LISTPACKS, Type.STREAM_LISTPACKS_2
_HASH_7, _ZSET_7, _SET_7 = Type.HASH_LISTPACK, Type.ZSET_LISTPACK, Type.SET_LISTPACK
_LIST_7, _STREAM_72 = Type.LIST_QUICKLIST_2, Type.STREAM_LISTPACKS_3
LAYOUTS = {
    layout.version: layout
    for layout in (
        Layout(8, encode_ziplist, _HASH_4, _ZSET_4, None, _LIST_4, False, None, 0, False),
        Layout(9, encode_ziplist, _HASH_4, _ZSET_4, None, _LIST_4, False, _STREAM_5, 1, False),
        Layout(10, encode_listpack, _HASH_7, _ZSET_7, None, _LIST_7, False, _STREAM_7, 2, False),
        Layout(11, encode_listpack, _HASH_7, _ZSET_7, _SET_7, _LIST_7, False, _STREAM_72, 3, False),
        Layout(12, encode_listpack, _HASH_7, _ZSET_7, _SET_7, _LIST_7, True, _STREAM_72, 3, True),
    )
}
#: First versions whose hash fields can expire, that have functions, streams, idle times and
#: frequencies of keys, and fields of modules beside the keys.
FIELD_EXPIRY_SINCE, FUNCTIONS_SINCE = 12, 10
STREAMS_SINCE = USE_SINCE = MODULE_AUX_SINCE = 9

#: A type and the raw fields of its shape, as ``write_shape`` takes them.
Laid = tuple[Type, list[Any]]
_Lay = Callable[[Any, Layout, EncodingLimits], Laid]


def lay_out(kind: str, value: Any, layout: Layout, limits: EncodingLimits) -> Laid:
    """The type number and raw fields of ``value``, as ``values`` describes it for ``kind``.

    Raises LossError for fields that expire where the version has none, ValueError for a score
    that is NaN and for an unknown kind.
    """
    lay = _LAYS.get(kind)
    if lay is None:
        raise ValueError(f"unknown kind of value {kind!r}")
    return lay(value, layout, limits)


def _string(value: bytes, _layout: Layout, _limits: EncodingLimits) -> Laid:
    return Type.STRING, [value]


def _list(items: list[bytes], layout: Layout, limits: EncodingLimits) -> Laid:
    nodes: list[Any] = []
    for large, part in _list_nodes(items, limits):
        if layout.quicklist == Type.LIST_QUICKLIST:
            nodes.append(layout.pack(part))
        elif large and layout.plain_nodes:
            nodes.append((NODE_PLAIN, part[0]))
        else:
            nodes.append((NODE_PACKED, layout.pack(part)))
    return layout.quicklist, [nodes]


#: Bytes of a compact list besides its entries (a ziplist's; a listpack has fewer), and of an
#: entry besides its text, as estimates from above.
_PACK_OVERHEAD = 11
_ENTRY_OVERHEADS = ((64, 2), (254, 4), (4096, 9), (1 << 62, 15))
_GREATEST = _ENTRY_OVERHEADS[-1][1]


def _list_nodes(items: list[bytes], limits: EncodingLimits) -> Iterator[tuple[bool, list[bytes]]]:
    """Cut into nodes within the limits; a larger element is a node of its own (True)."""
    limit, most = limits.list_node_bytes, limits.list_node_entries or len(items)
    # Most lists are small: one sum over all says that there is nothing to cut.
    if (
        0 < len(items) <= most
        and _PACK_OVERHEAD + sum(map(len, items)) + _GREATEST * len(items) <= limit
    ):
        yield False, items
        return
    part: list[bytes] = []
    total = _PACK_OVERHEAD
    for item in items:
        size = len(item)
        if size > limit:
            if part:
                yield False, part
            yield True, [item]
            part, total = [], _PACK_OVERHEAD
            continue
        size += next(extra for border, extra in _ENTRY_OVERHEADS if size < border)
        if part and (total + size > limit or len(part) == most):
            yield False, part
            part, total = [], _PACK_OVERHEAD
        part.append(item)
        total += size
    if part:
        yield False, part


def _set(members: list[bytes], layout: Layout, limits: EncodingLimits) -> Laid:
    if 0 < len(members) <= limits.intset_entries and all(
        canonical_int(member) is not None for member in members
    ):
        return Type.SET_INTSET, [encode_intset(members)]
    if layout.packed_set is not None and _small(
        members, 1, limits.set_entries, limits.set_value_bytes
    ):
        return layout.packed_set, [layout.pack(members)]
    return Type.SET, [members]


def _small(items: list[bytes], width: int, entries: int, value_bytes: int) -> bool:
    return 0 < len(items) <= entries * width and max(map(len, items)) <= value_bytes


#: Equal scores are told apart by the member.
_BY_SCORE = itemgetter(1, 0)


def _zset(pairs: list[ScoredMember], layout: Layout, limits: EncodingLimits) -> Laid:
    if any(score != score for _, score in pairs):
        raise ValueError("a score must not be NaN")
    ranked = sorted(pairs, key=_BY_SCORE)
    members = [member for member, _ in ranked]
    if _small(members, 1, limits.zset_entries, limits.zset_value_bytes):
        items = [part for member, score in ranked for part in (member, format_double(score))]
        return layout.packed_zset, [layout.pack(items)]
    # Greatest first: a loader that inserts at the front of its skip list has it easy.
    return Type.ZSET_2, [ranked[::-1]]


def _hash(fields: list[HashField], layout: Layout, limits: EncodingLimits) -> Laid:
    names, values, expiries = zip(*fields, strict=True) if fields else ((), (), ())
    expiring = expiries.count(None) < len(expiries)
    if expiring and not layout.field_expiry:
        raise LossError("hash fields that expire", layout.version, FIELD_EXPIRY_SINCE)
    items = list(chain.from_iterable(zip(names, values, strict=True)))
    small = _small(items, 2, limits.hash_entries, limits.hash_value_bytes)
    if expiring:
        return _expiring_hash(fields, layout, small)
    if small:
        return layout.packed_hash, [layout.pack(items)]
    return Type.HASH, [[(name, value) for name, value, _ in fields]]


def _expiring_hash(fields: list[HashField], layout: Layout, small: bool) -> Laid:
    least = min(expiry for _, _, expiry in fields if expiry is not None)
    if small:
        # The server relies on the order: soonest first, those without expiry last.
        ranked = sorted(fields, key=lambda field: (field[2] is None, field[2] or 0))
        items = [part for name, value, at in ranked for part in (name, value, b"%d" % (at or 0))]
        return Type.HASH_LISTPACK_EX, [least, layout.pack(items)]
    rows = [(0 if at is None else at - least + 1, name, value) for name, value, at in fields]
    return Type.HASH_METADATA, [least, rows]


def _stream(stream: StreamValue, layout: Layout, limits: EncodingLimits) -> Laid:
    if layout.stream is None:
        raise LossError("streams", layout.version, STREAMS_SINCE)
    fields = stream_fields(
        layout.stream_layout, stream, limits.stream_node_bytes, limits.stream_node_entries
    )
    return layout.stream, fields


def _module(value: ModuleValue, _layout: Layout, _limits: EncodingLimits) -> Laid:
    return Type.MODULE_2, [value.module_id, value.payload]


_LAYS: dict[str, _Lay] = {
    "string": _string,
    "list": _list,
    "set": _set,
    "zset": _zset,
    "hash": _hash,
    "stream": _stream,
    "module": _module,
}
