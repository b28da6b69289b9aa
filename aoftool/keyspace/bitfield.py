"""Integers of any width in a string: BITFIELD, with its three answers to an overflow (bitops.c)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from aoftool.keyspace.bitops import grow
from aoftool.keyspace.numbers import INT64_MAX, INT64_MIN, parse_int

#: Bytes a string may have (the default of proto-max-bulk-len), which bounds an offset.
MAX_STRING = 512 << 20

_UINT64 = 1 << 64


class Overflow(Enum):
    """What a SET or INCRBY does with a value that the field can't hold."""

    WRAP = b"WRAP"
    SAT = b"SAT"
    FAIL = b"FAIL"


class Action(Enum):
    """The three things a BITFIELD can do."""

    GET = b"GET"
    SET = b"SET"
    INCRBY = b"INCRBY"


@dataclass(frozen=True, slots=True)
class FieldType:
    """An integer's sign and width: signed 1 to 64 bits, unsigned 1 to 63."""

    signed: bool
    bits: int


@dataclass(frozen=True, slots=True)
class FieldOp:
    """One step of a BITFIELD; ``offset`` in bits, ``value`` a 64-bit signed integer."""

    action: Action
    type: FieldType
    offset: int
    value: int = 0
    overflow: Overflow = Overflow.WRAP


def parse_type(text: bytes) -> FieldType | None:
    """``i8``, ``u63``…: the type, or None (``getBitfieldTypeFromArgument``)."""
    bits = parse_int(text[1:])
    if text[:1] not in (b"i", b"u") or bits is None:
        return None
    signed = text[:1] == b"i"
    return FieldType(signed, bits) if 1 <= bits <= 63 + signed else None


def parse_offset(
    text: bytes, field: FieldType | None = None, max_string: int = MAX_STRING
) -> int | None:
    """An offset in bits, or None where it is none or too great (``getBitOffsetFromArgument``).

    With ``field`` it may be ``#n``, the n-th of such fields.
    """
    scaled = field is not None and text.startswith(b"#")
    offset = parse_int(text[scaled:])
    if offset is None:
        return None
    if scaled and field is not None:
        offset *= field.bits
    # Redis multiplies in 64 bits.
    offset = _int64(offset)
    return offset if offset >= 0 and offset >> 3 < max_string else None


def bitfield(data: bytes, ops: Sequence[FieldOp]) -> tuple[bytes, list[int | None], int]:
    """Do all steps in order (``bitfieldGeneric``).

    Returns the string, a reply for each step (None for a failed one), and how many steps wrote. A
    string grows for every SET and INCRBY, also for one that fails.
    """
    buffer = bytearray(data)
    writes = [op for op in ops if op.action is not Action.GET]
    grow(buffer, max((end_of(op) for op in writes), default=0))
    replies = [step_in(buffer, op)[0] for op in ops]
    written = sum(
        op.action is not Action.GET and reply is not None
        for op, reply in zip(ops, replies, strict=True)
    )
    return bytes(buffer), replies, written


def get_field(data: bytes | bytearray, field: FieldType, offset: int) -> int:
    """The integer at a bit offset; beyond the end there are zeros."""
    last = offset + field.bits - 1
    size = (last >> 3) - (offset >> 3) + 1
    piece = bytes(data[offset >> 3 : (last >> 3) + 1]).ljust(size, b"\0")
    value = int.from_bytes(piece, "big") >> (7 - (last & 7)) & (1 << field.bits) - 1
    return value - (1 << field.bits) if field.signed and value >> field.bits - 1 else value


def set_field_in(buffer: bytearray, field: FieldType, offset: int, value: int) -> None:
    """Write an integer at a bit offset of a string that is long enough."""
    last = offset + field.bits - 1
    first_byte, beyond = offset >> 3, (last >> 3) + 1
    shift = 7 - (last & 7)
    mask = (1 << field.bits) - 1
    old = int.from_bytes(buffer[first_byte:beyond], "big")
    new = old & ~(mask << shift) | (value & mask) << shift
    buffer[first_byte:beyond] = new.to_bytes(beyond - first_byte, "big")


def fitted(field: FieldType, value: int, increment: int, overflow: Overflow) -> int | None:
    """``value + increment`` as the field holds it; None where it does not and that is a failure.

    (``checkSignedBitfieldOverflow``, ``checkUnsignedBitfieldOverflow``)
    """
    low, high = _limits(field)
    total = value + increment
    if low <= total <= high:
        return total
    if overflow is Overflow.FAIL:
        return None
    if overflow is Overflow.SAT:
        return high if _too_high(field, value, total) else low
    wrapped = total & (1 << field.bits) - 1
    return wrapped - (1 << field.bits) if wrapped > high else wrapped


def end_of(op: FieldOp) -> int:
    """Bytes a string must have for a step to write."""
    return (op.offset + op.type.bits + 7) >> 3


def step_in(buffer: bytearray, op: FieldOp) -> tuple[int | None, bool]:
    """Do one step in place, on a string that is long enough for it.

    Returns the reply (None for a step that failed), and whether the field has another value now.
    """
    old = get_field(buffer, op.type, op.offset)
    if op.action is Action.GET:
        return old, False
    if op.action is Action.INCRBY:
        new = fitted(op.type, old, op.value, op.overflow)
    else:
        new = fitted(op.type, op.value if op.type.signed else op.value % _UINT64, 0, op.overflow)
    if new is None:
        return None, False
    set_field_in(buffer, op.type, op.offset, new)
    return old if op.action is Action.SET else new, new != old


def _limits(field: FieldType) -> tuple[int, int]:
    if field.signed:
        return -(1 << field.bits - 1), (1 << field.bits - 1) - 1
    return 0, (1 << field.bits) - 1


def _too_high(field: FieldType, value: int, total: int) -> bool:
    """Whether an overflow is one at the upper end.

    Redis takes a SET of a signed field near the lowest 64-bit integer for one too: the room up to
    the field's maximum does not fit 64 bits there.
    """
    low, high = _limits(field)
    return total > high or (field.bits < 64 and value < low and high - value > INT64_MAX)


def _int64(value: int) -> int:
    return (value - INT64_MIN) % _UINT64 + INT64_MIN
