"""The first 9 bytes of a file, and which row of the tables a byte stands for.

Cores by position, like those of ``primitives``; every reader of RDB bytes stands on them.
"""

from __future__ import annotations

from aoftool.errors import CorruptError, FormatError, NewerFormatError
from aoftool.format.rdb.opcodes import HEADER_SIZE, NEWEST, OPCODES, TYPES, Dialect, ItemRow, Type
from aoftool.format.rdb.primitives import Buffer

#: Oldest version under each magic: Valkey left Redis's at 11 and its own starts at 80.
_OLDEST = {Dialect.REDIS: 1, Dialect.VALKEY: 80}
#: The one number below the known ones that no version ever used.
_NEVER_A_TYPE = Type.MODULE_2 + 1


def read_header(buf: Buffer, pos: int, end: int) -> tuple[Dialect, int, int] | None:
    """Read magic and version: ``(dialect, version, next)``; None where bytes are missing.

    Raises CorruptError at the first byte that fits no magic or is no digit, NewerFormatError for
    a version that is newer than this package (``rdbLoadRioWithLoadingCtx`` in rdb.c).
    """
    head = bytes(buf[pos : min(pos + HEADER_SIZE, end)])
    dialect = _dialect(head, pos)
    magic = dialect.value
    digits = head[len(magic) :]
    for index, digit in enumerate(digits):
        if not 0x30 <= digit <= 0x39:
            raise CorruptError("RDB version that is not a number", pos + len(magic) + index)
    if len(head) < HEADER_SIZE:
        return None
    version = int(digits)
    if version < _OLDEST[dialect]:
        raise CorruptError(f"{magic.decode()} with RDB version {version}", pos + len(magic))
    if version > NEWEST[dialect]:
        reason = f"RDB version {version} is newer than the newest known, {NEWEST[dialect]}"
        raise NewerFormatError(reason, pos + len(magic))
    return dialect, version, pos + HEADER_SIZE


def _dialect(head: bytes, pos: int) -> Dialect:
    """The dialect whose magic ``head`` starts with, or could go on to."""
    common = 0
    for dialect in Dialect:
        magic = dialect.value
        size = min(len(magic), len(head))
        if head[:size] == magic[:size]:
            return dialect
        same = next(n for n in range(size) if head[n] != magic[n])
        common = max(common, same)
    raise CorruptError("no RDB file: the magic is wrong", pos + common)


def find_row(dialect: Dialect, number: int, offset: int) -> tuple[ItemRow, bool]:
    """The row of the opcode or type byte ``number``, and whether it is a value type.

    Raises NewerFormatError for a number that a later version may have given a meaning,
    CorruptError for one that can have none, FormatError for what only its writer could read.
    """
    row = TYPES[dialect].get(number)
    is_type = row is not None
    row = row or OPCODES[dialect].get(number)
    if row is None:
        if number == _NEVER_A_TYPE:
            raise CorruptError(f"value type {number}, which no version has", offset)
        raise NewerFormatError(f"unknown value type or opcode {number}", offset)
    if not row.readable:
        what = "value type" if is_type else "opcode"
        raise FormatError(f"{what} {number} ({row.name}) is for its writer only", offset)
    return row, is_type
