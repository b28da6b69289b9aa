"""How a server holds a value (object.c, and the conversions of each type).

Compact encodings are left when a collection grows and never come back when it shrinks. What a value
holds now says what it would be if it had been built up as it is; ``outgrew`` on the value says what
it has been before, and is only written where something is taken out of it: adding costs nothing.
A hash that is given a shorter text for a long one counts as one from which the long one is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aoftool.format.rdb import EncodingLimits, ModuleValue
from aoftool.format.rdb.listpack import encode_listpack
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.numbers import parse_int
from aoftool.keyspace.packed import PackedList
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import HashValue, LongList, SetValue, ShortList, ZSetValue

_DEFAULTS = EncodingLimits()
#: Longest string that stands beside its own header (``OBJ_ENCODING_EMBSTR_SIZE_LIMIT``).
_EMBEDDED = 44
#: What a collection has outgrown: nothing, the form that holds integers only (of sets), or all
#: compact forms.
_NOTHING, _INTEGERS, _COMPACT = 0, 1, 2


def limits_of(ctx: Context) -> EncodingLimits:
    """The thresholds that are configured, or the servers' own."""
    return ctx.options.limits or _DEFAULTS


def encoding(value: Any, style: Style, limits: EncodingLimits = _DEFAULTS) -> bytes:
    """The encoding as OBJECT ENCODING names it.

    The names are those of 6.x or 7.4, whose lists and sets are packed when they are small. Lists
    are told by what they hold now only.
    """
    if isinstance(value, bytes):
        if parse_int(value) is not None:
            return b"int"
        return b"embstr" if len(value) <= _EMBEDDED else b"raw"
    if isinstance(value, bytearray):
        return b"raw"
    if isinstance(value, (ShortList, LongList, PackedList)):
        return _list_encoding(value, style, limits)
    if isinstance(value, SetValue):
        return _set_encoding(value, style, limits)
    packed = b"ziplist" if style is Style.REDIS_6 else b"listpack"
    if isinstance(value, HashValue):
        texts = [text for pair in value.items() for text in pair]
        small = len(value) <= limits.hash_entries and _longest(texts) <= limits.hash_value_bytes
        if value.outgrew or not small:
            return b"hashtable"
        return packed + b"ex" if value.expires else packed
    if isinstance(value, ZSetValue):
        longest = _longest(list(value.scores))
        small = len(value) <= limits.zset_entries and longest <= limits.zset_value_bytes
        return packed if small and not value.outgrew else b"skiplist"
    if isinstance(value, Stream):
        return b"stream"
    assert isinstance(value, ModuleValue)
    return b"raw"


def _longest(texts: Sequence[bytes]) -> int:
    return max(map(len, texts), default=0)


def _list_encoding(value: Any, style: Style, limits: EncodingLimits) -> bytes:
    if style is Style.REDIS_6 or sum(map(len, value)) > limits.list_node_bytes:
        return b"quicklist"
    small = len(encode_listpack(value)) <= limits.list_node_bytes
    return b"listpack" if small else b"quicklist"


def _set_encoding(value: SetValue, style: Style, limits: EncodingLimits) -> bytes:
    if value.outgrew == _COMPACT:
        return b"hashtable"
    fits = value.outgrew == _NOTHING and len(value) <= limits.intset_entries
    if fits and all(parse_int(member) is not None for member in value):
        return b"intset"
    if style is Style.REDIS_6 or len(value) > limits.set_entries:
        return b"hashtable"
    return b"listpack" if _longest(list(value)) <= limits.set_value_bytes else b"hashtable"


def take_out_of_set(ctx: Context, value: SetValue, gone: Sequence[bytes]) -> None:
    """Remember what a set was that has lost these members just now."""
    if value.outgrew == _COMPACT:
        return
    limits = ctx.options.limits or _DEFAULTS
    for member in gone:
        if parse_int(member) is None:
            long = len(member) > limits.set_value_bytes
            value.outgrew = max(value.outgrew, _COMPACT if long else _INTEGERS)
    size = len(value)
    before = size + len(gone)
    if size <= limits.set_entries < before or size <= limits.intset_entries < before:
        integers = not value.outgrew and all(parse_int(member) is not None for member in value)
        if before > (limits.intset_entries if integers else limits.set_entries):
            value.outgrew = _COMPACT


def take_out_of_zset(ctx: Context, value: ZSetValue, gone: Sequence[bytes]) -> None:
    """Remember what a sorted set was that has lost these members just now."""
    limits = ctx.options.limits or _DEFAULTS
    size, longest = len(value.scores), limits.zset_value_bytes
    if size <= limits.zset_entries < size + len(gone):
        value.outgrew = _COMPACT
    for member in gone:
        if len(member) > longest:
            value.outgrew = _COMPACT


def take_out_of_hash(ctx: Context, value: HashValue, names: Sequence[bytes]) -> None:
    """Remember what a hash is that loses these fields, or their texts, in a moment."""
    limits = ctx.options.limits or _DEFAULTS
    size, longest = len(value), limits.hash_value_bytes
    if size > limits.hash_entries >= size - len(names):
        value.outgrew = _COMPACT  # it was too large until now, whatever becomes of it
    for name in names:
        text = value.get(name)
        if text is not None and (len(text) > longest or len(name) > longest):
            value.outgrew = _COMPACT


def write_over(ctx: Context, value: HashValue, texts: Sequence[bytes]) -> None:
    """Remember what a hash was of whose texts some were written over."""
    if _longest(texts) > (ctx.options.limits or _DEFAULTS).hash_value_bytes:
        value.outgrew = _COMPACT
