# What ``_hotloop`` uses of ``_hotsession`` without going through Python.

cdef class HotSession:
    cdef public object db
    cdef public list out
    cdef public object turn
    cdef public object transport
    cdef public bint resp3
    cdef public bint special
    cdef public bint closing
    cdef public bint behind
    cdef public int plain_fd
    cdef public double seen_s
    cdef public bytes last_command
    cdef public list pending
    cdef public object wrote_in
