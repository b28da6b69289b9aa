"""Dense registers: 16384 of 6 bits, the first in the lowest bits of the first byte.

Four registers are three bytes. All at once they are taken apart and put together as four (three)
interleaved strips, each strip one large integer with a byte a lane: no loop over registers.
"""

from __future__ import annotations

from aoftool.keyspace.hyperloglog.estimate import REGISTERS, VALUES

SIZE = REGISTERS * 6 // 8

_BITS, _MAX = 6, VALUES - 1
_LANES = REGISTERS // 4


def _every_lane(byte: int, lanes: int = _LANES) -> int:
    return int.from_bytes(bytes((byte,)) * lanes, "little")


_LOW6, _LOW4, _LOW2 = _every_lane(0x3F), _every_lane(0x0F), _every_lane(0x03)
_TOP = _every_lane(0x80, REGISTERS)


def put(buffer: bytearray, start: int, index: int, value: int) -> bool:
    """Raise register ``index`` of those that begin at ``start``; False where it is no lower.

    (``hllDenseSet``)
    """
    at, shift = divmod(index * _BITS, 8)
    at += start
    pair = int.from_bytes(buffer[at : at + 2], "little")
    if pair >> shift & _MAX >= value:
        return False
    pair = pair & ~(_MAX << shift) | value << shift
    buffer[at : at + 2] = pair.to_bytes(min(2, len(buffer) - at), "little")
    return True


def unpacked(body: bytes) -> bytes:
    """The registers, a byte each."""
    a, b, c = (int.from_bytes(body[first::3], "little") for first in range(3))
    strips = (
        a & _LOW6,
        (a >> 6 & _LOW2) | (b & _LOW4) << 2,
        (b >> 4 & _LOW4) | (c & _LOW2) << 4,
        c >> 2 & _LOW6,
    )
    return _woven(strips)


def packed(values: bytes) -> bytes:
    """The 12288 bytes that hold these registers."""
    r, s, t, u = (int.from_bytes(values[first::4], "little") for first in range(4))
    strips = (
        r | (s & _LOW2) << 6,
        (s >> 2 & _LOW4) | (t & _LOW4) << 4,
        (t >> 4 & _LOW2) | u << 2,
    )
    return _woven(strips)


def maximum(one: bytes, other: bytes) -> bytes:
    """Register by register the greater one."""
    a, b = int.from_bytes(one, "little"), int.from_bytes(other, "little")
    # A lane's top bit survives the subtraction where a >= b; then it becomes a mask of 7 bits.
    at_least = ((a | _TOP) - b) & _TOP
    from_a = at_least - (at_least >> 7)
    return ((a & from_a) | (b & ~from_a)).to_bytes(REGISTERS, "little")


def histogram(values: bytes) -> list[int]:
    """How many registers have each value from 0 to 63."""
    return [values.count(value) for value in range(VALUES)]


def _woven(strips: tuple[int, ...]) -> bytes:
    out = bytearray(len(strips) * _LANES)
    for first, strip in enumerate(strips):
        out[first :: len(strips)] = strip.to_bytes(_LANES, "little")
    return bytes(out)
