# cython: language_level=3, boundscheck=False, wraparound=False
"""The compiled twin of ``packed``: PackedList."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.ref cimport Py_INCREF
from libc.string cimport memcpy

cdef enum:
    # As in the pure twin, whose module imports this one.
    MOST_PACKED = 512
    LONGEST_PACKED = 64
    STEP = 32


cdef class PackedList:
    def __cinit__(self):
        self.data = NULL
        self.size = self.room = self.count = 0

    def __init__(self, elements=()):
        for element in elements:
            self.append(element)

    def __dealloc__(self):
        PyMem_Free(self.data)

    cpdef bint append(self, bytes element) except -1:
        cdef Py_ssize_t length = PyBytes_GET_SIZE(element)
        cdef unsigned int room
        cdef void *moved
        if self.count >= MOST_PACKED or length > LONGEST_PACKED:
            return False
        if self.size + 1 + length > self.room:
            # An eighth more than is needed, so that appending stays cheap.
            room = self.size + 1 + <unsigned int>length
            room += room // 8 + STEP
            room -= room % STEP
            moved = PyMem_Realloc(self.data, room)
            if moved is NULL:
                raise MemoryError
            self.data = <unsigned char *>moved
            self.room = room
        self.data[self.size] = <unsigned char>length
        memcpy(self.data + self.size + 1, PyBytes_AS_STRING(element), length)
        self.size += 1 + <unsigned int>length
        self.count += 1
        return True

    def unpack(self):
        cdef list elements = PyList_New(self.count)
        cdef unsigned int at = 0
        cdef Py_ssize_t index
        cdef bytes element
        for index in range(self.count):
            element = PyBytes_FromStringAndSize(<char *>self.data + at + 1, self.data[at])
            Py_INCREF(element)
            PyList_SET_ITEM(elements, index, element)
            at += 1 + self.data[at]
        return elements

    def __len__(self):
        return self.count

    def __iter__(self):
        return iter(self.unpack())

    def __reduce__(self):
        return PackedList, (self.unpack(),)

    def __sizeof__(self):
        return object.__sizeof__(self) + self.room
