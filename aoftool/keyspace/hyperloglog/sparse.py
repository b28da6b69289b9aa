"""Sparse registers: runs of equal ones.

    00llllll            ZERO    l + 1 registers of 0, 1 to 64
    01llllll llllllll   XZERO   l + 1 registers of 0, 1 to 16384
    1vvvvvll            VAL     l + 1 registers of v + 1: 1 to 4 of them, values 1 to 32

The same registers have many forms; which one there is depends on the order of the additions. The
edits here are those of ``hllSparseSet``, so that the bytes agree.
"""

from __future__ import annotations

import re
from collections import Counter

from aoftool.format.speed import pick
from aoftool.keyspace.hyperloglog.errors import CorruptHllError
from aoftool.keyspace.hyperloglog.estimate import REGISTERS, VALUES

MAX_VALUE = 32

_XZERO, _VAL = 0x40, 0x80
_MAX_ZERO, _MAX_RUN = 64, 4
#: Runs that are looked at, from the one before the edited one on, to join equal neighbours.
_JOIN_WINDOW = 5

_OPCODES = re.compile(rb"[\x40-\x7f].?|[^\x40-\x7f]", re.DOTALL)
# By first byte: registers covered (an XZERO says it with its second byte: 0 here) and their value.
_SPAN = bytes(
    (byte & 3) + 1 if byte & _VAL else 0 if byte & _XZERO else byte + 1 for byte in range(256)
)
_VALUE = bytes((byte >> 2 & 31) + 1 if byte & _VAL else 0 for byte in range(256))


def _xzero(span: int) -> bytes:
    return bytes((_XZERO | span - 1 >> 8, span - 1 & 0xFF))


EMPTY = _xzero(REGISTERS)


def _zeros(span: int) -> bytes:
    if span > _MAX_ZERO:
        return _xzero(span)
    return bytes((span - 1,)) if span else b""


def _run(value: int, span: int) -> bytes:
    return bytes((_VAL | value - 1 << 2 | span - 1,)) if span else b""


def unpacked(body: bytes) -> bytes:
    """The registers, a byte each. Raises CorruptHllError where they are not 16384."""
    spans = [(_VALUE[code[0]], _span_of(code)) for code in _OPCODES.findall(body)]
    if sum(span for _, span in spans) != REGISTERS:
        raise CorruptHllError
    return b"".join(bytes((value,)) * span for value, span in spans)


def histogram(body: bytes) -> list[int]:
    """How many registers have each value. Raises CorruptHllError where they are not 16384."""
    found = [0] * VALUES
    for code, times in Counter(_OPCODES.findall(body)).items():
        found[_VALUE[code[0]]] += _span_of(code) * times
    if sum(found) != REGISTERS:
        raise CorruptHllError
    return found


def described(body: bytes) -> bytes:
    """The runs as text, such as ``Z:8436 v:1,1`` (PFDEBUG DECODE)."""
    words = []
    for code in _OPCODES.findall(body):
        first, span = code[0], _span_of(code)
        if first & _VAL:
            words.append(b"v:%d,%d" % (_VALUE[first], span))
        else:
            words.append(b"%b:%d" % (b"Z" if first & _XZERO else b"z", span))
    return b" ".join(words)


def put(buffer: bytearray, start: int, index: int, value: int, max_size: int) -> bool | None:
    """Raise register ``index`` of the runs that begin at ``start`` (``hllSparseSet``).

    ``max_size``: bytes that the whole buffer may have. Returns whether it changed; None, nothing
    changed, where the result must be dense. Raises CorruptHllError.
    """
    if value > MAX_VALUE:
        return None
    return _Cursor(buffer, start, max_size).put(index, value)


def raised(body: bytes, values: bytes, max_size: int) -> bytes | None:
    """The runs with each register raised to that of ``values``, in order; None: must be dense.

    ``max_size``: bytes that the runs may have. The last step of ``pfmergeCommand``.
    """
    if max(values) > MAX_VALUE:
        return None
    buffer = bytearray(body)
    cursor = _Cursor(buffer, 0, max_size)
    for index in [found.start() for found in re.finditer(rb"[^\0]", values)]:
        if cursor.put(index, values[index]) is None:
            return None
    return bytes(buffer)


def _span_of(code: bytes) -> int:
    """The registers an opcode covers; a cut XZERO reads the NUL that ends Redis's strings."""
    if _SPAN[code[0]]:
        return _SPAN[code[0]]
    return ((code[0] & 0x3F) << 8 | (code[1] if len(code) > 1 else 0)) + 1


def pure_find(
    buffer: bytearray, pos: int, first: int, index: int
) -> tuple[int, int, int, int, int, int] | None:
    """Find the run with register ``index`` from the one at ``pos`` on, which begins at ``first``.

    Returns its position, its first register and how many it covers; the position of the run before
    it; position and first register of the one before that. None where the runs end too early.
    The hottest loop of sparse additions: one pass over bytes, without a call.
    """
    size = len(buffer)
    before = previous = (pos, first)
    while pos < size:
        code = buffer[pos]
        span = _SPAN[code]
        width = 1
        if not span:
            low = buffer[pos + 1] if pos + 1 < size else 0
            span, width = ((code & 0x3F) << 8 | low) + 1, 2
        if index < first + span:
            return pos, first, span, previous[0], *before
        before, previous = previous, (pos, first)
        pos += width
        first += span
    return None


find = pick("find", pure_find)


class _Cursor:
    """A place in the runs, so that registers in rising order are found without starting anew."""

    def __init__(self, buffer: bytearray, start: int, max_size: int) -> None:
        self._buffer = buffer
        self._max_size = max_size
        # The run before the last edited one, and the register it begins with: edits leave it be.
        self._resume = (start, 0)

    def put(self, index: int, value: int) -> bool | None:
        """As the function ``put``; ``index`` not below that of the call before."""
        pos, previous, first, span = self._find(index)
        code = self._buffer[pos]
        if code & _VAL:
            old = _VALUE[code]
            if old >= value:
                return False
            pieces = _run(old, index - first), _run(value, 1), _run(old, first + span - index - 1)
        else:
            pieces = _zeros(index - first), _run(value, 1), _zeros(first + span - index - 1)
        return self._replace(pos, previous, b"".join(pieces))

    def _find(self, index: int) -> tuple[int, int, int, int]:
        """Position of the run with register ``index``, of the run before, first register, span."""
        found = find(self._buffer, *self._resume, index)
        if found is None:
            raise CorruptHllError
        pos, first, span, previous, *before = found
        self._resume = before[0], before[1]
        return pos, previous, first, span

    def _replace(self, pos: int, previous: int, pieces: bytes) -> bool | None:
        """Put ``pieces`` in the place of the run at ``pos``, then join neighbours."""
        buffer = self._buffer
        width = 1 if _SPAN[buffer[pos]] else 2
        size = len(buffer) + len(pieces) - width
        if len(pieces) > width and size > self._max_size:
            return None
        buffer[pos : pos + width] = pieces
        del buffer[size:]
        self._join(previous)
        return True

    def _join(self, pos: int) -> None:
        """From the run at ``pos`` on, make one run of equal ones side by side."""
        buffer = self._buffer
        for _ in range(_JOIN_WINDOW):
            if pos >= len(buffer):
                return
            code = buffer[pos]
            if not code & _VAL:
                pos += 1 if _SPAN[code] else 2
                continue
            after = buffer[pos + 1] if pos + 1 < len(buffer) else 0
            span = _SPAN[code] + _SPAN[after]
            if after & _VAL and _VALUE[after] == _VALUE[code] and span <= _MAX_RUN:
                buffer[pos : pos + 2] = _run(_VALUE[code], span)
            else:
                pos += 1
