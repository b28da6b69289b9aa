"""Lua's ``cjson``: JSON (``lua_cjson.c``), with its configuration."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aoftool.keyspace.scripting.json_text import Parser
from aoftool.keyspace.scripting.library import (
    Arguments,
    Function,
    LibraryError,
    Values,
    integer,
    is_table,
    string,
    type_name,
    wrong_argument,
)

_INT_MAX = 2**31 - 1
#: Slots that Lua's stack has for the tables around one, an array taking one and another table two,
#: whatever a script configures (``lua_checkstack``).
_SLOTS = 7996
_SIZES = {b"]": 1, b"}": 2}
_Item = tuple[bytes, Any]
_SPECIAL = re.compile(rb'[\x00-\x1f"\\/\x7f]')
_ESCAPES = {code: b"\\u%04x" % code for code in (*range(32), 127)} | {
    8: b"\\b", 9: b"\\t", 10: b"\\n", 12: b"\\f", 13: b"\\r", 34: b'\\"', 47: b"\\/", 92: b"\\\\",
}  # fmt: skip


@dataclass(slots=True)
class _Config:
    """What scripts have configured; it stays from one script to the next."""

    sparse_convert: bool = False
    sparse_ratio: int = 2
    sparse_safe: int = 10
    encode_depth: int = 1000
    decode_depth: int = 1000
    precision: int = 14
    keep_buffer: bool = True
    encode_invalid: bool | bytes = False
    decode_invalid: bool = True


def _cannot(value: object, why: bytes) -> LibraryError:
    return LibraryError(b"Cannot serialise %b: %b" % (type_name(value), why))


def _quoted(text: bytes) -> bytes:
    return b'"' + _SPECIAL.sub(lambda found: _ESCAPES[found.group()[0]], text) + b'"'


class _Encoder:
    def __init__(self, config: _Config) -> None:
        self._config = config
        self._form = b"%%.%dg" % config.precision

    def text(self, value: Any) -> bytes:
        """A value as JSON. Raises LibraryError."""
        parts: list[bytes] = []
        waiting = [iter([(b"", value)])]  # a level for each table that is open
        ends: list[bytes] = []
        used = 0
        while waiting:
            for lead, held in waiting[-1]:
                parts.append(lead)
                if not is_table(held):
                    parts.append(self._scalar(held))
                    continue
                items, first, last = self._table(held, len(waiting), used)
                used += _SIZES[last]
                parts.append(first)
                ends.append(last)
                waiting.append(items)
                break
            else:
                waiting.pop()
                if ends:
                    used -= _SIZES[ends[-1]]
                    parts.append(ends.pop())
        return b"".join(parts)

    def _scalar(self, value: Any) -> bytes:
        if isinstance(value, bytes):
            return _quoted(value)
        if value is None or type_name(value) == b"userdata":
            return b"null"
        if isinstance(value, bool):
            return b"true" if value else b"false"
        if isinstance(value, (int, float)):
            return self._number(value)
        raise _cannot(value, b"type not supported")

    def _number(self, value: float) -> bytes:
        if not math.isfinite(value) and self._config.encode_invalid is not True:
            if self._config.encode_invalid == b"null":
                return b"null"
            raise _cannot(value, b"must not be NaN or Inf")
        return self._form % value

    def _table(self, table: Any, depth: int, used: int) -> tuple[Iterator[_Item], bytes, bytes]:
        """A table's items, each with what stands before it; the table's first and last byte."""
        if depth > self._config.encode_depth or used > _SLOTS:
            raise LibraryError(b"Cannot serialise, excessive nesting (%d)" % depth)
        rows = list(table.items())
        count = self._array_length(table, rows)
        if count > 0:
            held = dict(rows)
            items = ((b"," if at > 1 else b"", held.get(at)) for at in range(1, count + 1))
            return items, b"[", b"]"
        pairs = (
            ((b"," if at else b"") + self._key(key), value) for at, (key, value) in enumerate(rows)
        )
        return pairs, b"{", b"}"

    def _key(self, key: Any) -> bytes:
        if isinstance(key, bytes):
            return _quoted(key) + b":"
        if isinstance(key, bool) or not isinstance(key, (int, float)):
            raise _cannot(key, b"table key must be a number or string")
        return b'"' + self._number(key) + b'":'

    def _array_length(self, table: Any, rows: list[tuple[Any, Any]]) -> int:
        """The highest index, or -1 for a table that is no array. Raises if it is too sparse."""
        if not all(type(key) is int and key >= 1 for key, _ in rows):
            return -1
        highest = max([key for key, _ in rows], default=0)
        config = self._config
        dense = highest <= len(rows) * config.sparse_ratio or highest <= config.sparse_safe
        if config.sparse_ratio <= 0 or dense:
            return highest
        if not config.sparse_convert:
            raise _cannot(table, b"excessively sparse array")
        return -1


def _setting(args: Arguments, at: int, name: str, low: int, high: int, now: int) -> int:
    """An integer option at its place among the arguments; ``now`` where it is left out."""
    if at > len(args) or args[at - 1] is None:
        return now
    value = integer(args, at, name)
    if not low <= value <= high:
        why = b"expected integer between %d and %d" % (low, high)
        raise wrong_argument(at, name, why)
    return value


def _choice(
    args: Arguments, name: str, now: bool | bytes, words: tuple[bytes, ...]
) -> bool | bytes:
    """An option that is true, false, ``on``, ``off`` or another word."""
    if not args or args[0] is None:
        return now
    if isinstance(args[0], bool):
        return args[0]
    word = string(args, 1, name)
    if word not in (b"off", b"on", *words):
        raise wrong_argument(1, name, b"invalid option '%b'" % word)
    return word if word in words else word == b"on"


def _at_most(args: Arguments, limit: int, name: str) -> None:
    if len(args) > limit:
        raise wrong_argument(limit + 1, name, b"found too many arguments")


def functions(values: Values) -> dict[str, Function]:
    """The library's functions by name, on a configuration of their own."""
    config = _Config()

    def encode(args: Arguments) -> Arguments:
        if len(args) != 1:
            raise wrong_argument(1, "encode", b"expected 1 argument")
        return (_Encoder(config).text(args[0]),)

    def decode(args: Arguments) -> Arguments:
        if len(args) != 1:
            raise wrong_argument(1, "decode", b"expected 1 argument")
        text = string(args, 1, "decode")
        if len(text) >= 2 and 0 in text[:2]:
            raise LibraryError(b"JSON parser does not support UTF-16 or UTF-32")
        return (Parser(text, values, config.decode_depth, config.decode_invalid).parse(),)

    def sparse(args: Arguments) -> Arguments:
        name = "encode_sparse_array"
        _at_most(args, 3, name)
        config.sparse_convert = bool(_choice(args[:1], name, config.sparse_convert, ()))
        config.sparse_ratio = _setting(args, 2, name, 0, _INT_MAX, config.sparse_ratio)
        config.sparse_safe = _setting(args, 3, name, 0, _INT_MAX, config.sparse_safe)
        return config.sparse_convert, config.sparse_ratio, config.sparse_safe

    def encode_depth(args: Arguments) -> Arguments:
        _at_most(args, 1, "encode_max_depth")
        now = config.encode_depth
        config.encode_depth = _setting(args, 1, "encode_max_depth", 1, _INT_MAX, now)
        return (config.encode_depth,)

    def decode_depth(args: Arguments) -> Arguments:
        _at_most(args, 1, "decode_max_depth")
        now = config.decode_depth
        config.decode_depth = _setting(args, 1, "decode_max_depth", 1, _INT_MAX, now)
        return (config.decode_depth,)

    def precision(args: Arguments) -> Arguments:
        name = "encode_number_precision"
        _at_most(args, 1, name)
        config.precision = _setting(args, 1, name, 1, 14, config.precision)
        return (config.precision,)

    def keep_buffer(args: Arguments) -> Arguments:
        name = "encode_keep_buffer"
        _at_most(args, 1, name)
        config.keep_buffer = bool(_choice(args, name, config.keep_buffer, ()))
        return (config.keep_buffer,)

    def encode_invalid(args: Arguments) -> Arguments:
        name = "encode_invalid_numbers"
        _at_most(args, 1, name)
        config.encode_invalid = _choice(args, name, config.encode_invalid, (b"null",))
        return (config.encode_invalid,)

    def decode_invalid(args: Arguments) -> Arguments:
        name = "decode_invalid_numbers"
        _at_most(args, 1, name)
        config.decode_invalid = bool(_choice(args, name, config.decode_invalid, ()))
        return (config.decode_invalid,)

    return {
        "encode": encode,
        "decode": decode,
        "encode_sparse_array": sparse,
        "encode_max_depth": encode_depth,
        "decode_max_depth": decode_depth,
        "encode_number_precision": precision,
        "encode_keep_buffer": keep_buffer,
        "encode_invalid_numbers": encode_invalid,
        "decode_invalid_numbers": decode_invalid,
    }
