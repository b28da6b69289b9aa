# cython: language_level=3, boundscheck=False, wraparound=False
"""The compiled twin of ``rdbmap``: rdb_items.

As ``_engine`` it asks for the memory of some dozens of keys before it gives the first of them.
"""

from itertools import islice

from cpython.dict cimport PyDict_Check, PyDict_GetItem, PyDict_Next
from cpython.list cimport PyList_Check, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.object cimport PyObject

from aoftool.keyspace.values import ZSetValue

cdef extern from "_ahead.h":
    ctypedef struct aoftool_ahead:
        pass
    void aoftool_ahead_index(aoftool_ahead *ahead, PyObject *table, PyObject *key) noexcept
    void aoftool_ahead_entry(aoftool_ahead *ahead) noexcept
    PyObject *aoftool_ahead_value(aoftool_ahead *ahead) noexcept
    void aoftool_ahead_inside(PyObject *value, int lines) noexcept
    void aoftool_fetch(PyObject *object) noexcept

cdef enum:
    AHEAD = 32
    LINES = 5
    ELEMENTS = 64


cdef void _fetch_expiries(list items, dict expires):
    cdef aoftool_ahead ahead[AHEAD]
    cdef Py_ssize_t i
    for i in range(len(items)):
        key = (<tuple>items[i])[0]
        aoftool_ahead_index(&ahead[i], <PyObject *>expires, <PyObject *>key)
    for i in range(len(items)):
        aoftool_ahead_entry(&ahead[i])
    for i in range(len(items)):
        aoftool_ahead_value(&ahead[i])


cdef void _fetch_elements(object value):
    """Ask for what a list holds, or for the values of a dict."""
    cdef PyObject *element
    cdef PyObject *name
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t i
    if PyList_Check(value):
        for i in range(min(<Py_ssize_t>ELEMENTS, PyList_GET_SIZE(value))):
            aoftool_fetch(PyList_GET_ITEM(value, i))
    elif PyDict_Check(value) and len(<dict>value) <= ELEMENTS:
        while PyDict_Next(value, &at, &name, &element):
            aoftool_fetch(name)
            aoftool_fetch(element)


cdef void _fetch_values(list items):
    cdef list inner = []
    for _, value in items:
        aoftool_fetch(<PyObject *>value)
    for _, value in items:
        if type(value) is not bytes:
            inner.append(value.scores if type(value) is ZSetValue else value)
    for value in inner:
        aoftool_ahead_inside(<PyObject *>value, LINES)
    for value in inner:
        _fetch_elements(value)


def rdb_items(database):
    # The pure twin's module imports this one.
    from aoftool.keyspace.rdbmap import rdb_value

    cdef dict expires = database.expires
    cdef PyObject *at_ms
    cdef list items
    rest = iter(database.data.items())
    while items := list(islice(rest, AHEAD)):
        if expires:
            _fetch_expiries(items, expires)
        _fetch_values(items)
        for key, value in items:
            at_ms = PyDict_GetItem(expires, key)
            expiry = None if at_ms is NULL else <object>at_ms
            if type(value) is bytes:
                yield key, "string", value, expiry
            else:
                kind, plain = rdb_value(value)
                yield key, kind, plain, expiry
