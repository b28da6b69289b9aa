# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The compiled twin of ``estimate``: place."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

ctypedef unsigned char byte
ctypedef unsigned long long u64

cdef enum:
    P = 14
    Q = 50
    SHIFT = 47

cdef u64 SEED = 0xADC83B19u
cdef u64 MULTIPLIER = 0xC6A4A7935BD1E995u


cdef inline u64 _little(const byte *p, Py_ssize_t size) noexcept:
    cdef u64 n = 0
    cdef Py_ssize_t i
    for i in range(size):
        n |= <u64>p[i] << (8 * i)
    return n


cdef u64 _murmur64a(const byte *p, Py_ssize_t size) noexcept:
    cdef u64 hashed = SEED ^ (<u64>size * MULTIPLIER)
    cdef u64 block
    while size >= 8:
        block = _little(p, 8) * MULTIPLIER
        block = (block ^ block >> SHIFT) * MULTIPLIER
        hashed = (hashed ^ block) * MULTIPLIER
        p += 8
        size -= 8
    if size:
        hashed = (hashed ^ _little(p, size)) * MULTIPLIER
    hashed = (hashed ^ hashed >> SHIFT) * MULTIPLIER
    return hashed ^ hashed >> SHIFT


def place(bytes element not None):
    cdef u64 hashed = _murmur64a(
        <const byte *>PyBytes_AS_STRING(element), PyBytes_GET_SIZE(element)
    )
    cdef u64 rest = hashed >> P | <u64>1 << Q
    cdef int value = 1
    while not rest & 1:
        rest >>= 1
        value += 1
    return <long>(hashed & ((1 << P) - 1)), value
