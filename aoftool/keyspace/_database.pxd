# What ``_context`` uses of ``_database`` without going through Python.


cdef class Clock:
    cdef public object now_ms
    cdef public bint paused


cdef class Database:
    cdef readonly object index
    cdef readonly Clock clock
    cdef public dict data
    cdef public dict expires
    cdef public object on_expired
    cdef public object on_fields_expired
    cdef public object on_use
    cdef public object on_miss
    cdef public object on_new
    cdef public long long hits
    cdef public long long misses
    cpdef object get(self, bytes key)
    cpdef object read(self, bytes key)
    cpdef object put(self, bytes key, value)
    cpdef bint delete(self, bytes key)
    cdef object _expire(self, bytes key)
    cdef object _used(self, bytes key, value)
    cdef object _missed(self, bytes key)
