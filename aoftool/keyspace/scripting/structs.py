"""Lua's ``struct``: binary records (``lua_struct.c``), on a 64-bit little-endian machine."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from aoftool.keyspace.scripting.library import (
    Arguments,
    Function,
    LibraryError,
    integer,
    number,
    string,
    wrong_argument,
)

_SIZES = {"b": 1, "B": 1, "h": 2, "H": 2, "l": 8, "L": 8, "T": 8, "f": 4, "d": 8, "x": 1}
_INTEGERS = "bBhHlLTiI"
_MAX_INTEGER = 32
_MAX_ALIGN = 8
_INT_MAX = 2**31 - 1
_WORD = (1 << 64) - 1


class _Format:
    """A format string, read letter by letter: byte order and alignment as they stand."""

    def __init__(self, text: bytes, name: str) -> None:
        self._text = text.split(b"\0", 1)[0].decode("latin-1")
        self._name = name
        self._at = 0
        self._align = 1
        self.big = False

    def letters(self) -> Iterator[tuple[str, int]]:
        """Each letter and its size in bytes."""
        while self._at < len(self._text):
            letter = self._text[self._at]
            self._at += 1
            yield letter, self._size(letter)

    def padding(self, position: int, letter: str, size: int) -> int:
        """Bytes to skip, that an item of this size stands aligned."""
        if size == 0 or letter == "c":
            return 0
        size = min(size, self._align)
        return (size - (position & (size - 1))) & (size - 1)

    def control(self, letter: str) -> None:
        """Obey a letter that stands for no item. Raises LibraryError for one unknown."""
        if letter in "<>":
            self.big = letter == ">"
        elif letter == "!":
            align = self._number(_MAX_ALIGN)
            if align <= 0 or align & (align - 1):
                raise LibraryError(b"alignment %d is not a power of 2" % align)
            self._align = align
        elif letter != " ":
            shown = letter.encode("latin-1")
            raise wrong_argument(1, self._name, b"invalid format option '%b'" % shown)

    def _size(self, letter: str) -> int:
        if letter == "c":
            return self._number(1)
        if letter in "iI":
            size = self._number(4)
            if size > _MAX_INTEGER:
                raise LibraryError(
                    b"integral size %d is larger than limit of %d" % (size, _MAX_INTEGER)
                )
            return size
        return _SIZES.get(letter, 0)

    def _number(self, default: int) -> int:
        start = self._at
        while self._text[self._at : self._at + 1] in list("0123456789"):
            self._at += 1
        if start == self._at:
            return default
        found = int(self._text[start : self._at][:12])
        if found > _INT_MAX:
            raise LibraryError(b"integral size overflow")
        return found


def _put_integer(value: float, size: int, big: bool) -> bytes:
    """A number cut to so many bytes, as the C cast and shifts do."""
    whole = int(value) if abs(value) < 2.0**64 else (1 << 63 if value < 0 else 0)
    if value < -(2.0**63):
        whole = 1 << 63
    word = (whole & _WORD) & ((1 << 8 * size) - 1)
    return word.to_bytes(size, "big" if big else "little")


def _get_integer(data: bytes, big: bool, signed: bool) -> float:
    value = int.from_bytes(data, "big" if big else "little") & _WORD
    if not signed:
        return value
    mask = (_WORD << ((len(data) * 8 - 1) & 63)) & _WORD
    if value & mask:
        value |= mask
    return value - (1 << 64) if value >> 63 else value


def pack(args: Arguments) -> Arguments:
    """``struct.pack(format, value...)``: the bytes."""
    form = _Format(string(args, 1, "pack"), "pack")
    packed = bytearray()
    if len(args) == 1:
        args = (*args, None)  # as C pushes a nil behind the arguments
    at, position = 2, 0
    for letter, size in form.letters():
        skipped = form.padding(position, letter, size)
        packed += bytes(skipped)
        position += skipped
        if letter in _INTEGERS:
            packed += _put_integer(number(args, at, "pack"), size, form.big)
            at += 1
        elif letter == "x":
            packed += b"\0"
        elif letter in "fd":
            packed += _put_float(number(args, at, "pack"), letter, form.big)
            at += 1
        elif letter in "cs":
            text = string(args, at, "pack")
            at += 1
            size = size or len(text)
            if len(text) < size:
                raise wrong_argument(at, "pack", b"string too short")
            packed += text[:size]
            if letter == "s":
                packed += b"\0"
                size += 1
        else:
            form.control(letter)
        position += size
    return (bytes(packed),)


def _put_float(value: float, letter: str, big: bool) -> bytes:
    order = ">" if big else "<"
    try:
        return struct.pack(order + letter, value)
    except OverflowError:
        return struct.pack(order + letter, float("inf") if value > 0 else float("-inf"))


def unpack(args: Arguments) -> Arguments:
    """``struct.unpack(format, data, position=1)``: the values, and where the next begins."""
    form = _Format(string(args, 1, "unpack"), "unpack")
    data = string(args, 2, "unpack")
    position = integer(args, 3, "unpack", 1) - 1
    if position < 0:
        raise wrong_argument(3, "unpack", b"offset must be 1 or greater")
    found: list[bytes | float] = []

    def need(size: int) -> None:
        if position + size > len(data):
            raise wrong_argument(2, "unpack", b"data string too short")

    for letter, size in form.letters():
        position += form.padding(position, letter, size)
        need(size)
        part = data[position : position + size]
        if letter in _INTEGERS:
            found.append(_get_integer(part, form.big, letter.islower()))
        elif letter in "fd":
            found.append(struct.unpack((">" if form.big else "<") + letter, part)[0])
        elif letter == "c":
            if size == 0:
                size = _previous_size(found)
                need(size)
            found.append(data[position : position + size])
        elif letter == "s":
            end = data.find(b"\0", position)
            if end < 0:
                raise LibraryError(b"unfinished string in data")
            found.append(data[position:end])
            size = end - position + 1
        elif letter != "x":
            form.control(letter)
        position += size
    return (*found, position + 1)


def _previous_size(found: list[bytes | float]) -> int:
    """The size of a ``c0``: the number before it, which is taken away."""
    try:
        size = int(float(found.pop()))
    except (IndexError, ValueError, OverflowError):
        raise LibraryError(b"format 'c0' needs a previous size") from None
    return size if size >= 0 else _WORD


def size_of(args: Arguments) -> Arguments:
    """``struct.size(format)``: how many bytes the format takes."""
    form = _Format(string(args, 1, "size"), "size")
    position = 0
    for letter, size in form.letters():
        position += form.padding(position, letter, size)
        if letter == "s":
            raise wrong_argument(1, "size", b"option 's' has no fixed size")
        if letter == "c" and size == 0:
            raise wrong_argument(1, "size", b"option 'c0' has no fixed size")
        if not letter.isalnum():
            form.control(letter)
        position += size
    return (position,)


#: The library's functions by name.
FUNCTIONS: dict[str, Function] = {"pack": pack, "unpack": unpack, "size": size_of}
