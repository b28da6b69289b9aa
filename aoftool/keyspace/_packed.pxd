# What ``_engine`` uses of ``_packed`` without going through Python.


cdef class PackedList:
    cdef unsigned char *data
    cdef unsigned int size
    cdef unsigned int room
    cdef unsigned int count
    cpdef bint append(self, bytes element) except -1
