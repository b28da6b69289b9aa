# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The compiled twin of ``ziplist``: encode_ziplist."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.string cimport memcpy

from aoftool.format.rdb._canonical cimport byte, canonical_int, fits, i64, put_little

cdef enum:
    HEADER = 10
    END = 0xFF
    UNKNOWN_COUNT = 0xFFFF
    LONG_PREVIOUS = 0xFE
    ENTRY_OVERHEAD = 10


cdef int _int_entry(byte *to, i64 number) noexcept:
    if 0 <= number <= 12:
        to[0] = <byte>(0xF1 + number)
        return 1
    if fits(number, 1):
        to[0] = 0xFE
        return 1 + put_little(to + 1, number, 1)
    if fits(number, 2):
        to[0] = 0xC0
        return 1 + put_little(to + 1, number, 2)
    if fits(number, 3):
        to[0] = 0xF0
        return 1 + put_little(to + 1, number, 3)
    if fits(number, 4):
        to[0] = 0xD0
        return 1 + put_little(to + 1, number, 4)
    to[0] = 0xE0
    return 1 + put_little(to + 1, number, 8)


cdef Py_ssize_t _entry(byte *to, const byte *text, Py_ssize_t size) noexcept:
    """Write an entry's encoding and body, at most 9 bytes or size + 5; how many it took."""
    cdef i64 number = 0
    cdef int head
    if canonical_int(text, size, &number):
        return _int_entry(to, number)
    if size <= 0x3F:
        to[0] = <byte>size
        head = 1
    elif size <= 0x3FFF:
        to[0] = <byte>(0x40 | size >> 8)
        to[1] = <byte>(size & 0xFF)
        head = 2
    else:
        to[0] = 0x80
        for head in range(1, 5):
            to[head] = <byte>(size >> (32 - 8 * head) & 0xFF)
        head = 5
    memcpy(to + head, text, size)
    return head + size


cdef Py_ssize_t _encode(byte *out, list items) noexcept:
    cdef Py_ssize_t pos = HEADER
    cdef Py_ssize_t start = HEADER
    cdef Py_ssize_t previous = 0
    cdef bytes item
    for item in items:
        start = pos
        if previous < LONG_PREVIOUS:
            out[pos] = <byte>previous
            pos += 1
        else:
            out[pos] = LONG_PREVIOUS
            pos += 1 + put_little(out + pos + 1, previous, 4)
        pos += _entry(out + pos, <const byte *>PyBytes_AS_STRING(item), PyBytes_GET_SIZE(item))
        previous = pos - start
    out[pos] = END
    pos += 1
    put_little(out, pos, 4)
    put_little(out + 4, start, 4)
    put_little(out + 8, min(<Py_ssize_t>UNKNOWN_COUNT, len(items)), 2)
    return pos


def encode_ziplist(items):
    cdef list held = items if type(items) is list else list(items)
    cdef Py_ssize_t bound = HEADER + 1
    cdef bytes item
    for item in held:
        bound += len(item) + ENTRY_OVERHEAD
    if bound > 0xFFFFFFFF:
        raise OverflowError("a ziplist has at most 4 GiB")
    cdef byte *out = <byte *>PyMem_Malloc(bound)
    if out == NULL:
        raise MemoryError
    try:
        bound = _encode(out, held)
        return <bytes>out[:bound]
    finally:
        PyMem_Free(out)
