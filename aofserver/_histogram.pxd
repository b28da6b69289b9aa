# What ``_hotloop`` may use of ``_histogram`` without going through Python.


cdef class Histogram:
    cdef public bint on
    cdef long long *_counts
    cpdef add(self, long long nanos, long long calls)
