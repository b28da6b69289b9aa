"""The one writer for all layouts: the reverse of ``read``, over the same shapes."""

from __future__ import annotations

from typing import Any

from aoftool.format.rdb.primitives import NUMBER_FORMS, write_length, write_string
from aoftool.format.rdb.shapes import OP_END, OP_LEN, OP_LOOP, OP_MODULE, OP_RAW, OP_STR, Program

#: Ops of a program with one field: its own, and STOP.
_ONE_FIELD = 2


def write_shape(out: bytearray, program: Program, fields: list[Any], compress: bool) -> None:
    """Append ``fields`` as ``program`` lays them out: what ``read_shape`` would give them back as.

    The old form of doubles (``z``) is not written: no version that we write has it.
    """
    if len(program) == _ONE_FIELD and program[0].code == OP_STR:
        write_string(out, fields[0], compress)  # packed collections: one string holds all
    else:
        _write_row(out, program, 0, fields, compress)


def _write_row(
    out: bytearray, program: Program, at: int, row: list[Any] | tuple[Any, ...], compress: bool
) -> None:
    """Write the fields of ``row`` with the ops from ``at`` on, up to the end of their loop."""
    for field in row:
        code, arg, letter = program[at]
        at += 1
        if code == OP_STR:
            write_string(out, field, compress)
        elif code == OP_LEN:
            write_length(out, field)
        elif code == OP_LOOP:
            write_length(out, len(field))
            # The op before the loop's end tells whether the brackets hold one field or several.
            single = _holds_one(program, at)
            for element in field:
                _write_row(out, program, at, (element,) if single else element, compress)
            at = arg
        elif code == OP_RAW and letter in NUMBER_FORMS:
            out += NUMBER_FORMS[letter].pack(field)
        elif code in (OP_RAW, OP_MODULE):
            out += field
        else:
            raise ValueError(f"shape letter {letter!r} cannot be written")


def _holds_one(program: Program, at: int) -> bool:
    """Whether the loop whose first op stands at ``at`` holds a single field."""
    code, arg, _letter = program[at]
    return program[arg if code == OP_LOOP else at + 1].code == OP_END
