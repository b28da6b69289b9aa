"""Lua's ``bit``: operations on 32-bit integers (LuaBitOp, ``lua_bit.c``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import and_, or_, xor
from struct import Struct

from aoftool.keyspace.scripting.library import Arguments, Function, number

_MASK = 0xFFFFFFFF
_DOUBLE = Struct("<d")
#: Adding it leaves a number's lowest 32 bits lowest in the double, rounded (2^52 + 2^51).
_TO_BITS = 6755399441055744.0


def _unsigned(args: Arguments, at: int, name: str) -> int:
    return int.from_bytes(_DOUBLE.pack(number(args, at, name) + _TO_BITS)[:4], "little")


def _signed(value: int) -> tuple[int]:
    value &= _MASK
    return (value - (1 << 32) if value & 0x80000000 else value,)


def _tobit(args: Arguments) -> Arguments:
    return _signed(_unsigned(args, 1, "tobit"))


def _bnot(args: Arguments) -> Arguments:
    return _signed(~_unsigned(args, 1, "bnot"))


def _bswap(args: Arguments) -> Arguments:
    value = _unsigned(args, 1, "bswap")
    return _signed(int.from_bytes(value.to_bytes(4, "little"), "big"))


def _tohex(args: Arguments) -> Arguments:
    value = _unsigned(args, 1, "tohex")
    digits = _signed(_unsigned(args, 2, "tohex"))[0] if len(args) > 1 else 8
    text = b"%08x" % value if digits >= 0 else b"%08X" % value
    return (text[8 - min(abs(digits), 8) :],)


def _folding(name: str, operation: Callable[[int, int], int]) -> Function:
    def call(args: Arguments) -> Arguments:
        values = [_unsigned(args, at, name) for at in range(1, max(len(args), 1) + 1)]
        return _signed(reduce(operation, values))

    return call


def _shifting(name: str, operation: Callable[[int, int], int]) -> Function:
    def call(args: Arguments) -> Arguments:
        value = _unsigned(args, 1, name)
        return _signed(operation(value, _unsigned(args, 2, name) & 31))

    return call


def _arithmetic(value: int, count: int) -> int:
    return _signed(value)[0] >> count


def _left(value: int, count: int) -> int:
    return value << count | value >> (32 - count)


def _right(value: int, count: int) -> int:
    return value >> count | value << (32 - count)


#: The library's functions by name.
FUNCTIONS: dict[str, Function] = {
    "tobit": _tobit,
    "bnot": _bnot,
    "bswap": _bswap,
    "tohex": _tohex,
    "band": _folding("band", and_),
    "bor": _folding("bor", or_),
    "bxor": _folding("bxor", xor),
    "lshift": _shifting("lshift", lambda value, count: value << count),
    "rshift": _shifting("rshift", lambda value, count: value >> count),
    "arshift": _shifting("arshift", _arithmetic),
    "rol": _shifting("rol", _left),
    "ror": _shifting("ror", _right),
}
