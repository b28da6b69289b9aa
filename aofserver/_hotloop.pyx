# cython: language_level=3, boundscheck=False, wraparound=False
"""The compiled twin of ``hotloop``: serve, receive, read_ready, let_out."""

from cpython.bytes cimport (
    PyBytes_AS_STRING,
    PyBytes_Check,
    PyBytes_FromStringAndSize,
    PyBytes_GET_SIZE,
)
from cpython.dict cimport PyDict_GetItem
from cpython.list cimport PyList_Append
from cpython.long cimport PyLong_CheckExact
from cpython.object cimport PyObject
from libc.errno cimport errno
from libc.stdio cimport snprintf
from libc.string cimport memcpy
from posix.unistd cimport read, write
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from aoftool.format.resp._decode cimport decode_whole
from aoftool.keyspace._context cimport Context

from aofserver._histogram cimport Histogram
from aofserver._hotsession cimport HotSession

from aofserver.replies import NULL as NIL
from aofserver.replies import SIMPLE_OK, encode
from aoftool.format.resp.replies import OK
from aoftool.keyspace.errors import CommandError

ctypedef long long i64

cdef enum:
    SMALL = 1024
    HEADER = 32
    AT_ONCE = 10000
    ROOM = 256 * 1024

cdef char _room[ROOM]  # what a socket is read into before it is known how much it is

cdef list _integers = [b":%d\r\n" % number for number in range(SMALL)]
cdef object _ok = OK
cdef bytes _simple_ok = SIMPLE_OK
cdef bytes _nil = NIL


cdef inline i64 _nanos() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <i64>now.tv_sec * 1000000000 + now.tv_nsec


cdef inline bytes _bulk(bytes value):
    """A bulk string."""
    cdef char header[HEADER]
    cdef Py_ssize_t size = PyBytes_GET_SIZE(value)
    cdef int head = snprintf(header, HEADER, b"$%zd\r\n", size)
    cdef bytes made = PyBytes_FromStringAndSize(NULL, head + size + 2)
    cdef char *at = PyBytes_AS_STRING(made)
    memcpy(at, header, head)
    memcpy(at + head, PyBytes_AS_STRING(value), size)
    memcpy(at + head + size, b"\r\n", 2)
    return made


cdef inline bytes _reply(object reply, bint resp3):
    if reply is _ok:
        return _simple_ok
    if type(reply) is bytes:
        return _bulk(<bytes>reply)
    if PyLong_CheckExact(reply):
        if 0 <= reply < SMALL:
            return <bytes>_integers[<Py_ssize_t>reply]
        return b":%d\r\n" % reply
    if reply is None and not resp3:
        return _nil
    return encode(reply, resp3)


cdef inline Py_ssize_t _fed(feed, db, bytes buf, Py_ssize_t run, Py_ssize_t at) except -2:
    if run >= 0:
        feed.command(db.index, buf[run:at])
    return -1


def serve(
    dispatcher,
    HotSession session not None,
    list commands not None,
    bytes buf not None,
    Py_ssize_t at,
    list ends not None,
):
    cdef Context ctx = dispatcher.ctx
    cdef dict known = dispatcher.known
    cdef list afterwards = dispatcher.afterwards
    cdef list out = session.out
    cdef bint resp3 = session.resp3
    ctx.session = session
    ctx.db = session.db
    ctx.resp3 = resp3
    if not out:
        turn = session.turn
        PyList_Append(<list>turn.sessions, session)
        if not turn.armed:
            turn.arm()
    cdef i64 began = ctx.dirty
    cdef Py_ssize_t run = -1  # where the bytes begin that will be fed as they came
    cdef Py_ssize_t index, end, argc, arity, raw
    cdef i64 before, now, took
    cdef i64 last = _nanos()
    cdef i64 slow = dispatcher.slow_nanos
    cdef i64 calls = 0
    cdef i64 nanos = 0
    cdef bint changed
    cdef list argv
    cdef tuple entry = None
    cdef tuple counted = None  # the entry that ``calls`` and ``nanos`` belong to
    cdef PyObject *found
    units = dispatcher.propagation
    feed = units.feed
    db = ctx.db
    # Both change only while something unusual runs.
    cdef bint special = dispatcher.special or session.special
    for index in range(len(commands)):
        argv = <list>commands[index]
        end = ends[index]
        argc = len(argv)
        found = PyDict_GetItem(known, argv[0])
        entry = None if found is NULL else <tuple>found
        if entry is not None:
            arity = entry[1]
            if argc != arity if arity > 0 else argc < -arity:
                entry = None
        if entry is None or special:
            run = _fed(feed, db, buf, run, at)
            if calls:
                _count(counted, calls, nanos)
                calls = nanos = 0
            dispatcher.unusual(session, argv, buf[at:end])
            out = session.out
            resp3 = session.resp3
            special = dispatcher.special or session.special
            slow = dispatcher.slow_nanos
            db = ctx.db
            at = end
            last = _nanos()
            if session.closing:
                break
            continue
        if entry is not counted:
            if calls:
                _count(counted, calls, nanos)
                calls = nanos = 0
            counted = entry
        before = ctx.dirty
        ctx.fact = None
        try:
            reply = (<object>entry[0])(ctx, argv)
            PyList_Append(out, _reply(reply, resp3))
        except CommandError as error:
            dispatcher.failed(session, entry[3], error)
            reply = None
        changed = ctx.dirty != before
        raw = entry[2]
        if changed and (raw == 0 or raw == argc) and not units.collected and ctx.db is db:
            if run < 0:
                run = at
        else:
            run = _fed(feed, db, buf, run, at)
            if changed:
                units.propagate(entry[4], argv, reply, buf[at:end])
            elif units.collected:
                units.close_unit(False)
            db = ctx.db
        at = end
        if afterwards:
            run = _fed(feed, db, buf, run, at)
            dispatcher.finish()
        now = _nanos()
        took = now - last
        last = now
        calls += 1
        nanos += took
        if took > slow >= 0:
            dispatcher.on_slow(session, argv, took)
    if calls:
        _count(counted, calls, nanos)
    _fed(feed, db, buf, run, at)
    if ctx.dirty != began:
        session.wrote_in = session.turn.number
    session.db = ctx.db
    if entry is not None:
        session.last_command = entry[4].name


def receive(reader, bytes data not None):
    _receive(reader, data)


cdef int _receive(reader, bytes data) except -1:
    cdef HotSession session = reader.session
    if not _serve_whole(reader.desk, session, reader.requests, data):
        reader.look_closely(data)
    elif session.pending:
        reader.hold()
    return 0


cdef bint _serve_whole(desk, HotSession session, requests, bytes data) except -1:
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    cdef tuple found
    cdef list ends
    if session.special or session.closing or requests.rest or requests.large is not None:
        return False
    found = decode_whole(<const unsigned char *>PyBytes_AS_STRING(data), 0, size, AT_ONCE)
    ends = <list>found[1]
    if not ends or ends[len(ends) - 1] != size:
        return False
    if session.turn.armed:
        stats = desk.stats
        stats.input_bytes += size
        stats.reads += 1
        session.seen_s = desk.now_s
    else:
        desk.begin_turn(session, size)
    serve(desk.dispatcher, session, <list>found[0], data, 0, ends)
    return True


def read_ready(dict readers not None, list events not None):
    cdef PyObject *found
    cdef Py_ssize_t size
    cdef tuple event
    cdef int fd
    for event in events:
        found = PyDict_GetItem(readers, event[0])
        if found is NULL:
            continue
        reader = <object>found
        fd = event[0]
        size = read(fd, _room, ROOM)
        if size > 0:
            try:
                _receive(reader, PyBytes_FromStringAndSize(_room, size))
            except Exception as error:
                reader.broken(error)
        else:
            code = errno if size < 0 else 0
            reader.read_failed(code)


def let_out(list sessions not None, stats):
    cdef HotSession session
    cdef list out
    cdef bytes data
    cdef Py_ssize_t size, gone
    cdef int fd
    cdef i64 count = 0
    cdef i64 written = 0
    for session in sessions:
        out = session.out
        session.out = []
        transport = session.transport
        if transport is None:
            continue
        data = <bytes>out[0] if len(out) == 1 else b"".join(out)
        size = PyBytes_GET_SIZE(data)
        count += 1
        written += size
        gone = 0
        fd = session.plain_fd
        if fd >= 0 and not (session.behind and transport.get_write_buffer_size()):
            gone = write(fd, PyBytes_AS_STRING(data), size)
            if gone < 0:
                gone = 0
            session.behind = gone != size
        if gone != size and not transport.is_closing():
            transport.write(memoryview(data)[gone:])
        if session.closing:
            transport.close()
    stats.writes += count
    stats.output_bytes += written


cdef int _count(tuple entry, i64 calls, i64 nanos) except -1:
    stats = entry[3]
    stats.calls += calls
    stats.nanos += nanos
    (<Histogram>stats.times).add(nanos, calls)
    return 0
