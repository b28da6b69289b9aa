"""Calls that end a function, in compiled Lua 5.1: which of them may forget who called.

``return f(...)`` is a tail call: Lua gives the caller's frame to ``f``. It cannot do so where ``f``
is a C function, as Redis's own are; here they are Lua functions, and an error in one of them would
not know its line any more. So tail calls are made plain calls, except where the function called is
known to be a Lua function of the script: endless tail recursion stays endless.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct

_MOVE, _GETUPVAL, _SELF, _CALL, _TAILCALL, _SETLIST, _CLOSURE = 0, 4, 11, 28, 29, 34, 36
#: Instructions that put a value into their register A: loads, reads, arithmetic, calls, closures.
_WRITES = frozenset({*range(7), 10, _SELF, *range(12, 22), 27, _CALL, _TAILCALL, _CLOSURE, 37})
_INT = Struct("<i")
_SIZE = Struct("<Q")
_HEADER = 12
#: Bytes of a constant by its type: nil, boolean, number.
_CONSTANTS = {0: 0, 1: 1, 3: 8}
_STRING = 4


@dataclass(slots=True)
class _Function:
    upvalues: int
    start: int
    code: list[int]
    inner: list[_Function] = field(default_factory=list)


class _Reader:
    """Walks through what ``string.dump`` gives (``ldump.c``), on a 64-bit little-endian machine."""

    def __init__(self, chunk: bytes) -> None:
        self._chunk = chunk
        self._at = _HEADER

    def function(self) -> _Function:
        self._string()
        upvalues = self._chunk[self._at + 8]
        self._at += 12
        count = self._int()
        start = self._at
        self._at += 4 * count
        words = memoryview(self._chunk)[start : self._at].cast("I")
        found = _Function(upvalues, start, list(words))
        self._constants()
        found.inner = [self.function() for _ in range(self._int())]
        lines = self._int()
        self._at += 4 * lines
        for _ in range(self._int()):
            self._string()
            self._at += 8
        for _ in range(self._int()):
            self._string()
        return found

    def _constants(self) -> None:
        for _ in range(self._int()):
            kind = self._chunk[self._at]
            self._at += 1
            if kind == _STRING:
                self._string()
            else:
                self._at += _CONSTANTS[kind]

    def _int(self) -> int:
        self._at += 4
        found: int = _INT.unpack_from(self._chunk, self._at - 4)[0]
        return found

    def _string(self) -> None:
        self._at += 8 + _SIZE.unpack_from(self._chunk, self._at)[0]


def keep_callers(chunk: bytes) -> bytes:
    """Compiled Lua (``string.dump``) whose tail calls of what may be no Lua function are plain."""
    changed = bytearray(chunk)
    waiting = [(_Reader(chunk).function(), [False])]
    while waiting:
        function, closures = waiting.pop()
        code = function.code
        for at in _instructions(function):
            word = code[at]
            operation = word & 63
            if operation == _TAILCALL and not _is_closure(code, at, word >> 6 & 255, closures):
                changed[function.start + 4 * at] = changed[function.start + 4 * at] & 0xC0 | _CALL
            elif operation == _CLOSURE:
                inner = function.inner[word >> 14]
                waiting.append((inner, _captured(code, at, inner.upvalues, closures)))
    return bytes(changed)


def _instructions(function: _Function) -> list[int]:
    """Where instructions stand; not the words behind some that only look like ones."""
    found, at, code = [], 0, function.code
    while at < len(code):
        found.append(at)
        word = code[at]
        if word & 63 == _CLOSURE:
            at += function.inner[word >> 14].upvalues
        elif word & 63 == _SETLIST and not word >> 14 & 511:
            at += 1
        at += 1
    return found


def _captured(code: list[int], at: int, count: int, closures: list[bool]) -> list[bool]:
    """Which upvalues of the closure made at this place are Lua functions for certain."""
    found = []
    for word in code[at + 1 : at + 1 + count]:
        source = word >> 23
        if word & 63 == _MOVE:
            found.append(_is_closure(code, at + 1, source, closures))
        else:
            found.append(source < len(closures) and closures[source])
    return found


def _is_closure(code: list[int], before: int, register: int, closures: list[bool]) -> bool:
    """Whether a register holds a closure: by the last instruction that wrote it."""
    for at in range(before - 1, -1, -1):
        word = code[at]
        operation = word & 63
        if operation not in _WRITES or word >> 6 & 255 != register:
            continue
        if operation == _MOVE:
            if word >> 23 == register:
                continue
            return _is_closure(code, at, word >> 23, closures)
        if operation == _GETUPVAL:
            source = word >> 23
            return source < len(closures) and closures[source]
        return operation == _CLOSURE
    return False
