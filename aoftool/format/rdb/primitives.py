"""Lengths, strings, doubles and module payloads: the smallest parts of an RDB file.

The readers are cores by position: given a buffer, a position and an end they return the value and
the position behind it, None where the bytes stop too early, and raise CorruptError (its offset is
a position in the buffer) where no continuation could make the bytes right. They allocate nothing
that the bytes at hand do not justify. The writers append to a bytearray.

Layouts: ``rdbLoadLenByRef``, ``rdbGenericLoadStringObject``, ``rdbLoadDoubleValue`` and
``rdbLoadCheckModuleValue`` in rdb.c, and their counterparts that save.
"""

from __future__ import annotations

from math import copysign
from struct import Struct

from aoftool.errors import CorruptError
from aoftool.format.rdb import lzf
from aoftool.format.speed import pick

#: The type byte of a string key (``opcodes.Type.STRING``).
_TYPE_STRING = 0

Buffer = bytes | bytearray | memoryview

#: How the letters of a shape that stand for numbers of fixed size are packed.
NUMBER_FORMS = {"B": Struct("<B"), "i": Struct("<i"), "q": Struct("<q"), "d": Struct("<d")}

_U32 = Struct(">I")
_U64 = Struct(">Q")
_LEN_32, _LEN_64 = 0x80, 0x81

# String encodings, the low 6 bits of a first byte whose two high bits are set.
_ENC_LZF = 3
_INT_ENCODINGS = {0: Struct("<b"), 1: Struct("<h"), 2: Struct("<i")}

#: Longest decimal that is tried as an integer encoding: ``-2147483648``.
_MAX_INT_TEXT = 11
#: Strings up to this long are never compressed.
_MAX_PLAIN = 20

#: No server writes longer ones (the longest that ``%.17g`` gives has 24), nor reads more.
_MAX_DOUBLE_TEXT = 127
_ZDOUBLES = {253: float("nan"), 254: float("inf"), 255: float("-inf")}

# Sub-opcodes of a module's payload and the sizes of those that are fixed.
_MODULE_EOF, _MODULE_SINT, _MODULE_UINT, _MODULE_FLOAT, _MODULE_DOUBLE, _MODULE_STRING = range(6)
_MODULE_FIXED = {_MODULE_FLOAT: 4, _MODULE_DOUBLE: 8}
#: What a module's auxiliary field announces its "when" with (``RDB_MODULE_OPCODE_UINT``).
MODULE_UINT = _MODULE_UINT

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1


def canonical_int(text: bytes) -> int | None:
    """The integer that ``text`` is the one decimal form of, within 64 bits (``string2ll``)."""
    if not 0 < len(text) <= 20 or text[0] > 0x39:
        return None
    try:
        value = int(text)
    except ValueError:
        return None
    return value if INT64_MIN <= value <= INT64_MAX and b"%d" % value == text else None


def read_length(buf: Buffer, pos: int, end: int) -> tuple[int, bool, int] | None:
    """Read a length: ``(value, encoded, next)``; ``encoded``: value is a string encoding's number.

    Raises CorruptError where the first byte is none of the length forms.
    """
    if pos >= end:
        return None
    first = buf[pos]
    if first < 0x40:
        return first, False, pos + 1
    if first < 0x80:
        if pos + 2 > end:
            return None
        return (first & 0x3F) << 8 | buf[pos + 1], False, pos + 2
    if first >= 0xC0:
        return first & 0x3F, True, pos + 1
    if first == _LEN_32:
        return (_U32.unpack_from(buf, pos + 1)[0], False, pos + 5) if pos + 5 <= end else None
    if first == _LEN_64:
        return (_U64.unpack_from(buf, pos + 1)[0], False, pos + 9) if pos + 9 <= end else None
    raise CorruptError(f"unknown length encoding 0x{first:02x}", pos)


def read_count(buf: Buffer, pos: int, end: int) -> tuple[int, int] | None:
    """Read a length where no string may stand: ``(value, next)``."""
    head = read_length(buf, pos, end)
    if head is None:
        return None
    value, encoded, after = head
    if encoded:
        raise CorruptError("string encoding where a number stands", pos)
    return value, after


def string_extent(buf: Buffer, pos: int, end: int) -> tuple[int, int, int, int] | None:
    """Where a string lies: ``(kind, start, stop, length)``; ``stop`` may lie behind ``end``.

    Kind is -1 for plain bytes, else the encoding's number (0 to 2 integers, 3 LZF); length is
    that of the decoded string, for integers 0. None where its header is incomplete.
    """
    head = read_length(buf, pos, end)
    if head is None:
        return None
    value, encoded, start = head
    if not encoded:
        return -1, start, start + value, value
    if value in _INT_ENCODINGS:
        return value, start, start + _INT_ENCODINGS[value].size, 0
    if value != _ENC_LZF:
        raise CorruptError(f"unknown string encoding {value}", pos)
    packed = read_count(buf, start, end)
    plain = None if packed is None else read_count(buf, packed[1], end)
    if packed is None or plain is None:
        return None
    size, (length, start) = packed[0], plain
    # Judged before a single byte of it is there: nothing can come out of this.
    if length > size * lzf.MAX_RATIO:
        raise CorruptError(f"{size} compressed bytes cannot hold {length}", pos)
    return _ENC_LZF, start, start + size, length


def read_string(buf: Buffer, pos: int, end: int) -> tuple[bytes, int] | None:
    """Read a string: ``(bytes, next)``; integer encodings come out as decimals.

    Raises CorruptError for an unknown encoding or an LZF text that is wrong.
    """
    # Most strings of most files are short and plain.
    if pos < end and buf[pos] < 0x40:
        start = pos + 1
        stop = start + buf[pos]
        return (bytes(buf[start:stop]), stop) if stop <= end else None
    extent = string_extent(buf, pos, end)
    if extent is None:
        return None
    kind, start, stop, length = extent
    if stop > end:
        return None
    if kind < 0:
        return bytes(buf[start:stop]), stop
    if kind in _INT_ENCODINGS:
        return b"%d" % _INT_ENCODINGS[kind].unpack_from(buf, start)[0], stop
    try:
        return lzf.decompress(bytes(buf[start:stop]), length), stop
    except CorruptError as error:
        raise CorruptError(error.reason, start + error.offset) from None


def read_zdouble(buf: Buffer, pos: int, end: int) -> tuple[float, int] | None:
    """Read a double in its old form, an ASCII number with a one-byte length: ``(float, next)``."""
    if pos >= end:
        return None
    size = buf[pos]
    if size in _ZDOUBLES:
        return _ZDOUBLES[size], pos + 1
    stop = pos + 1 + size
    if stop > end:
        return None
    number = parse_double(bytes(buf[pos + 1 : stop]))
    if number is None:
        raise CorruptError("score that is not a number", pos + 1)
    return number, stop


def parse_double(text: bytes) -> float | None:
    """A double in decimal or as ``inf`` or ``nan``; None where ``text`` is no such thing.

    ``float`` alone would be too kind: it also takes underscores and surrounding blanks.
    """
    if len(text) > _MAX_DOUBLE_TEXT or b"_" in text or text != text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def module_end(buf: Buffer, pos: int, end: int) -> int | None:
    """The position behind a module's payload: sub-opcodes with their values up to the EOF one."""
    while True:
        head = read_count(buf, pos, end)
        if head is None:
            return None
        code, after = head
        if code == _MODULE_EOF:
            return after
        if code in _MODULE_FIXED:
            stop: int | None = after + _MODULE_FIXED[code]
        elif code == _MODULE_STRING:
            extent = string_extent(buf, after, end)
            stop = None if extent is None else extent[2]
        elif code in (_MODULE_SINT, _MODULE_UINT):
            number = read_count(buf, after, end)
            stop = None if number is None else number[1]
        else:
            raise CorruptError(f"unknown module sub-opcode {code}", pos)
        if stop is None or stop > end:
            return None
        pos = stop


def pure_string_keys_at(
    buf: Buffer, pos: int, end: int, most: int
) -> tuple[list[tuple[bytes, bytes]], int]:
    """Read up to ``most`` (key, value) pairs of string keys that stand one behind the other.

    Stops before an item that is no string key, and before one that is not whole or not sound, which
    the caller's usual way judges. Most keys of most files are strings: they are worth a short cut.
    """
    pairs: list[tuple[bytes, bytes]] = []
    while pos < end and buf[pos] == _TYPE_STRING and len(pairs) < most:
        try:
            key = read_string(buf, pos + 1, end)
            value = read_string(buf, key[1], end) if key is not None else None
        except CorruptError:
            break
        if key is None or value is None:
            break
        pairs.append((key[0], value[0]))
        pos = value[1]
    return pairs, pos


string_keys_at = pick("string_keys_at", pure_string_keys_at)


def write_length(out: bytearray, value: int) -> None:
    """Append a length (0 to 2**64 - 1) in its shortest form (``rdbSaveLen``)."""
    if value < 0x40:
        out.append(value)
    elif value < 0x4000:
        out += bytes((0x40 | value >> 8, value & 0xFF))
    elif value <= 0xFFFFFFFF:
        out.append(_LEN_32)
        out += _U32.pack(value)
    else:
        out.append(_LEN_64)
        out += _U64.pack(value)


def pure_write_string(out: bytearray, value: bytes, compress: bool = True) -> None:
    """Append a string as ``rdbSaveRawString`` does: as integer, as LZF, or plain."""
    size = len(value)
    if size <= _MAX_INT_TEXT and _write_int(out, value):
        return
    packed = lzf.compress(value) if compress and size > _MAX_PLAIN else None
    if packed is None:
        write_length(out, size)
        out += value
        return
    out.append(0xC0 | _ENC_LZF)
    write_length(out, len(packed))
    write_length(out, size)
    out += packed


write_string = pick("write_string", pure_write_string)


def _write_int(out: bytearray, text: bytes) -> bool:
    number = canonical_int(text)
    if number is None:
        return False
    for encoding, form in _INT_ENCODINGS.items():
        limit = 1 << (8 * form.size - 1)
        if -limit <= number < limit:
            out.append(0xC0 | encoding)
            out += form.pack(number)
            return True
    return False


def pure_format_double(value: float) -> bytes:
    """The shortest decimal that reads back as ``value``; whole numbers without a fraction.

    Redis writes scores into ziplists and listpacks this way (``d2string`` in util.c), so that
    whole scores become integers there; -0.0 keeps its sign.
    """
    if abs(value) < 1 << 52 and value == int(value):
        return b"-0" if value == 0 and copysign(1, value) < 0 else b"%d" % int(value)
    return repr(value).encode()


format_double = pick("format_double", pure_format_double)
