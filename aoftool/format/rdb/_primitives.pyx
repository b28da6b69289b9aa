# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The compiled twins of ``primitives``: write_string, string_keys_at, format_double."""

from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE, PyByteArray_Resize
from cpython.mem cimport PyMem_Free
from libc.math cimport fabs, signbit
from libc.string cimport memcpy

from aoftool.format.rdb import _lzf

cdef extern from "Python.h":
    char *PyOS_double_to_string(double value, char code, int precision, int flags, int *kind)
    int Py_DTSF_ADD_DOT_0

ctypedef unsigned char byte
ctypedef long long i64

cdef enum:
    INT_TEXT = 11
    PLAIN_STRING = 20


cdef byte *_room(bytearray out, Py_ssize_t count) except NULL:
    """Make ``out`` longer by ``count`` bytes; where they begin."""
    cdef Py_ssize_t size = PyByteArray_GET_SIZE(out)
    PyByteArray_Resize(out, size + count)
    return <byte *>PyByteArray_AS_STRING(out) + size


cdef int _length_bytes(byte *to, i64 value) noexcept:
    """Write a length at ``to``, which has room for 9 bytes; how many it took."""
    cdef int i
    if value < 0x40:
        to[0] = <byte>value
        return 1
    if value < 0x4000:
        to[0] = <byte>(0x40 | value >> 8)
        to[1] = <byte>(value & 0xFF)
        return 2
    if value <= 0xFFFFFFFF:
        to[0] = 0x80
        for i in range(4):
            to[1 + i] = <byte>(value >> (24 - 8 * i) & 0xFF)
        return 5
    to[0] = 0x81
    for i in range(8):
        to[1 + i] = <byte>(value >> (56 - 8 * i) & 0xFF)
    return 9


cdef int _int_bytes(byte *to, const byte *text, Py_ssize_t size) noexcept:
    """Write the integer form of a string that is a canonical 32-bit one; 0 for any other."""
    cdef i64 number = 0
    cdef Py_ssize_t at = 0
    cdef int width, i
    if size == 0 or size > INT_TEXT:
        return 0
    if text[0] == 45:
        at = 1
    if at == size or (text[at] == 48 and (size > at + 1 or at == 1)):
        return 0
    while at < size:
        if not 48 <= text[at] <= 57:
            return 0
        number = number * 10 + (text[at] - 48)
        at += 1
    if text[0] == 45:
        number = -number
    if -128 <= number <= 127:
        width = 1
    elif -32768 <= number <= 32767:
        width = 2
    elif -2147483648 <= number <= 2147483647:
        width = 4
    else:
        return 0
    to[0] = <byte>(0xC0 | width >> 1)
    for i in range(width):
        to[1 + i] = <byte>(number >> (8 * i) & 0xFF)
    return 1 + width


def write_string(bytearray out not None, bytes value not None, bint compress=True):
    cdef Py_ssize_t size = len(value)
    cdef const byte *text = value
    cdef byte head[20]
    cdef int used = _int_bytes(head, text, size)
    cdef bytes packed = None
    cdef byte *to
    if used:
        memcpy(_room(out, used), head, used)
        return
    if compress and size > PLAIN_STRING:
        packed = _lzf.compress(value)
    if packed is None:
        used = _length_bytes(head, size)
    else:
        head[0] = 0xC3
        used = 1 + _length_bytes(head + 1, len(packed))
        used += _length_bytes(head + used, size)
        text = packed
        size = len(packed)
    to = _room(out, used + size)
    memcpy(to, head, used)
    memcpy(to + used, text, size)


cdef Py_ssize_t _rdb_length(const byte *p, Py_ssize_t at, Py_ssize_t end, i64 *length) noexcept:
    """Position behind a whole plain length, or -1 for anything else."""
    cdef int size, i
    cdef i64 n
    if at >= end:
        return -1
    if p[at] < 0x40:
        length[0] = p[at]
        return at + 1
    size = 2 if p[at] < 0x80 else 5 if p[at] == 0x80 else 9 if p[at] == 0x81 else 0
    if size == 0 or end - at < size:
        return -1
    n = (p[at] & 0x3F) if size == 2 else 0
    for i in range(1, size):
        n = (n << 8) | p[at + i]
    length[0] = n
    return at + size if n >= 0 else -1


cdef object _rdb_string(const byte *p, Py_ssize_t *at, Py_ssize_t end):
    """A whole string, ``at`` moved behind it; None for anything that is not whole and sound."""
    cdef i64 length = 0
    cdef i64 packed = 0
    cdef i64 number
    cdef int width, i
    cdef Py_ssize_t pos = at[0]
    if pos >= end:
        return None
    if p[pos] < 0xC0:
        pos = _rdb_length(p, pos, end, &length)
        if pos < 0 or end - pos < length:
            return None
        at[0] = pos + length
        return <bytes>p[pos : pos + length]
    if p[pos] <= 0xC2:
        width = 1 << (p[pos] & 3)
        if end - pos <= width:
            return None
        number = 0
        for i in range(width):
            number |= <i64>p[pos + 1 + i] << (8 * i)
        if p[pos + width] & 0x80:
            number -= <i64>1 << (8 * width)
        at[0] = pos + 1 + width
        return b"%d" % number
    if p[pos] != 0xC3:
        return None
    pos = _rdb_length(p, pos + 1, end, &packed)
    if pos >= 0:
        pos = _rdb_length(p, pos, end, &length)
    if pos < 0 or end - pos < packed:
        return None
    at[0] = pos + packed
    return _lzf.decompress(<bytes>p[pos : pos + packed], length)


def string_keys_at(const byte[::1] buf, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t most):
    cdef list pairs = []
    cdef const byte *p
    cdef Py_ssize_t at
    if pos >= end:
        return pairs, pos
    p = &buf[0]
    while pos < end and p[pos] == 0 and len(pairs) < most:
        at = pos + 1
        try:
            key = _rdb_string(p, &at, end)
            value = None if key is None else _rdb_string(p, &at, end)
        except Exception:  # LZF that is wrong: the caller's usual way names it
            break
        if value is None:
            break
        pairs.append((key, value))
        pos = at
    return pairs, pos


def format_double(double value):
    cdef i64 whole
    cdef char *text
    if fabs(value) < <double>(<i64>1 << 52):
        whole = <i64>value
        if <double>whole == value:
            return b"-0" if whole == 0 and signbit(value) else b"%d" % whole
    text = PyOS_double_to_string(value, b"r", 0, Py_DTSF_ADD_DOT_0, NULL)
    if text == NULL:
        raise MemoryError
    try:
        return <bytes>text
    finally:
        PyMem_Free(text)
