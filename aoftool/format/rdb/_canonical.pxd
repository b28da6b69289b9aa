# Inline functions that the compiled twins of this folder share.

ctypedef unsigned char byte
ctypedef long long i64


cdef inline bint canonical_int(const byte *text, Py_ssize_t size, i64 *number) noexcept nogil:
    """Whether ``text`` is the one decimal form of a 64-bit integer, which ``number`` becomes."""
    cdef unsigned long long n = 0
    cdef unsigned long long limit = 0x7FFFFFFFFFFFFFFF
    cdef bint negative = size > 0 and text[0] == 45
    cdef Py_ssize_t at = negative
    if at == size or size > 20 or (text[at] == 48 and (size > at + 1 or negative)):
        return False
    while at < size:
        if not 48 <= text[at] <= 57:
            return False
        # Nineteen digits always fit; a twentieth would not, whatever it is.
        if at - negative == 19:
            return False
        n = n * 10 + (text[at] - 48)
        at += 1
    if n > limit + negative:
        return False
    number[0] = <i64>(0 - n) if negative else <i64>n
    return True


cdef inline int put_little(byte *to, i64 number, int width) noexcept nogil:
    """Write the low ``width`` bytes of a number, lowest first; gives ``width`` back."""
    cdef int i
    for i in range(width):
        to[i] = <byte>(number >> (8 * i) & 0xFF)
    return width


cdef inline bint fits(i64 number, int width) noexcept nogil:
    """Whether a signed integer of ``width`` bytes, less than 8, holds the number."""
    cdef i64 limit = <i64>1 << (8 * width - 1)
    return -limit <= number < limit
