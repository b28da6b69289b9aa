# What ``_engine`` uses of ``_context`` without going through Python.

from aoftool.keyspace._database cimport Database


cdef class Context:
    cdef public object keyspace
    cdef public Database db
    cdef public object rng
    cdef public object options
    cdef public long long dirty
    cdef public bint trusted
    cdef public bint resp3
    cdef public object fact
    cdef public object listener
