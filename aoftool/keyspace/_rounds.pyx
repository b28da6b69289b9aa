# cython: language_level=3, boundscheck=False, wraparound=False
"""The compiled twins of ``rounds``: Rounds, Picker.

Between two calls only the place of an entry is kept. Where the dict has changed meanwhile the
place is another entry's, or none's: PyDict_Next looks at the dict as it is at each call.
"""

from cpython.dict cimport PyDict_Next
from cpython.object cimport PyObject

cdef enum:
    #: Draws after which the place of the first entry is looked for from the beginning.
    REFRESH = 20000


cdef class Rounds:
    cdef public long long laps
    cdef Py_ssize_t _at

    def __init__(self):
        self.laps = 0
        self._at = 0

    cdef bint _step(self, dict table, PyObject **key, PyObject **value):
        """Go on to the next entry; at the end begin again, and say so."""
        if PyDict_Next(table, &self._at, key, value):
            return True
        self._at = 0
        self.laps += 1
        return False

    def due(self, dict table not None, Py_ssize_t count, before):
        cdef PyObject *key
        cdef PyObject *value
        cdef Py_ssize_t met = 0
        cdef long long limit = before
        cdef list found = []
        while met < count:
            if not self._step(table, &key, &value):
                break
            met += 1
            if <long long><object>value < limit:
                found.append(<object>key)
        return found, met

    def of_kind(self, dict table not None, Py_ssize_t count, kind):
        cdef PyObject *key
        cdef PyObject *value
        cdef Py_ssize_t met = 0
        cdef list found = []
        while met < count:
            if not self._step(table, &key, &value):
                break
            met += 1
            if type(<object>value) is kind:
                found.append(<object>key)
        return found, met

    def keys(self, dict table not None, Py_ssize_t count):
        cdef PyObject *key
        cdef PyObject *value
        cdef list found = []
        while len(found) < count:
            if not self._step(table, &key, &value):
                break
            found.append(<object>key)
        return found


cdef class Picker:
    # All entries stand from place _first on, and none at _high or behind it.
    cdef Py_ssize_t _first
    cdef Py_ssize_t _high
    cdef int _draws

    def __init__(self):
        self._first = self._high = 0
        self._draws = 0

    cdef PyObject *_from(self, dict table, Py_ssize_t place):
        """The first key at this place or behind it."""
        cdef PyObject *key
        cdef PyObject *value
        cdef Py_ssize_t at = place
        return key if PyDict_Next(table, &at, &key, &value) else NULL

    cdef void _bound(self, dict table):
        """Find where the entries begin and end; what they did since the last time is looked at."""
        cdef PyObject *key
        cdef PyObject *value
        cdef Py_ssize_t at
        self._draws += 1
        if self._draws > REFRESH or self._first >= self._high:
            self._first = self._draws = 0
        at = self._first
        if not PyDict_Next(table, &at, &key, &value):
            self._first = at = 0
            PyDict_Next(table, &at, &key, &value)
        # Oldest entries go first where the longest unused are evicted: they leave a long gap.
        self._first = at - 1
        self._high = max(self._high, at)
        while self._from(table, self._high) is not NULL:
            self._high += self._high // 8 + 16

    def pick(self, dict table not None, double chance):
        cdef PyObject *found
        cdef Py_ssize_t place
        if not table:
            self._high = 0
            return None
        while True:
            self._bound(table)
            place = self._first + <Py_ssize_t>(chance * (self._high - self._first))
            found = self._from(table, place)
            if found is not NULL:
                return <object>found
            # Nothing stands there or behind: a smaller end is known now.
            self._high = max(place, self._first + 1)
