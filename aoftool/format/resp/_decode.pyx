# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The compiled twin of ``decode``: decode_commands_at.

Nothing of the package is imported at module level: the pure twin imports this module.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.ref cimport Py_INCREF
from libc.string cimport memcmp, memcpy

ctypedef unsigned char byte
ctypedef long long i64
ctypedef unsigned long long u64

cdef enum:
    DIGITS = 18
    LEAST_ARGUMENT = 6
    SHARED_SIZE = 24
    SHARED_SLOTS = 4096
    CHANCES = 8

#: The short arguments that were seen last, by hash. Names, keys and fields come again and again:
#: one object for all of them saves its making, its memory, and its hash. What has come again gets
#: a second chance, so that the many that come once do not drive out the few that come often.
cdef list _shared = [b""] * SHARED_SLOTS
cdef byte _came_again[SHARED_SLOTS]


def _judge_command(buf, pos, end):
    from aoftool.format.resp.decode import decode_command_at

    decode_command_at(buf, pos, end)


cdef Py_ssize_t _header(const byte *p, Py_ssize_t at, Py_ssize_t end, byte kind, i64 *number):
    """Position behind a sound header line of this kind, or -1 for anything else."""
    cdef Py_ssize_t first
    cdef i64 n = 0
    if at >= end or p[at] != kind:
        return -1
    at += 1
    first = at
    while at < end and 48 <= p[at] <= 57:
        n = n * 10 + (p[at] - 48)
        at += 1
        if at - first > DIGITS:
            return -1
    if at == first or (p[first] == 48 and at - first > 1):
        return -1
    if end - at < 2 or p[at] != 13 or p[at + 1] != 10:
        return -1
    number[0] = n
    return at + 2


cdef inline unsigned int _slot(const byte *text, Py_ssize_t size) noexcept:
    cdef u64 first = 0
    cdef u64 last = 0
    if size >= 8:
        memcpy(&first, text, 8)
        memcpy(&last, text + size - 8, 8)
    else:
        memcpy(&last, text, size)
    first = (first * 0x9E3779B97F4A7C15u) ^ last ^ <u64>size
    return <unsigned int>((first * 0xFF51AFD7ED558CCDu) >> 52)


cdef inline bytes _argument(const byte *text, Py_ssize_t size):
    """The argument as an object, the one that it was last time where it is short."""
    cdef unsigned int slot
    cdef bytes kept
    if size > SHARED_SIZE:
        return PyBytes_FromStringAndSize(<const char *>text, size)
    slot = _slot(text, size)
    kept = <bytes>_shared[slot]
    if PyBytes_GET_SIZE(kept) == size and memcmp(PyBytes_AS_STRING(kept), text, size) == 0:
        if _came_again[slot] < CHANCES:
            _came_again[slot] += 1
        return kept
    kept = PyBytes_FromStringAndSize(<const char *>text, size)
    if _came_again[slot]:
        _came_again[slot] -= 1
    else:
        _shared[slot] = kept
    return kept


cdef list _command(const byte *p, Py_ssize_t *at, Py_ssize_t end):
    """The arguments of a sound, whole command, ``at`` moved behind it; None for any other."""
    cdef i64 count = 0
    cdef i64 length = 0
    cdef i64 i
    cdef list argv
    cdef bytes argument
    cdef Py_ssize_t pos = _header(p, at[0], end, 42, &count)
    # Nothing is allocated for a count that the bytes at hand cannot hold.
    if pos < 0 or count < 1 or count > (end - pos) // LEAST_ARGUMENT:
        return None
    argv = PyList_New(count)
    for i in range(count):
        pos = _header(p, pos, end, 36, &length)
        if pos < 0 or end - pos < length + 2:
            return None
        if p[pos + length] != 13 or p[pos + length + 1] != 10:
            return None
        argument = _argument(p + pos, length)
        Py_INCREF(argument)
        PyList_SET_ITEM(argv, i, argument)
        pos += length + 2
    at[0] = pos
    return argv


cdef tuple decode_whole(const byte *p, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t most):
    """The sound, whole commands from ``pos`` on, and where each ends."""
    cdef list commands = []
    cdef list ends = []
    cdef list argv
    while pos < end and p[pos] != 35 and len(commands) < most:
        argv = _command(p, &pos, end)
        if argv is None:
            break
        commands.append(argv)
        ends.append(pos)
    return commands, ends


def decode_commands_at(const byte[::1] buf, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t most):
    # The pure decoder judges what is no whole command, so that one place names what is wrong.
    cdef tuple found
    if pos >= end:
        return [], []
    found = decode_whole(&buf[0], pos, end, most)
    if not <list>found[0] and buf[pos] != 35 and most > 0:
        _judge_command(buf, pos, end)
    return found
