"""The span walker: where every item of an RDB file begins and ends, without building a value.

It runs the same programs as the decoder (``opcodes``, ``shapes``) over windows of a file and
remembers where it stands inside an item, so no item has to fit into a window. ``RdbWalker``
is the compiled twin of ``PureRdbWalker`` where it was built, else that class itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TYPE_CHECKING

from aoftool.format.rdb.opcodes import OPCODES, TYPES, Dialect, Opcode
from aoftool.format.rdb.shapes import (
    OP_END,
    OP_LEN,
    OP_LOOP,
    OP_MODULE,
    OP_RAW,
    OP_STR,
    OP_ZDOUBLE,
    Program,
    compile_shape,
)
from aoftool.format.resp.scan import Status
from aoftool.format.speed import pick

Buffer = bytes | bytearray | memoryview


class Wrong(IntEnum):
    """Why a byte was refused; the compiled walker returns the number."""

    ITEM = 1
    LENGTH = 2
    STRING = 3
    MODULE = 4


TEXT: dict[Wrong, str] = {
    Wrong.ITEM: "no opcode or value type has this number",
    Wrong.LENGTH: "expected a length",
    Wrong.STRING: "no string encoding has this number",
    Wrong.MODULE: "no module sub-opcode has this number",
}


class ItemKind(IntEnum):
    """How the walker treats the byte that an item begins with."""

    UNKNOWN = 0
    KEY = 1  #: a value type: a key string, then the value
    QUIET = 2  #: an opcode that only belongs to the key behind it
    NOTED = 3  #: an opcode at whose end ``scan`` stops with NOTE


#: Opcodes that come before a key; everything else is shown to the caller.
_QUIET = (Opcode.EXPIRETIME_MS, Opcode.EXPIRETIME, Opcode.IDLE, Opcode.FREQ)
_EXPIRES = (Opcode.EXPIRETIME_MS, Opcode.EXPIRETIME)

# A count that does not fit into 63 bits can only run past the end of any file; so does this one.
_LARGEST = (1 << 63) - 1

Plan = Mapping[int, tuple[ItemKind, Program]]


def plan_for(dialect: Dialect) -> Plan:
    """The walker's table for a dialect: by first byte, its kind and program."""
    key = compile_shape("S")[:-1]
    plan: dict[int, tuple[ItemKind, Program]] = {}
    for number, row in TYPES[dialect].items():
        if row.readable:
            shifted = tuple(
                op._replace(arg=op.arg + 1) if op.code in (OP_LOOP, OP_END) else op
                for op in row.program
            )
            plan[number] = ItemKind.KEY, key + shifted
    for number, row in OPCODES[dialect].items():
        if row.readable:
            plan[number] = ItemKind.QUIET if number in _QUIET else ItemKind.NOTED, row.program
    return plan


class PureRdbWalker:
    """State of one pass over the items of an RDB file, from behind its 9-byte header.

    Attributes (offsets count from the start of the file):
        pos: buffer position behind what the last ``scan`` used up.
        skip: after MORE, bytes from ``pos`` on that need not be looked at (see ``skipped``).
        keys, expires: complete keys so far, and how many of them carry an expiry.
        item: first byte of the item at hand; item_start: its offset.
        key_start: where the key at hand begins, its expiry and idle opcodes included.
        good_end: end of the last complete item.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._type_counts = [0] * 256
        self.keys = self.expires = 0
        self.bad_offset, self.bad_reason = -1, 0
        self.begin(0)

    def begin(self, offset: int) -> None:
        """Expect an item at file offset ``offset``."""
        self.pos = self.skip = 0
        self.item = -1
        self.item_start = self.key_start = self.good_end = offset
        self._program: Program = ()
        self._pc = 0
        self._loops: list[int] = []
        self._module_op = 0
        self._body_left = 0
        self._expiring = False
        self._prefixed = False

    @property
    def inside(self) -> bool:
        """Whether the walk stands inside a key or another item."""
        return bool(self._program) or self._prefixed

    def type_counts(self) -> dict[int, int]:
        """Keys by value type number."""
        return {number: n for number, n in enumerate(self._type_counts) if n}

    def skipped(self, count: int) -> None:
        """Tell that ``count`` of the ``skip`` bytes have been passed over."""
        self._body_left -= count
        self.skip = 0

    def scan(self, buf: Buffer, pos: int, end: int, base: int) -> int:
        """Go on at ``buf[pos]``, which is file offset ``base + pos``, up to ``end`` at most.

        Returns a Status; NOTE means that the item ``item`` from ``item_start`` to ``pos`` is whole.
        """
        self.skip = 0
        status: int | None = None
        while status is None:
            if self._body_left:
                step = min(self._body_left, end - pos)
                pos += step
                self._body_left -= step
                if self._body_left:
                    self.skip = self._body_left
                    status = Status.MORE
                    break
            if not self._program:
                status, pos = self._begin_item(buf, pos, end, base)
            elif self._pc == len(self._program) - 1:
                status = self._finish(base + pos)
            else:
                status, pos = self._step(buf, pos, end, base)
        self.pos = pos
        return status

    def _begin_item(self, buf: Buffer, pos: int, end: int, base: int) -> tuple[int | None, int]:
        self.item_start = base + pos
        if not self._prefixed:
            self.key_start = base + pos
        if pos == end:
            return Status.MORE, pos
        self.item = buf[pos]
        kind, program = self._plan.get(self.item, (ItemKind.UNKNOWN, ()))
        if kind == ItemKind.UNKNOWN:
            return self._bad(Wrong.ITEM, base + pos), pos
        self._program, self._pc = program, 0
        return None, pos + 1

    def _finish(self, end_offset: int) -> int | None:
        kind, _ = self._plan[self.item]
        self._program = ()
        if kind == ItemKind.QUIET:
            self._prefixed = True
            self._expiring = self._expiring or self.item in _EXPIRES
            return None
        self._prefixed = False
        self.good_end = end_offset
        if kind == ItemKind.NOTED:
            return Status.NOTE
        self.keys += 1
        self.expires += self._expiring
        self._expiring = False
        self._type_counts[self.item] += 1
        return None

    def _step(self, buf: Buffer, pos: int, end: int, base: int) -> tuple[int | None, int]:
        """Carry out one op; nothing is used up where the bytes for it are not all there."""
        op = self._program[self._pc]
        if op.code == OP_RAW:
            self._body_left = op.arg
            self._pc += 1
            return None, pos
        if op.code == OP_END:
            self._loops[-1] -= 1
            if self._loops[-1]:
                self._pc = op.arg
            else:
                self._loops.pop()
                self._pc += 1
            return None, pos
        if op.code == OP_STR:
            return self._string(buf, pos, end, base)
        if op.code == OP_ZDOUBLE:
            return self._ascii_double(buf, pos, end)
        if op.code == OP_MODULE:
            return self._module(buf, pos, end, base)
        number, after, status = self._length(buf, pos, end, base)
        if status is not None:
            return status, pos
        if op.code == OP_LEN or number:
            if op.code == OP_LOOP:
                self._loops.append(number)
            self._pc += 1
        else:
            self._pc = op.arg
        return None, after

    def _length(self, buf: Buffer, pos: int, end: int, base: int) -> tuple[int, int, int | None]:
        """(number, position behind it, None), or (0, pos, MORE or BAD)."""
        if pos == end:
            return 0, pos, Status.MORE
        first = buf[pos]
        size = 1
        if first & 0xC0 == 0x40:
            size = 2
        elif first == 0x80:
            size = 5
        elif first == 0x81:
            size = 9
        elif first & 0x80:
            return 0, pos, self._bad(Wrong.LENGTH, base + pos)
        if end - pos < size:
            return 0, pos, Status.MORE
        if size == 1:
            return first, pos + 1, None
        if size == 2:
            return (first & 0x3F) << 8 | buf[pos + 1], pos + 2, None
        number = int.from_bytes(buf[pos + 1 : pos + size], "big")
        return min(number, _LARGEST), pos + size, None

    def _string(self, buf: Buffer, pos: int, end: int, base: int) -> tuple[int | None, int]:
        if pos == end:
            return Status.MORE, pos
        first = buf[pos]
        if first & 0xC0 != 0xC0:
            length, after, status = self._length(buf, pos, end, base)
        elif first <= 0xC2:
            length, after, status = 1 << (first & 3), pos + 1, None
        elif first == 0xC3:
            length, after, status = self._length(buf, pos + 1, end, base)
            if status is None:
                _, after, status = self._length(buf, after, end, base)
        else:
            return self._bad(Wrong.STRING, base + pos), pos
        if status is not None:
            return status, pos
        self._passed(length)
        return None, after

    def _passed(self, length: int) -> None:
        """The field's header is read; its ``length`` bytes need not be looked at."""
        self._body_left = length
        if self._module_op:
            self._module_op = 0
        else:
            self._pc += 1

    def _ascii_double(self, buf: Buffer, pos: int, end: int) -> tuple[int | None, int]:
        if pos == end:
            return Status.MORE, pos
        self._passed(buf[pos] if buf[pos] < 253 else 0)
        return None, pos + 1

    def _module(self, buf: Buffer, pos: int, end: int, base: int) -> tuple[int | None, int]:
        if self._module_op == 5:
            return self._string(buf, pos, end, base)
        number, after, status = self._length(buf, pos, end, base)
        if status is not None:
            return status, pos
        if self._module_op:  # SINT and UINT: the number itself was the value
            self._module_op = 0
        elif number == 0:
            self._pc += 1
        elif number in (3, 4):
            self._body_left = 4 if number == 3 else 8
        elif number <= 5:
            self._module_op = number
        else:
            return self._bad(Wrong.MODULE, base + pos), pos
        return None, after

    def _bad(self, reason: int, offset: int) -> int:
        self.bad_reason, self.bad_offset = int(reason), offset
        return Status.BAD


if TYPE_CHECKING:
    RdbWalker = PureRdbWalker
else:
    RdbWalker = pick("RdbWalker", PureRdbWalker)
