# cython: language_level=3, boundscheck=False, wraparound=False
"""The compiled twins of ``database``: Clock, Database."""

from cpython.dict cimport PyDict_Contains, PyDict_DelItem, PyDict_GetItem, PyDict_SetItem
from cpython.object cimport PyObject


cdef class Clock:
    def __init__(self, now_ms=0, bint paused=False):
        self.now_ms = now_ms
        self.paused = paused


cdef class Database:
    def __init__(self, index, Clock clock not None):
        self.index = index
        self.clock = clock
        self.data = {}
        self.expires = {}
        self.on_expired = None
        self.on_fields_expired = None
        self.on_use = None
        self.on_miss = None
        self.on_new = None

    def __len__(self):
        return len(self.data)

    cpdef object get(self, bytes key):
        cdef PyObject *found
        if not self.clock.paused and self.expires and PyDict_Contains(self.expires, key):
            self._expire(key)
        found = PyDict_GetItem(self.data, key)
        if found is NULL:
            return None
        if self.on_use is not None:
            return self._used(key, <object>found)
        return <object>found

    cdef object _used(self, bytes key, value):
        self.on_use(key)
        return value

    cpdef object read(self, bytes key):
        value = self.get(key)
        if value is None:
            return self._missed(key)
        self.hits += 1
        return value

    cdef object _missed(self, bytes key):
        self.misses += 1
        if self.on_miss is not None:
            self.on_miss(self.index, key)

    def peek(self, bytes key not None):
        on_use = self.on_use
        self.on_use = None
        try:
            return self.read(key)
        finally:
            self.on_use = on_use

    cdef object _expire(self, bytes key):
        if self.clock.now_ms <= self.expires[key]:
            return
        self.delete(key)
        if self.on_expired is not None:
            self.on_expired(self.index, key)

    cpdef object put(self, bytes key, value):
        if self.on_new is not None:
            self._store_new(key, value)
        else:
            PyDict_SetItem(self.data, key, value)
        if self.on_use is not None:
            self.on_use(key)

    def _store_new(self, bytes key, value):
        cdef bint known = PyDict_Contains(self.data, key)
        PyDict_SetItem(self.data, key, value)
        if not known:
            self.on_new(self.index, key)

    def replace(self, bytes key, value):
        self.put(key, value)
        if self.expires and PyDict_Contains(self.expires, key):
            PyDict_DelItem(self.expires, key)

    def replace_all(self, keys, values):
        if self.on_use is None and self.on_new is None and not self.expires:
            for key, value in zip(keys, values):
                PyDict_SetItem(self.data, key, value)
            return
        for key, value in zip(keys, values):
            self.replace(key, value)

    cpdef bint delete(self, bytes key):
        if self.expires and PyDict_Contains(self.expires, key):
            PyDict_DelItem(self.expires, key)
        if not PyDict_Contains(self.data, key):
            return False
        PyDict_DelItem(self.data, key)
        return True

    def expire_at(self, bytes key):
        return self.expires.get(key)

    def set_expire(self, bytes key, at_ms):
        PyDict_SetItem(self.expires, key, at_ms)

    def persist(self, bytes key):
        if not PyDict_Contains(self.expires, key):
            return False
        PyDict_DelItem(self.expires, key)
        return True

    def clear(self):
        count = len(self.data)
        self.data = {}
        self.expires = {}
        return count
