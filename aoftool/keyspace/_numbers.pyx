# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The compiled twins of ``numbers``: parse_int, parse_float.

Nothing of the package is imported at module level: the pure twins import this module.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from aoftool.format.rdb._canonical cimport byte, canonical_int, i64

cdef enum:
    EXACT_DIGITS = 15

#: Powers of ten that a double holds exactly, as many as there can be digits.
cdef double[16] _POWERS = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]


def parse_int(bytes text not None):
    cdef i64 number = 0
    if canonical_int(<const byte *>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), &number):
        return number
    return None


cdef bint _plain_float(const byte *text, Py_ssize_t size, double *value) noexcept:
    """Whether ``text`` is a decimal without exponent, of so few digits that one division is exact.

    Both the digits as an integer and the power of ten are doubles without error then, and IEEE 754
    rounds their quotient as ``strtod`` does.
    """
    cdef i64 number = 0
    cdef int digits = 0
    cdef int places = -1
    cdef Py_ssize_t at = 0
    if size and (text[0] == 45 or text[0] == 43):
        at = 1
    while at < size:
        if text[at] == 46 and places < 0:
            places = 0
        elif 48 <= text[at] <= 57 and digits < EXACT_DIGITS:
            number = number * 10 + (text[at] - 48)
            digits += 1
            places += places >= 0
        else:
            return False
        at += 1
    if digits == 0:
        return False
    value[0] = <double>number / _POWERS[max(places, 0)]
    if text[0] == 45:
        value[0] = -value[0]
    return True


def parse_float(bytes text not None):
    cdef double value = 0
    if _plain_float(<const byte *>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), &value):
        return value
    return _any_float(text)


def _any_float(text):
    from aoftool.keyspace.numbers import pure_parse_float

    return pure_parse_float(text)
