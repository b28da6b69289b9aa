"""How a server holds a value (object.c, and the conversions of each type).

Compact encodings are left when a collection grows and never come back when it shrinks. What a value
holds now says what it would be if it had been built up as it is; ``outgrew`` on the value says what
it has been before, and is only written where something is taken out of it: adding costs nothing.
A hash that is given a shorter text for a long one counts as one from which the long one is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aoftool.format.rdb import EncodingLimits, ModuleValue
from aoftool.format.rdb.listpack import encode_listpack
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.numbers import parse_int
from aoftool.keyspace.packed import PackedList
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import HashValue, LongList, SetValue, ShortList, ZSetValue

_DEFAULTS = EncodingLimits()
#: The forms that are not compact.
_LARGE = (b"hashtable", b"skiplist")
_Collection = HashValue | SetValue | ZSetValue
#: Longest string that stands beside its own header (``OBJ_ENCODING_EMBSTR_SIZE_LIMIT``).
_EMBEDDED = 44
#: What a collection has outgrown: nothing, the form that holds integers only (of sets), or all
#: compact forms.
_NOTHING, _INTEGERS, _COMPACT = 0, 1, 2
#: Below _NOTHING: it is compact still although the limits have been lowered, because a server looks
#: at them only when something is added. ``_KEPT - outgrew`` is up to how many elements that holds,
#: and above these bits with up to how many texts that are longer than the limit.
_KEPT, _COUNT_BITS = -1, 40


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
        if _is_kept(value, texts, limits.hash_value_bytes):
            return packed
        small = len(value) <= limits.hash_entries and _longest(texts) <= limits.hash_value_bytes
        if value.outgrew or not small:
            return b"hashtable"
        return packed + b"ex" if value.expires else packed
    if isinstance(value, ZSetValue):
        if _is_kept(value, value.scores, limits.zset_value_bytes):
            return packed
        longest = _longest(list(value.scores))
        small = len(value) <= limits.zset_entries and longest <= limits.zset_value_bytes
        return packed if small and not value.outgrew else b"skiplist"
    if isinstance(value, Stream):
        return b"stream"
    assert isinstance(value, ModuleValue)
    return b"raw"


def _is_kept(value: _Collection, texts: Iterable[bytes], limit: int) -> bool:
    """Whether it is compact because it was when the limits were lowered."""
    if value.outgrew > _KEPT:
        return False
    longs, count = divmod(_KEPT - value.outgrew, 1 << _COUNT_BITS)
    return len(value) <= count and _longer(texts, limit) <= longs


def _longer(texts: Iterable[bytes], limit: int) -> int:
    return sum(len(text) > limit for text in texts)


def _longest(texts: Sequence[bytes]) -> int:
    return max(map(len, texts), default=0)


def _list_encoding(value: Any, style: Style, limits: EncodingLimits) -> bytes:
    if style is Style.REDIS_6 or 0 < limits.list_node_entries < len(value):
        return b"quicklist"
    if sum(map(len, value)) > limits.list_node_bytes:
        return b"quicklist"
    small = len(encode_listpack(value)) <= limits.list_node_bytes
    return b"listpack" if small else b"quicklist"


def _set_encoding(value: SetValue, style: Style, limits: EncodingLimits) -> bytes:
    if _is_kept(value, value, limits.set_value_bytes):
        integers = all(parse_int(member) is not None for member in value)
        return b"intset" if integers else b"listpack"
    if value.outgrew == _COMPACT or value.outgrew <= _KEPT:
        return b"hashtable"
    fits = value.outgrew == _NOTHING and len(value) <= limits.intset_entries
    if fits and all(parse_int(member) is not None for member in value):
        return b"intset"
    if style is Style.REDIS_6 or len(value) > limits.set_entries:
        return b"hashtable"
    return b"listpack" if _longest(list(value)) <= limits.set_value_bytes else b"hashtable"


def keep_forms(
    values: Iterable[Any], style: Style, before: EncodingLimits, after: EncodingLimits
) -> None:
    """Have values be held as they are when the limits are changed: only commands change a form."""
    for value in values:
        if not isinstance(value, (HashValue, SetValue, ZSetValue)) or value.outgrew == _COMPACT:
            continue
        name = encoding(value, style, before)
        if name in _LARGE:
            value.outgrew = _COMPACT
            continue
        value.outgrew = _NOTHING
        if isinstance(value, SetValue) and name == b"listpack":
            value.outgrew = _INTEGERS
        if encoding(value, style, after) != name:
            _keep(value, name, after)


def _keep(value: _Collection, name: bytes, limits: EncodingLimits) -> None:
    """Have a value stay in a compact form that it could not get any more."""
    if isinstance(value, HashValue):
        texts = [text for pair in value.items() for text in pair]
        most, longest = limits.hash_entries, limits.hash_value_bytes
    elif isinstance(value, ZSetValue):
        texts, most, longest = list(value.scores), limits.zset_entries, limits.zset_value_bytes
    else:
        texts, longest = list(value), limits.set_value_bytes
        most = limits.intset_entries if name == b"intset" else limits.set_entries
    value.outgrew = _KEPT - max(len(value), most) - (_longer(texts, longest) << _COUNT_BITS)


def _was_kept(value: _Collection, size: int) -> bool:
    """Whether it was compact, or has grown out of that, since the limits were lowered.

    ``size``: how many elements it had before some were taken out.
    """
    if value.outgrew > _KEPT:
        return False
    if size > (_KEPT - value.outgrew) % (1 << _COUNT_BITS):
        value.outgrew = _COMPACT
    return True


def take_out_of_set(ctx: Context, value: SetValue, gone: Sequence[bytes]) -> None:
    """Remember what a set was that has lost these members just now."""
    if value.outgrew == _COMPACT or _was_kept(value, len(value) + len(gone)):
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
    if _was_kept(value, len(value) + len(gone)):
        return
    limits = ctx.options.limits or _DEFAULTS
    size, longest = len(value.scores), limits.zset_value_bytes
    if size <= limits.zset_entries < size + len(gone):
        value.outgrew = _COMPACT
    for member in gone:
        if len(member) > longest:
            value.outgrew = _COMPACT


def take_out_of_hash(ctx: Context, value: HashValue, names: Sequence[bytes]) -> None:
    """Remember what a hash is that loses these fields, or their texts, in a moment."""
    if _was_kept(value, len(value)):
        return
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
