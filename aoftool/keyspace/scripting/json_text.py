"""JSON into Lua values (``lua_cjson.c``'s parser, which takes more than JSON allows)."""

from __future__ import annotations

import re
from typing import Any

from aoftool.keyspace.scripting.library import LibraryError, Values

_SPACE = re.compile(rb"[ \t\n\r]*")
#: What C's strtod reads: decimals, hexadecimals, infinities, not-a-number.
_NUMBER = re.compile(
    rb"[+-]?(?:0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?\d+)?"
    rb"|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)",
    re.IGNORECASE,
)
#: Numbers that JSON does not allow, and that are read if the configuration says so.
_INVALID = re.compile(rb"\+|-?(?:0[x0-9]|inf|nan)", re.IGNORECASE)
_PLAIN = re.compile(rb'[^"\\\0]*')
_SIGNS = {
    b"{": "T_OBJ_BEGIN",
    b"}": "T_OBJ_END",
    b"[": "T_ARR_BEGIN",
    b"]": "T_ARR_END",
    b":": "T_COLON",
    b",": "T_COMMA",
    b"": "T_END",
    b"\0": "T_END",
}
_WORDS = ((b"true", "T_BOOLEAN", True), (b"false", "T_BOOLEAN", False), (b"null", "T_NULL", None))
_ESCAPES = {
    b'"': b'"', b"\\": b"\\", b"/": b"/", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r",
    b"t": b"\t",
}  # fmt: skip
_HEX4 = re.compile(rb"[0-9a-fA-F]{4}")


_OPENS = {"T_OBJ_BEGIN": True, "T_ARR_BEGIN": False}
_VALUES = frozenset({"T_STRING", "T_NUMBER", "T_BOOLEAN", "T_NULL"})
_WANTED = {True: b"comma or object end", False: b"comma or array end"}
#: Slots that Lua's stack has for the values around one, an array taking one and an object two,
#: whatever a script configures (``lua_checkstack``).
_SLOTS = 7997


class _Open:
    """An array or object that is not read to its end."""

    __slots__ = ("is_object", "items", "key", "pairs")

    def __init__(self, is_object: bool) -> None:
        self.is_object = is_object
        self.items: list[Any] = []
        self.pairs: dict[bytes, Any] = {}
        self.key = b""

    def take(self, value: Any) -> None:
        """Add the value that was read."""
        if self.is_object:
            self.pairs[self.key] = value
        else:
            self.items.append(value)


class Parser:
    """One text to parse. ``lenient``: numbers that JSON does not allow are read too."""

    def __init__(self, text: bytes, values: Values, max_depth: int, lenient: bool) -> None:
        self._text = text
        self._values = values
        self._max_depth = max_depth
        self._lenient = lenient
        self._at = self._start = self._used = 0
        self._kind = ""
        self._value: Any = None

    def parse(self) -> Any:
        """The value of the whole text. Raises LibraryError where it is none."""
        self._next()
        found = self._whole()
        self._next()
        if self._kind != "T_END":
            raise self._unexpected(b"the end")
        return found

    def _unexpected(self, expected: bytes) -> LibraryError:
        return self._error(expected, self._kind.encode(), self._start)

    @staticmethod
    def _error(expected: bytes, found: bytes, at: int) -> LibraryError:
        return LibraryError(b"Expected %b but found %b at character %d" % (expected, found, at + 1))

    def _fail(self, why: str) -> None:
        """A token that is none; the parser says so where it wanted another."""
        self._kind, self._start = why, self._at

    def _next(self) -> None:
        """Read the next token into ``_kind`` and ``_value``."""
        text = self._text
        found = _SPACE.match(text, self._at)
        self._at = self._start = found.end() if found else self._at
        first = text[self._at : self._at + 1]
        sign = _SIGNS.get(first)
        if sign is not None:
            self._kind = sign
            self._at += 1
        elif first == b'"':
            self._string()
        elif first == b"-" or first.isdigit():
            if not self._lenient and _INVALID.match(text, self._at):
                self._fail("invalid number")
            else:
                self._number()
        else:
            for word, kind, value in _WORDS:
                if text.startswith(word, self._at):
                    self._kind, self._value = kind, value
                    self._at += len(word)
                    return
            if self._lenient and _INVALID.match(text, self._at):
                self._number()
            else:
                self._fail("invalid token")

    def _number(self) -> None:
        found = _NUMBER.match(self._text, self._at)
        if found is None:
            self._fail("invalid number")
            return
        shown = found.group().decode().lower()
        self._value = float.fromhex(shown) if "x" in shown else float(shown)
        self._kind, self._at = "T_NUMBER", found.end()

    def _string(self) -> None:
        text, parts = self._text, []
        self._at += 1
        while True:
            plain = _PLAIN.match(text, self._at)
            assert plain is not None
            parts.append(plain.group())
            self._at = plain.end()
            first = text[self._at : self._at + 1]
            if first == b'"':
                break
            if first != b"\\":
                self._fail("unexpected end of string")
                return
            letter = text[self._at + 1 : self._at + 2]
            if letter == b"u":
                if not self._unicode(parts):
                    self._fail("invalid unicode escape code")
                    return
            elif letter in _ESCAPES:
                parts.append(_ESCAPES[letter])
                self._at += 2
            else:
                self._fail("invalid escape code")
                return
        self._at += 1
        self._kind, self._value = "T_STRING", b"".join(parts)

    def _unicode(self, parts: list[bytes]) -> bool:
        """Read ``\\uXXXX``, or two that make a surrogate pair."""
        point = self._hex4(self._at + 2)
        size = 6
        if 0xD800 <= point <= 0xDFFF:
            low = self._hex4(self._at + 8)
            joined = self._text[self._at + 6 : self._at + 8] == b"\\u"
            if point & 0x400 or not joined or low & ~0x3FF != 0xDC00:
                return False
            point = 0x10000 + ((point & 0x3FF) << 10 | low & 0x3FF)
            size = 12
        if point < 0:
            return False
        parts.append(chr(point).encode())
        self._at += size
        return True

    def _hex4(self, at: int) -> int:
        found = _HEX4.match(self._text, at)
        return int(found.group(), 16) if found else -1

    def _whole(self) -> Any:
        """The value that the current token begins, to its last token."""
        waiting: list[_Open] = []  # aggregates that are open
        while True:
            kind = self._kind
            if kind in _OPENS:
                self._descend(len(waiting) + 1)
                opened = _Open(_OPENS[kind])
                self._used += 1 + opened.is_object
                waiting.append(opened)
                self._next()
                if not self._ends(opened):
                    self._begin_item(opened)
                    continue
                value = self._close(waiting)
            elif kind in _VALUES:
                value = self._values.null if kind == "T_NULL" else self._value
            else:
                raise self._unexpected(b"value")
            while waiting:
                opened = waiting[-1]
                opened.take(value)
                self._next()
                if not self._ends(opened):
                    if self._kind != "T_COMMA":
                        raise self._unexpected(_WANTED[opened.is_object])
                    self._next()
                    self._begin_item(opened)
                    break
                value = self._close(waiting)
            else:
                return value

    def _ends(self, opened: _Open) -> bool:
        return self._kind == ("T_OBJ_END" if opened.is_object else "T_ARR_END")

    def _begin_item(self, opened: _Open) -> None:
        """Read up to the value of the next item: past an object's key and colon."""
        if not opened.is_object:
            return
        if self._kind != "T_STRING":
            raise self._unexpected(b"object key string")
        opened.key = self._value
        self._next()
        if self._kind != "T_COLON":
            raise self._unexpected(b"colon")
        self._next()

    def _close(self, waiting: list[_Open]) -> Any:
        opened = waiting.pop()
        self._used -= 1 + opened.is_object
        table = self._values.new_table([] if opened.is_object else opened.items)
        for key, value in opened.pairs.items():
            table[key] = value
        return table

    def _descend(self, depth: int) -> None:
        if depth > self._max_depth or self._used > _SLOTS:
            raise LibraryError(
                b"Found too many nested data structures (%d) at character %d" % (depth, self._at)
            )
