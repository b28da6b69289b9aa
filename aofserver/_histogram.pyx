# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The compiled twin of ``histogram``: Histogram."""

from libc.stdlib cimport calloc, free

cdef extern from *:
    int __builtin_clzll(unsigned long long value) nogil

cdef enum:
    WORD = 64
    BITS = 8
    SMALL = 256  # durations that are told apart each by itself
    HALF = 128  # places for each bit beyond
    PLACES = 3072
    LONGEST = 1000000000


cdef class Histogram:
    def __init__(self, bint on=True):
        self.on = on

    def __dealloc__(self):
        free(self._counts)

    cpdef add(self, long long nanos, long long calls):
        cdef int shift
        if not self.on or calls <= 0:
            return
        if self._counts is NULL:
            self._counts = <long long *>calloc(PLACES, sizeof(long long))
            if self._counts is NULL:
                raise MemoryError
        nanos //= calls
        nanos = 1 if nanos < 1 else LONGEST if nanos > LONGEST else nanos
        shift = WORD - BITS - __builtin_clzll(nanos)
        if shift <= 0:
            self._counts[nanos] += calls
        else:
            self._counts[SMALL + (shift - 1) * HALF + (nanos >> shift) - HALF] += calls

    def rows(self):
        cdef int at, shift
        cdef long long low
        found = []
        if self._counts is NULL:
            return found
        for at in range(PLACES):
            if self._counts[at]:
                shift = 0 if at < SMALL else (at - SMALL) // HALF + 1
                low = at if at < SMALL else <long long>((at - SMALL) % HALF + HALF) << shift
                found.append((low, low + (<long long>1 << shift) - 1, self._counts[at]))
        return found
