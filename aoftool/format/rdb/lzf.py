"""LZF, the compression of long strings in RDB files, in pure Python.

The compressed form is a row of two kinds of pieces, told apart by their first byte ``c``:

    c < 32    c + 1 literal bytes follow
    c >= 32   a copy from what was put out before: its length is ``c >> 5`` (7: plus the next
              byte) plus 2, its distance ``(c & 31) << 8`` plus the next byte, plus 1

Redis has it from liblzf (lzf_c.c, lzf_d.c). The bytes that ``compress`` chooses may differ from
those of the C code, and those of the two forms here differ too; every decompressor reads all.
"""

from __future__ import annotations

from aoftool.errors import CorruptError
from aoftool.format.speed import pick

_MAX_LITERAL = 32
_MAX_COPY = 264
_MAX_DISTANCE = 8192
#: A copy of three bytes gives at most 264: no compressed text yields more than this per byte.
MAX_RATIO = _MAX_COPY // 3
#: Compressing must save at least this many bytes (``rdbSaveLzfStringObject`` in rdb.c).
MIN_SAVING = 4


def pure_compress(data: bytes) -> bytes | None:
    """The LZF form of ``data``, or None where it would not be at least 4 bytes shorter."""
    size = len(data)
    last_seen: dict[bytes, int] = {}
    out = bytearray()
    pos = literals = 0
    while pos < size - 2:
        key = data[pos : pos + 3]
        back = last_seen.get(key, -1)
        last_seen[key] = pos
        if back < 0 or pos - back > _MAX_DISTANCE:
            pos += 1
            continue
        stop = _match_end(data, back, pos)
        _put_literals(out, data, literals, pos)
        _put_copy(out, stop - pos, pos - back)
        # One position inside the copy is remembered too; more of them cost more than they give.
        last_seen[data[stop - 2 : stop + 1]] = stop - 2
        pos = literals = stop
    _put_literals(out, data, literals, size)
    return bytes(out) if len(out) + MIN_SAVING <= size else None


def _match_end(data: bytes, back: int, pos: int) -> int:
    """Where the bytes from ``pos`` on stop to repeat those from ``back`` on."""
    limit = min(len(data), pos + _MAX_COPY)
    stop, source = pos + 3, back + 3
    while stop < limit and data[stop] == data[source]:
        stop += 1
        source += 1
    return stop


def _put_literals(out: bytearray, data: bytes, start: int, stop: int) -> None:
    while start < stop:
        size = min(_MAX_LITERAL, stop - start)
        out.append(size - 1)
        out += data[start : start + size]
        start += size


def _put_copy(out: bytearray, length: int, distance: int) -> None:
    length, distance = length - 2, distance - 1
    if length < 7:
        out.append(length << 5 | distance >> 8)
    else:
        out += bytes((7 << 5 | distance >> 8, length - 7))
    out.append(distance & 0xFF)


def pure_decompress(data: bytes, length: int) -> bytes:
    """The ``length`` bytes that ``data`` stands for.

    Memory grows with what has really been put out, never with what ``length`` announces.
    Raises CorruptError with the offset in ``data`` of the piece that is wrong.
    """
    out = bytearray()
    pos, size = 0, len(data)
    while pos < size:
        start, control = pos, data[pos]
        pos += 1
        if control < 32:
            pos += control + 1
            out += data[start + 1 : pos]
        else:
            count = control >> 5
            if count == 7 and pos < size:
                count += data[pos]
                pos += 1
            if pos < size:
                _copy(out, ((control & 31) << 8) + data[pos] + 1, count + 2, start)
            pos += 1
        if pos > size:
            raise CorruptError("compressed string ends inside a piece", start)
        if len(out) > length:
            raise CorruptError("compressed string holds more than it announces", start)
    if len(out) != length:
        raise CorruptError("compressed string holds less than it announces", size)
    return bytes(out)


def _copy(out: bytearray, distance: int, count: int, offset: int) -> None:
    start = len(out) - distance
    if start < 0:
        raise CorruptError("compressed string copies from before its start", offset)
    if distance >= count:
        out += out[start : start + count]
    else:
        # Source and target overlap: the last ``distance`` bytes repeat.
        out += (out[start:] * (count // distance + 1))[:count]


compress = pick("compress", pure_compress)
decompress = pick("decompress", pure_decompress)
