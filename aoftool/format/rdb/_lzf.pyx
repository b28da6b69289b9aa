# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The compiled twin of ``lzf``: compress, decompress.

Nothing of the package is imported at module level: the pure twins import this module.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.string cimport memcmp, memcpy, memset

ctypedef unsigned char byte
ctypedef long long i64

cdef enum:
    LZF_BITS = 14
    LZF_SLOTS = 1 << LZF_BITS
    LZF_SHORT_BITS = 12
    LZF_SHORT = 1024
    LZF_DISTANCE = 8192
    LZF_COPY = 264
    LZF_LITERAL = 32
    LZF_SAVING = 4


cdef Py_ssize_t _lzf_literals(
    byte *out, Py_ssize_t at, const byte *p, Py_ssize_t start, Py_ssize_t stop
) noexcept:
    cdef Py_ssize_t size
    while start < stop:
        size = min(<Py_ssize_t>LZF_LITERAL, stop - start)
        out[at] = <byte>(size - 1)
        memcpy(out + at + 1, p + start, size)
        at += size + 1
        start += size
    return at


cdef inline unsigned int _lzf_key(const byte *p, int bits) noexcept:
    return ((p[0] << 16 | p[1] << 8 | p[2]) * 2654435761u) >> (32 - bits)


cdef Py_ssize_t _lzf_compress(const byte *p, Py_ssize_t size, byte *out) noexcept:
    """Write the compressed form, at most size + size / 32 + 1 bytes; their number."""
    cdef int slots[LZF_SLOTS]
    cdef Py_ssize_t pos = 0
    cdef Py_ssize_t literals = 0
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t back, stop, limit, length, distance
    cdef unsigned int key
    # Short strings are many: clearing a table that is far larger than they are would cost most.
    cdef int bits = LZF_SHORT_BITS if size <= LZF_SHORT else LZF_BITS
    memset(slots, 0xFF, (<size_t>1 << bits) * sizeof(slots[0]))
    while pos < size - 2:
        key = _lzf_key(p + pos, bits)
        back = slots[key]
        slots[key] = <int>pos
        if back < 0 or pos - back > LZF_DISTANCE or memcmp(p + back, p + pos, 3) != 0:
            pos += 1
            continue
        limit = min(size, pos + LZF_COPY)
        stop = pos + 3
        while stop < limit and p[stop] == p[stop - pos + back]:
            stop += 1
        at = _lzf_literals(out, at, p, literals, pos)
        length = stop - pos - 2
        distance = pos - back - 1
        if length < 7:
            out[at] = <byte>(length << 5 | distance >> 8)
        else:
            out[at] = <byte>(7 << 5 | distance >> 8)
            out[at + 1] = <byte>(length - 7)
            at += 1
        out[at + 1] = <byte>(distance & 0xFF)
        at += 2
        # Positions inside the copy are remembered too: the last two, as liblzf does.
        for pos in range(stop - 2, stop):
            if pos < size - 2:
                slots[_lzf_key(p + pos, bits)] = <int>pos
        pos = literals = stop
    return _lzf_literals(out, at, p, literals, size)


def compress(bytes data):
    cdef Py_ssize_t size = len(data)
    if size > 0x7FFFFFFF:  # positions are kept as C ints; no server stores a longer string
        return None
    cdef const byte *p = data
    cdef Py_ssize_t used
    cdef byte *out = <byte *>PyMem_Malloc(size + size // LZF_LITERAL + 2)
    if out == NULL:
        raise MemoryError
    try:
        used = _lzf_compress(p, size, out)
        return <bytes>out[:used] if used + LZF_SAVING <= size else None
    finally:
        PyMem_Free(out)


cdef bint _lzf_decompress(const byte *p, Py_ssize_t size, byte *out, Py_ssize_t length) noexcept:
    """Whether the input was sound and filled the output exactly."""
    cdef Py_ssize_t pos = 0
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t count, back
    cdef int control
    while pos < size:
        control = p[pos]
        pos += 1
        if control < LZF_LITERAL:
            count = control + 1
            if count > size - pos or count > length - at:
                return False
            memcpy(out + at, p + pos, count)
            pos += count
            at += count
            continue
        count = control >> 5
        if count == 7 and pos < size:
            count += p[pos]
            pos += 1
        if pos >= size:
            return False
        count += 2
        back = at - ((control & 31) << 8) - p[pos] - 1
        pos += 1
        if back < 0 or count > length - at:
            return False
        while count:
            out[at] = out[back]
            at += 1
            back += 1
            count -= 1
    return at == length


def decompress(data, i64 length):
    # A sound input of n bytes gives at most n * 88 (a copy of 3 bytes gives 264): nothing is
    # allocated for what a header announces beyond that. The pure twin names what is wrong.
    cdef bytes source = bytes(data)
    cdef Py_ssize_t size = len(source)
    cdef bytes out
    if 0 <= length <= size * (LZF_COPY // 3):
        out = PyBytes_FromStringAndSize(NULL, length)
        if _lzf_decompress(source, size, <byte *>PyBytes_AS_STRING(out), length):
            return out
    return _judge_lzf(source, length)


def _judge_lzf(source, length):
    from aoftool.format.rdb.lzf import pure_decompress

    return pure_decompress(source, length)
