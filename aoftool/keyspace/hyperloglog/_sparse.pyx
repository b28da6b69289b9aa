# cython: language_level=3, boundscheck=False, wraparound=False
"""The compiled twin of ``sparse``: find."""

from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE

ctypedef unsigned char byte

cdef enum:
    VAL = 0x80
    XZERO = 0x40


def find(bytearray buffer not None, Py_ssize_t pos, Py_ssize_t first, Py_ssize_t index):
    cdef const byte *p = <const byte *>PyByteArray_AS_STRING(buffer)
    cdef Py_ssize_t size = PyByteArray_GET_SIZE(buffer)
    cdef Py_ssize_t previous = pos
    cdef Py_ssize_t previous_first = first
    cdef Py_ssize_t before = pos
    cdef Py_ssize_t before_first = first
    cdef Py_ssize_t span
    cdef int width
    while pos < size:
        width = 1
        if p[pos] & VAL:
            span = (p[pos] & 3) + 1
        elif p[pos] & XZERO:
            span = ((p[pos] & 0x3F) << 8 | (p[pos + 1] if pos + 1 < size else 0)) + 1
            width = 2
        else:
            span = p[pos] + 1
        if index < first + span:
            return pos, first, span, previous, before, before_first
        before = previous
        before_first = previous_first
        previous = pos
        previous_first = first
        pos += width
        first += span
    return None
