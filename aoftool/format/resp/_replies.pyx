# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The compiled twin of ``replies``: encode_reply.

What is common (bulk strings, integers, nulls, arrays of these) is written into one buffer; the pure
twin encodes everything else.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy


cdef extern from "Python.h":
    long long PyLong_AsLongLongAndOverflow(object, int *)


cdef class _Out:
    """Bytes that grow at their end."""

    cdef char *data
    cdef Py_ssize_t size
    cdef Py_ssize_t room

    def __cinit__(self):
        self.room = 256
        self.size = 0
        self.data = <char *>malloc(self.room)
        if self.data == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.data)

    cdef int need(self, Py_ssize_t more) except -1:
        cdef Py_ssize_t room = self.room
        cdef char *data
        if self.size + more <= room:
            return 0
        while room < self.size + more:
            room *= 2
        data = <char *>realloc(self.data, room)
        if data == NULL:
            raise MemoryError
        self.data = data
        self.room = room
        return 0

    cdef int put(self, const char *text, Py_ssize_t size) except -1:
        self.need(size)
        memcpy(self.data + self.size, text, size)
        self.size += size
        return 0

    cdef int number(self, char mark, long long value) except -1:
        """``mark``, the digits of ``value``, CR LF."""
        cdef char text[24]
        cdef int at = 24
        cdef unsigned long long left = <unsigned long long>value
        if value < 0:
            left = 0 - left
        at -= 1
        text[at] = 10
        at -= 1
        text[at] = 13
        while True:
            at -= 1
            text[at] = 48 + left % 10
            left //= 10
            if left == 0:
                break
        if value < 0:
            at -= 1
            text[at] = 45
        at -= 1
        text[at] = mark
        return self.put(text + at, 24 - at)

    cdef int bulk(self, bytes text) except -1:
        cdef Py_ssize_t size = PyBytes_GET_SIZE(text)
        self.need(size + 32)
        self.number(36, size)
        memcpy(self.data + self.size, PyBytes_AS_STRING(text), size)
        self.size += size
        self.data[self.size] = 13
        self.data[self.size + 1] = 10
        self.size += 2
        return 0

    cdef int any_of(self, reply, bint resp3, digits) except -1:
        cdef int overflow = 0
        cdef long long value
        cdef bytes other
        kind = type(reply)
        if kind is bytes:
            return self.bulk(<bytes>reply)
        if kind is list:
            self.number(42, len(<list>reply))
            for item in <list>reply:
                if type(item) is bytes:
                    self.bulk(<bytes>item)
                else:
                    self.any_of(item, resp3, digits)
            return 0
        if kind is int:
            value = PyLong_AsLongLongAndOverflow(reply, &overflow)
            if not overflow:
                return self.number(58, value)
        elif reply is None and not resp3:
            return self.put(b"$-1\r\n", 5)
        other = _pure_encode(reply, resp3, digits)
        return self.put(PyBytes_AS_STRING(other), PyBytes_GET_SIZE(other))


cdef object _pure = None


cdef bytes _pure_encode(reply, bint resp3, digits):
    global _pure
    if _pure is None:
        # Nothing of the package is imported at module level: the pure twin imports this module.
        from aoftool.format.resp.replies import pure_encode_reply

        _pure = pure_encode_reply
    return _pure(reply, resp3, digits)


def _digits(value):
    return repr(value).encode()


def encode_reply(reply, bint resp3, digits=_digits):
    cdef _Out out = _Out()
    out.any_of(reply, resp3, digits)
    return PyBytes_FromStringAndSize(out.data, out.size)
