"""The layout of every RDB item as data: one short text per item, read by every reader.

A shape says which fields follow each other in the file, so that walking over an item, decoding
it, and the compiled walker all stand on one table (``opcodes``):

    S  string (length-prefixed, integer-encoded or LZF)        -> bytes
    L  length (1, 2, 5 or 9 bytes)                             -> int
    B  one byte, unsigned                                      -> int
    i  4 bytes little-endian, signed                           -> int
    q  8 bytes little-endian, signed                           -> int
    d  8 bytes little-endian IEEE double                       -> float
    z  double as a length-prefixed ASCII number (253 nan, 254 +inf, 255 -inf) -> float
    w  4 raw bytes, h  16 raw bytes                            -> bytes
    M  module payload: sub-opcodes up to its EOF               -> bytes, raw
    [...]  a length n, then n times what the brackets hold     -> list; of bare items where
           the brackets hold one field, of tuples where they hold several

A shape is compiled to a flat program of (op, argument) pairs: LOOP's argument is the index
behind its END, END's argument the index of the first op in its loop, RAW's a byte count.
"""

from __future__ import annotations

from typing import NamedTuple

OP_STOP, OP_STR, OP_LEN, OP_RAW, OP_ZDOUBLE, OP_MODULE, OP_LOOP, OP_END = range(8)

#: Field letters whose length is fixed: how many bytes each has.
RAW_SIZES = {"B": 1, "i": 4, "w": 4, "q": 8, "d": 8, "h": 16}
_PLAIN_OPS = {"S": OP_STR, "L": OP_LEN, "z": OP_ZDOUBLE, "M": OP_MODULE}


class Op(NamedTuple):
    """One step of a compiled shape."""

    code: int
    arg: int
    letter: str


Program = tuple[Op, ...]


def compile_shape(shape: str) -> Program:
    """Turn the text of a shape into its program. Raises ValueError on a malformed shape."""
    ops: list[Op] = []
    open_loops: list[int] = []
    for letter in shape.replace(" ", ""):
        if letter in _PLAIN_OPS:
            ops.append(Op(_PLAIN_OPS[letter], 0, letter))
        elif letter in RAW_SIZES:
            ops.append(Op(OP_RAW, RAW_SIZES[letter], letter))
        elif letter == "[":
            open_loops.append(len(ops))
            ops.append(Op(OP_LOOP, 0, letter))
        elif letter == "]" and open_loops:
            start = open_loops.pop()
            ops.append(Op(OP_END, start + 1, letter))
            ops[start] = Op(OP_LOOP, len(ops), "[")
        else:
            raise ValueError(f"bad letter {letter!r} in shape {shape!r}")
    if open_loops:
        raise ValueError(f"open bracket in shape {shape!r}")
    return (*ops, Op(OP_STOP, 0, ""))
