# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The compiled twin of ``listpack``: encode_listpack."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.string cimport memcpy

from aoftool.format.rdb._canonical cimport byte, canonical_int, fits, i64, put_little

cdef enum:
    HEADER = 6
    END = 0xFF
    UNKNOWN_COUNT = 0xFFFF
    ENTRY_OVERHEAD = 14
    INT_13 = 4096


cdef int _int_entry(byte *to, i64 number) noexcept:
    if 0 <= number <= 127:
        to[0] = <byte>number
        return 1
    if -INT_13 <= number < INT_13:
        number &= 2 * INT_13 - 1
        to[0] = <byte>(0xC0 | number >> 8)
        to[1] = <byte>(number & 0xFF)
        return 2
    if fits(number, 2):
        to[0] = 0xF1
        return 1 + put_little(to + 1, number, 2)
    if fits(number, 3):
        to[0] = 0xF2
        return 1 + put_little(to + 1, number, 3)
    if fits(number, 4):
        to[0] = 0xF3
        return 1 + put_little(to + 1, number, 4)
    to[0] = 0xF4
    return 1 + put_little(to + 1, number, 8)


cdef Py_ssize_t _entry(byte *to, const byte *text, Py_ssize_t size) noexcept:
    """Write an entry without its back length, at most 9 bytes or size + 5; how many it took."""
    cdef i64 number = 0
    cdef int head
    if canonical_int(text, size, &number):
        return _int_entry(to, number)
    if size <= 0x3F:
        to[0] = <byte>(0x80 | size)
        head = 1
    elif size <= 0xFFF:
        to[0] = <byte>(0xE0 | size >> 8)
        to[1] = <byte>(size & 0xFF)
        head = 2
    else:
        to[0] = 0xF0
        head = 1 + put_little(to + 1, size, 4)
    memcpy(to + head, text, size)
    return head + size


cdef int _back_length(byte *to, Py_ssize_t size) noexcept:
    """Write the size of an entry so that it can be read from behind; how many bytes it took."""
    cdef int extra, n
    if size < 128:
        to[0] = <byte>size
        return 1
    extra = 1 if size < 16383 else 2 if size < 2097151 else 3 if size < 268435455 else 4
    to[0] = <byte>(size >> (7 * extra))
    for n in range(1, extra + 1):
        to[n] = <byte>(size >> (7 * (extra - n)) & 0x7F | 0x80)
    return extra + 1


cdef Py_ssize_t _encode(byte *out, list items) noexcept:
    cdef Py_ssize_t pos = HEADER
    cdef Py_ssize_t size
    cdef bytes item
    for item in items:
        size = _entry(out + pos, <const byte *>PyBytes_AS_STRING(item), PyBytes_GET_SIZE(item))
        pos += size
        pos += _back_length(out + pos, size)
    out[pos] = END
    pos += 1
    put_little(out, pos, 4)
    put_little(out + 4, min(<Py_ssize_t>UNKNOWN_COUNT, len(items)), 2)
    return pos


def encode_listpack(items):
    cdef list held = items if type(items) is list else list(items)
    cdef Py_ssize_t bound = HEADER + 1
    cdef bytes item
    for item in held:
        bound += len(item) + ENTRY_OVERHEAD
    if bound > 0xFFFFFFFF:
        raise OverflowError("a listpack has at most 4 GiB")
    cdef byte *out = <byte *>PyMem_Malloc(bound)
    if out == NULL:
        raise MemoryError
    try:
        bound = _encode(out, held)
        return <bytes>out[:bound]
    finally:
        PyMem_Free(out)
