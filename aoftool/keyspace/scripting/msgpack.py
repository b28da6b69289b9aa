"""Lua's ``cmsgpack``: MessagePack (``lua_cmsgpack.c``)."""

from __future__ import annotations

import struct
from typing import Any

from aoftool.keyspace.numbers import INT64_MAX, INT64_MIN
from aoftool.keyspace.scripting.library import (
    Arguments,
    Function,
    LibraryError,
    Values,
    integer,
    is_table,
    string,
    wrong_argument,
)

#: A table inside so many others is packed as nil.
_MAX_NESTING = 16
#: Levels for which Lua's stack has room when a text is unpacked, and what is said of one more
#: (``luaL_checkstack``): of an array, and of a map.
_STACK_DEPTH = 3999
_TOO_DEEP = (
    b"stack overflow (in function mp_decode_to_lua_array)",
    b"stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)",
)
#: Integers of fixed width by their first byte, as ``struct`` knows them.
_NUMBERS = {
    0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
    0xCA: ">f", 0xCB: ">d",
}  # fmt: skip
#: Strings, byte strings, arrays and maps whose length follows: bytes of the length.
_STRINGS = {0xD9: 1, 0xDA: 2, 0xDB: 4, 0xC4: 1, 0xC5: 2, 0xC6: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_SIMPLE = {0xC0: None, 0xC2: False, 0xC3: True}


def _packed_number(value: float) -> bytes:
    if value == value and abs(value) < 2.0**63 and value == int(value):
        return _packed_integer(int(value))
    try:
        short = struct.pack(">f", value)
    except OverflowError:
        return b"\xcb" + struct.pack(">d", value)
    if struct.unpack(">f", short)[0] == value:
        return b"\xca" + short
    return b"\xcb" + struct.pack(">d", value)


def _packed_integer(value: int) -> bytes:
    assert INT64_MIN <= value <= INT64_MAX
    if -32 <= value <= 127:
        return struct.pack("b", value)
    if value >= 0:
        kinds, size = b"\xcc\xcd\xce\xcf", value.bit_length()
    else:
        kinds, size = b"\xd0\xd1\xd2\xd3", (~value).bit_length() + 1
    at = (size > 8) + (size > 16) + (size > 32)
    return kinds[at : at + 1] + value.to_bytes(1 << at, "big", signed=value < 0)


def _head(count: int, small: int, limit: int, kinds: tuple[int, int]) -> bytes:
    if count <= limit:
        return bytes([small | count])
    if count <= 0xFFFF:
        return struct.pack(">BH", kinds[0], count)
    return struct.pack(">BI", kinds[1], count)


def _packed(value: Any, level: int) -> bytes:
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, bytes):
        if 31 < len(value) <= 0xFF:
            return b"\xd9%c%b" % (len(value), value)
        return _head(len(value), 0xA0, 31, (0xDA, 0xDB)) + value
    if isinstance(value, (int, float)):
        return _packed_number(value)
    if level == _MAX_NESTING or not is_table(value):
        return b"\xc0"
    rows = list(value.items())
    keys = [key for key, _ in rows]
    if all(type(key) is int and key > 0 for key in keys) and max(keys, default=0) == len(keys):
        held = dict(rows)
        parts = [_packed(held[at], level + 1) for at in range(1, len(rows) + 1)]
        return _head(len(rows), 0x90, 15, (0xDC, 0xDD)) + b"".join(parts)
    parts = [_packed(word, level + 1) for row in rows for word in row]
    return _head(len(rows), 0x80, 15, (0xDE, 0xDF)) + b"".join(parts)


def pack(args: Arguments) -> Arguments:
    """``cmsgpack.pack(value...)``: all the values, one after the other."""
    if not args:
        raise wrong_argument(0, "pack", b"MessagePack pack needs input.")
    return (b"".join(_packed(value, 0) for value in args),)


class _Open:
    """An array or map of which ``count`` values are still to come."""

    __slots__ = ("_key", "_size", "count", "is_map", "table")

    def __init__(self, table: Any, count: int, is_map: bool) -> None:
        self.table = table
        self.count = count
        self._size = 0
        self.is_map = is_map
        self._key: Any = None

    def take(self, value: Any) -> None:
        """Add the next value. Raises LibraryError for a key that a table cannot have."""
        self.count -= 1
        if not self.is_map:
            self._size += 1
            self.table[self._size] = value
        elif self.count & 1:
            if value is None or value != value:
                raise LibraryError(b"table index is %b" % (b"nil" if value is None else b"NaN"))
            self._key = value
        else:
            self.table[self._key] = value


class _Reader:
    def __init__(self, data: bytes, at: int, values: Values) -> None:
        self._data = data
        self.at = at
        self._values = values

    def _take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self._data):
            raise LibraryError(b"Missing bytes in input.")
        taken = self._data[self.at : end]
        self.at = end
        return taken

    def _length(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def value(self) -> Any:
        """The next value. Raises LibraryError for bytes that end early or mean nothing."""
        waiting: list[_Open] = []  # arrays and maps that are open
        while True:
            found = self._next()
            if isinstance(found, _Open):
                waiting.append(found)
                if len(waiting) > _STACK_DEPTH:
                    raise LibraryError(_TOO_DEEP[found.is_map])
                if found.count:
                    continue
                found = waiting.pop().table
            while waiting:
                last = waiting[-1]
                last.take(found)
                if last.count:
                    break
                found = waiting.pop().table
            else:
                return found

    def _next(self) -> Any:
        """A scalar, or an array or map to be filled with what follows."""
        kind = self._take(1)[0]
        if kind <= 0x7F:
            return kind
        if kind >= 0xE0:
            return kind - 0x100
        if kind <= 0x9F:
            return self._open(kind & 15, kind <= 0x8F)
        if kind <= 0xBF:
            return self._take(kind & 31)
        if kind in _NUMBERS:
            form = _NUMBERS[kind]
            return struct.unpack(form, self._take(struct.calcsize(form)))[0]
        if kind in _STRINGS:
            return self._take(self._length(_STRINGS[kind]))
        if kind in _ARRAYS:
            return self._open(self._length(_ARRAYS[kind]), False)
        if kind in _MAPS:
            return self._open(self._length(_MAPS[kind]), True)
        if kind in _SIMPLE:
            return _SIMPLE[kind]
        raise LibraryError(b"Bad data format in input.")

    def _open(self, count: int, is_map: bool) -> _Open:
        return _Open(self._values.new_table([]), 2 * count if is_map else count, is_map)


def _unpacked(values: Values, data: bytes, limit: int, offset: int) -> Arguments:
    if offset < 0 or limit < 0:
        raise LibraryError(
            b"Invalid request to unpack with offset of %d and limit of %d." % (offset, len(data))
        )
    if offset > len(data):
        raise LibraryError(b"Start offset %d greater than input length %d." % (offset, len(data)))
    reader = _Reader(data, offset, values)
    found: list[Any] = []
    everything = not limit and not offset
    while reader.at < len(data) and (everything or len(found) < limit):
        found.append(reader.value())
    if everything:
        return tuple(found)
    return (-1 if reader.at == len(data) else reader.at, *found)


def functions(values: Values) -> dict[str, Function]:
    """The library's functions by name."""

    def unpack(args: Arguments) -> Arguments:
        return _unpacked(values, string(args, 1, "unpack"), 0, 0)

    def unpack_one(args: Arguments) -> Arguments:
        offset = integer(args, 2, "unpack_one", 0)
        return _unpacked(values, string(args, 1, "unpack_one"), 1, offset)

    def unpack_limit(args: Arguments) -> Arguments:
        limit = integer(args, 2, "unpack_limit")
        offset = integer(args, 3, "unpack_limit", 0)
        return _unpacked(values, string(args, 1, "unpack_limit"), limit, offset)

    return {
        "pack": pack,
        "unpack": unpack,
        "unpack_one": unpack_one,
        "unpack_limit": unpack_limit,
    }
