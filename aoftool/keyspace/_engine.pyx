# cython: language_level=3, boundscheck=False, wraparound=False
"""The compiled twin of ``engine``: run_all.

What millions of commands wait for is memory more than the interpreter: key, value and what is
inside of it lie somewhere else for each. So the values of some dozens of commands are asked for
before the first of these runs; then the processor fetches many at a time.

The plainest form of the writes that files consist of is carried out here while a file is loaded:
what anything else means, errors included, is said by the handlers only.
"""

from cpython.dict cimport (
    PyDict_Check,
    PyDict_Contains,
    PyDict_DelItem,
    PyDict_GetItem,
    PyDict_SetItem,
)
from cpython.list cimport PyList_Append, PyList_GET_SIZE
from cpython.object cimport PyObject

from aoftool.keyspace._context cimport Context
from aoftool.keyspace._database cimport Database
from aoftool.keyspace._packed cimport PackedList

from aoftool.keyspace.command import find
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.numbers import parse_float, parse_int
from aoftool.keyspace.packed import may_be_packed
from aoftool.keyspace.values import SHORT_LIST, HashValue, ShortList, ZSetValue

cdef extern from "_ahead.h":
    ctypedef struct aoftool_ahead:
        pass
    void aoftool_ahead_index(aoftool_ahead *ahead, PyObject *table, PyObject *key) noexcept
    void aoftool_ahead_entry(aoftool_ahead *ahead) noexcept
    PyObject *aoftool_ahead_value(aoftool_ahead *ahead) noexcept
    void aoftool_fetch(PyObject *object) noexcept
    void aoftool_ahead_inside(PyObject *value, int lines) noexcept

cdef enum:
    AHEAD = 64
    LINES = 5
    PAIR = 4
    FEW = 8

cdef enum:
    PLAIN_NONE = 0
    PLAIN_SET = 1
    PLAIN_PEXPIREAT = 2
    PLAIN_HSET = 3
    PLAIN_RPUSH = 4
    PLAIN_ZADD = 5

#: The writes whose plainest form is known here, and how many words that has.
cdef dict PLAIN_FORMS = {
    b"SET": (PLAIN_SET, 3),
    b"PEXPIREAT": (PLAIN_PEXPIREAT, 3),
    b"HSET": (PLAIN_HSET, 4),
    b"HMSET": (PLAIN_HSET, 4),
    b"RPUSH": (PLAIN_RPUSH, 3),
    b"ZADD": (PLAIN_ZADD, 4),
}
cdef Py_ssize_t LONGEST_SHORT = SHORT_LIST

#: (handler, arity, plain form, its words) of commands without sub-commands, by the name as it was
#: written.
cdef dict _plain = {}


cdef object _handler(argv, style):
    """The handler of a command that was not called before, or not with so many arguments."""
    command = find(argv, style)
    if not command.subcommands and b" " not in command.name:
        form = PLAIN_FORMS.get(command.name, (PLAIN_NONE, 0))
        _plain[argv[0]] = command.handler, command.arity, *form
    return command.handler


cdef void _fetch(aoftool_ahead *ahead, PyObject **values, Py_ssize_t count) noexcept:
    """The later steps of so many lookups: entries, then keys and values."""
    cdef Py_ssize_t i
    for i in range(count):
        aoftool_ahead_entry(&ahead[i])
    for i in range(count):
        values[i] = aoftool_ahead_value(&ahead[i])


cdef void _fetch_first(dict table, list commands, PyObject **values):
    """Look ahead for the first key of each command; ``values`` become what may be its value."""
    cdef aoftool_ahead ahead[AHEAD]
    cdef Py_ssize_t i
    cdef list argv
    for i in range(len(commands)):
        argv = commands[i]
        # Where there is no key, the name does as well: nothing comes of it.
        name = argv[1] if len(argv) > 1 else argv[0]
        aoftool_ahead_index(&ahead[i], <PyObject *>table, <PyObject *>name)
    _fetch(ahead, values, len(commands))


cdef void _fetch_ahead(data, expires, list commands):
    """Ask for the values of the commands' first keys, then for what those values point at.

    At most AHEAD commands. Nothing is changed, and it does not matter where an argument is no key.
    """
    cdef aoftool_ahead ahead[AHEAD]
    cdef PyObject *values[AHEAD]
    cdef Py_ssize_t i
    cdef Py_ssize_t count = 0
    cdef list argv
    if expires:
        _fetch_first(expires, commands, values)
    _fetch_first(data, commands, values)
    for i in range(len(commands)):
        if values[i] is not NULL and type(<object>values[i]) is ZSetValue:
            values[i] = <PyObject *>(<object>values[i]).scores  # which the sorted set keeps alive
            aoftool_fetch(values[i])
    for i in range(len(commands)):
        if values[i] is not NULL:
            aoftool_ahead_inside(values[i], LINES)
    for i in range(len(commands)):
        argv = commands[i]
        if values[i] is not NULL and len(argv) == PAIR and PyDict_Check(<object>values[i]):
            name = argv[3 if type(<object>values[i]) is dict else 2]
            aoftool_ahead_index(&ahead[count], values[i], <PyObject *>name)
            count += 1
    _fetch(ahead, values, count)


cdef bint _set(Context ctx, list argv) except -1:
    cdef Database db = ctx.db
    PyDict_SetItem(db.data, argv[1], argv[2])
    if db.expires and PyDict_Contains(db.expires, argv[1]):
        PyDict_DelItem(db.expires, argv[1])
    ctx.dirty += 1
    return True


cdef bint _pexpireat(Context ctx, list argv) except -1:
    at_ms = parse_int(argv[2])
    if at_ms is None or not PyDict_Contains(ctx.db.data, argv[1]):
        return False
    PyDict_SetItem(ctx.db.expires, argv[1], at_ms)
    ctx.fact = at_ms
    ctx.dirty += 1
    return True


cdef bint _hset(Context ctx, list argv) except -1:
    cdef PyObject *value = PyDict_GetItem(ctx.db.data, argv[1])
    cdef PyObject *old
    if value is NULL or type(<object>value) is not HashValue:
        return False
    if (<object>value).expires is not None:
        return False
    old = PyDict_GetItem(<object>value, argv[2])
    if old is not NULL and len(<bytes>old) > len(<bytes>argv[3]):
        return False
    PyDict_SetItem(<object>value, argv[2], argv[3])
    ctx.dirty += 1
    return True


cdef bint _rpush(Context ctx, list argv) except -1:
    cdef PyObject *value = PyDict_GetItem(ctx.db.data, argv[1])
    cdef PackedList packed
    if value is NULL:
        return False
    if type(<object>value) is PackedList:
        packed = <PackedList>value
        if not packed.append(argv[2]):
            return False
    elif type(<object>value) is not ShortList or PyList_GET_SIZE(<object>value) >= LONGEST_SHORT:
        return False
    elif PyList_GET_SIZE(<object>value) < FEW and may_be_packed(<object>value):
        packed = PackedList(<object>value)
        if not packed.append(argv[2]):
            return False
        ctx.db.data[argv[1]] = packed
    else:
        PyList_Append(<object>value, argv[2])
    ctx.dirty += 1
    return True


cdef bint _zadd(Context ctx, list argv) except -1:
    cdef PyObject *value = PyDict_GetItem(ctx.db.data, argv[1])
    cdef PyObject *old
    cdef dict scores
    if value is NULL or type(<object>value) is not ZSetValue:
        return False
    score = parse_float(argv[2])
    if not score or (<object>value)._order is not None:  # no number, an option, or a zero's sign
        return False
    scores = (<object>value).scores
    old = PyDict_GetItem(scores, argv[3])
    if old is NULL or <double>(<object>old) != <double>score:
        PyDict_SetItem(scores, argv[3], score)
        ctx.dirty += 1
    return True


cdef bint _run_plain(Context ctx, int form, list argv) except -1:
    """Whether the command was carried out here; nothing is changed where it was not."""
    if form == PLAIN_SET:
        return _set(ctx, argv)
    if form == PLAIN_PEXPIREAT:
        return _pexpireat(ctx, argv)
    if form == PLAIN_HSET:
        return _hset(ctx, argv)
    if form == PLAIN_RPUSH:
        return _rpush(ctx, argv)
    return _zadd(ctx, argv)


def run_all(Context ctx not None, list commands not None, failed):
    cdef Py_ssize_t index, arity
    cdef Py_ssize_t total = len(commands)
    cdef list argv
    cdef tuple row
    cdef PyObject *found
    # Nobody listens, nothing expires, and no client is to be told an error.
    cdef bint loading = ctx.trusted and ctx.listener is None and ctx.db.clock.paused
    style = ctx.options.style
    for index in range(total):
        if index % AHEAD == 0:
            _fetch_ahead(ctx.db.data, ctx.db.expires, commands[index : index + AHEAD])
        argv = commands[index]
        try:
            found = PyDict_GetItem(_plain, argv[0])
            handler = None
            if found is not NULL:
                row = <tuple>found
                if loading and <int>row[2] and len(argv) == <Py_ssize_t>row[3]:
                    if _run_plain(ctx, row[2], argv):
                        continue
                arity = row[1]
                if len(argv) == arity or (arity < 0 and len(argv) >= -arity):
                    handler = row[0]
            if handler is None:
                handler = _handler(argv, style)
            handler(ctx, argv)
        except CommandError as error:
            failed(index, error)
