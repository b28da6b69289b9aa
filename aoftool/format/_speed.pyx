# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Compiled twins of the hot loops in ``aoftool.format``: same names, same results.

RespScanner: ``resp/scan.py``; decode_commands_at: ``resp/decode.py``; RdbWalker: ``rdb/walk.py``;
lzf_compress, lzf_decompress: ``rdb/lzf.py``; write_string,
string_keys_at: ``rdb/primitives.py``. The tests run both on the same input, damaged input
included. Nothing of the package is imported at module level: the pure twins import this module.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE, PyByteArray_Resize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.string cimport memcmp, memcpy, memset

ctypedef unsigned char byte
ctypedef long long i64

cdef enum:
    WORD = 64
    DIGITS = 18
    ANNOTATION_LINE = 1023
    TABLE = 8192
    MAX_NAMES = 4096

cdef enum:
    MORE = 0
    BAD = 1
    NOTE = 2
    GO_ON = 3

cdef enum:
    NOTE_NONE = 0
    NOTE_ANNOTATION = 1
    NOTE_UNKNOWN = 2
    NOTE_ARITY = 3
    NOTE_SELECT = 4
    NOTE_NESTED_MULTI = 5
    NOTE_LONE_EXEC = 6
    NOTE_CONTAINER = 7

cdef enum:
    KIND_PLAIN = 0
    KIND_SELECT = 1
    KIND_MULTI = 2
    KIND_EXEC = 3
    KIND_CONTAINER = 4

cdef enum:
    STAGE_RECORD = 0
    STAGE_BULK = 1
    STAGE_BODY = 2
    STAGE_END = 3

cdef enum:
    WRONG_RECORD_TYPE = 1
    WRONG_ARRAY_COUNT = 2
    WRONG_BULK_TYPE = 3
    WRONG_BULK_LENGTH = 4
    WRONG_LINE_END = 5
    WRONG_BULK_END = 6
    WRONG_NO_ARGUMENTS = 7
    WRONG_ANNOTATION = 8

#: For the test that holds them against ``resp/limits.py``.
LIMITS = (WORD, DIGITS, ANNOTATION_LINE)


cdef struct Name:
    byte text[WORD]
    int size
    int arity
    int kind
    i64 count


cdef inline byte upper(byte c) noexcept nogil:
    return c - 32 if 97 <= c <= 122 else c


cdef class RespScanner:
    cdef Name names[MAX_NAMES]
    cdef int n_names
    cdef short table[TABLE]
    cdef dict _databases
    cdef i64 db_records
    cdef int stage
    cdef i64 args_left, index, body_left
    cdef int slot
    cdef byte text0[WORD]
    cdef byte text1[WORD]
    cdef int size0, size1
    cdef object line
    cdef readonly i64 db, records, transactions, nameless
    cdef readonly i64 bad_offset, skip, record_start, good_end, tx_start, tx_records, argc
    cdef readonly int bad_reason, note
    cdef readonly Py_ssize_t pos
    cdef public bint loose_exec

    def __init__(self):
        cdef int i
        for i in range(TABLE):
            self.table[i] = -1
        self.n_names = 0
        self._databases = {}
        self.db = self.db_records = self.records = self.transactions = self.nameless = 0
        self.bad_offset = -1
        self.bad_reason = self.note = 0
        self.argc = 0
        self.size0 = self.size1 = -1
        self.line = None
        self.loose_exec = False
        self.begin(0)

    def learn(self, bytes name, int arity, int kind=KIND_PLAIN, i64 count=0):
        cdef int size = <int>len(name)
        cdef int i, at
        cdef Name *row
        if not 0 < size <= WORD:
            raise ValueError(f"a command name has 1 to {WORD} bytes")
        if self.n_names >= MAX_NAMES:
            raise ValueError(f"at most {MAX_NAMES} command names")
        row = &self.names[self.n_names]
        for i in range(size):
            row.text[i] = <byte>name[i]
        row.size, row.arity, row.kind, row.count = size, arity, kind, count
        at = self._hash(row.text, size)
        while self.table[at] >= 0:
            at = (at + 1) & (TABLE - 1)
        self.table[at] = <short>self.n_names
        self.n_names += 1

    def begin(self, i64 offset):
        self.stage = STAGE_RECORD
        self.args_left = self.index = self.body_left = 0
        self.slot = -1
        self.pos = 0
        self.skip = 0
        self.record_start = self.good_end = offset
        self.tx_start = -1
        self.tx_records = 0

    @property
    def inside(self):
        return self.stage != STAGE_RECORD

    @property
    def missing(self):
        return self.args_left, self.body_left

    @property
    def word0(self):
        if self.line is not None:
            return self.line
        return None if self.size0 < 0 else <bytes>self.text0[: self.size0]

    @property
    def word1(self):
        return None if self.size1 < 0 else <bytes>self.text1[: self.size1]

    def counts(self):
        cdef int i
        return {
            <bytes>self.names[i].text[: self.names[i].size]: self.names[i].count
            for i in range(self.n_names)
            if self.names[i].count
        }

    def databases(self):
        self._close_database(self.db)
        return dict(self._databases)

    def skipped(self, i64 count):
        self.body_left -= count
        self.skip = 0

    def scan(self, const byte[::1] buf, Py_ssize_t pos, Py_ssize_t end, i64 base):
        cdef int status = GO_ON
        self.skip = 0
        self.note = NOTE_NONE
        self.line = None
        if pos >= end:
            self.pos = pos
            if self.stage == STAGE_RECORD:
                self.record_start = base + pos
            elif self.stage == STAGE_BODY:
                self.skip = self.body_left
            return MORE
        cdef const byte *p = &buf[0]
        self.pos = pos
        while status == GO_ON:
            if self.stage == STAGE_RECORD:
                status = self._record(p, end, base)
            elif self.stage == STAGE_BULK:
                status = self._bulk(p, end, base)
            elif self.stage == STAGE_BODY:
                status = self._body(end)
            else:
                status = self._bulk_end(p, end, base)
        return status

    cdef int _hash(self, const byte *text, int size) noexcept:
        cdef unsigned int h = 2166136261u
        cdef int i
        for i in range(size):
            h = (h ^ upper(text[i])) * 16777619u
        return <int>((h ^ (h >> 15)) & (TABLE - 1))

    cdef int _find(self, const byte *text, int size) noexcept:
        cdef int at = self._hash(text, size)
        cdef int slot, i
        while self.table[at] >= 0:
            slot = self.table[at]
            if self.names[slot].size == size:
                for i in range(size):
                    if upper(text[i]) != self.names[slot].text[i]:
                        break
                else:
                    return slot
            at = (at + 1) & (TABLE - 1)
        return -1

    cdef int _bad(self, int reason, i64 offset) noexcept:
        self.bad_reason = reason
        self.bad_offset = offset
        return BAD

    # Digits and CR LF at ``at``: GO_ON with *number and *after set, or BAD, or MORE.
    cdef inline int _number(
        self, const byte *p, Py_ssize_t at, Py_ssize_t end, i64 base, int reason,
        i64 *number, Py_ssize_t *after,
    ) noexcept:
        cdef Py_ssize_t first = at
        cdef i64 n = 0
        while at < end and 48 <= p[at] <= 57:
            if at - first >= DIGITS or (at > first and n == 0):
                return self._bad(reason, base + at)
            n = n * 10 + (p[at] - 48)
            at += 1
        if at == end:
            return MORE
        if at == first:
            return self._bad(reason, base + at)
        if p[at] != 13:
            return self._bad(WRONG_LINE_END, base + at)
        if at + 1 == end:
            return MORE
        if p[at + 1] != 10:
            return self._bad(WRONG_LINE_END, base + at + 1)
        number[0] = n
        after[0] = at + 2
        return GO_ON

    cdef int _record(self, const byte *p, Py_ssize_t end, i64 base) noexcept:
        cdef i64 count = 0
        cdef Py_ssize_t after = 0
        cdef Py_ssize_t at = self.pos
        cdef int status
        self.record_start = base + at
        if at == end:
            return MORE
        if p[at] == 35:
            return self._annotation(p, end, base)
        if p[at] != 42:
            return self._bad(WRONG_RECORD_TYPE, base + at)
        status = self._number(p, at + 1, end, base, WRONG_ARRAY_COUNT, &count, &after)
        if status != GO_ON:
            return status
        if count == 0:
            return self._bad(WRONG_NO_ARGUMENTS, base + at + 1)
        self.argc = self.args_left = count
        self.index = 0
        self.slot = -1
        self.size0 = self.size1 = -1
        self.stage = STAGE_BULK
        self.pos = after
        return GO_ON

    cdef int _annotation(self, const byte *p, Py_ssize_t end, i64 base) noexcept:
        cdef Py_ssize_t at = self.pos
        cdef Py_ssize_t limit = min(end, at + ANNOTATION_LINE)
        cdef Py_ssize_t stop = at
        while stop < limit and p[stop] != 10:
            stop += 1
        if stop == limit:
            if limit - at < ANNOTATION_LINE:
                return MORE
            return self._bad(WRONG_ANNOTATION, base + limit - 1)
        if p[stop - 1] != 13:
            return self._bad(WRONG_ANNOTATION, base + stop)
        self.line = <bytes>p[at : stop - 1]
        self.note = NOTE_ANNOTATION
        self.pos = stop + 1
        self.good_end = base + self.pos
        return NOTE

    cdef int _bulk(self, const byte *p, Py_ssize_t end, i64 base) noexcept:
        cdef i64 length = 0
        cdef Py_ssize_t body = 0
        cdef Py_ssize_t at = self.pos
        cdef int status
        if at == end:
            return MORE
        if p[at] != 36:
            return self._bad(WRONG_BULK_TYPE, base + at)
        status = self._number(p, at + 1, end, base, WRONG_BULK_LENGTH, &length, &body)
        if status != GO_ON:
            return status
        if self.index < 2 and length <= WORD:
            if end - body < length + 2:
                # The word is kept whole; but a terminator that is already wrong is wrong now.
                if body + length < end and p[body + length] != 13:
                    return self._bad(WRONG_BULK_END, base + body + length)
                return MORE
            if self.index == 0:
                memcpy(self.text0, p + body, length)
                self.size0 = <int>length
                self.slot = self._find(p + body, <int>length)
            else:
                memcpy(self.text1, p + body, length)
                self.size1 = <int>length
        self.body_left = length
        self.stage = STAGE_BODY
        self.pos = body
        return GO_ON

    cdef int _body(self, Py_ssize_t end) noexcept:
        cdef i64 step = min(self.body_left, <i64>(end - self.pos))
        self.pos += step
        self.body_left -= step
        if self.body_left:
            self.skip = self.body_left
            return MORE
        self.stage = STAGE_END
        return GO_ON

    cdef int _bulk_end(self, const byte *p, Py_ssize_t end, i64 base) noexcept:
        cdef Py_ssize_t at = self.pos
        if at < end and p[at] != 13:
            return self._bad(WRONG_BULK_END, base + at)
        if at + 1 < end and p[at + 1] != 10:
            return self._bad(WRONG_BULK_END, base + at + 1)
        if end - at < 2:
            return MORE
        self.pos = at + 2
        self.index += 1
        self.args_left -= 1
        if self.args_left:
            self.stage = STAGE_BULK
            return GO_ON
        self.stage = STAGE_RECORD
        return self._finish(base + self.pos)

    cdef int _noted(self, int note) noexcept:
        self.note = note
        return NOTE

    cdef int _finish(self, i64 end_offset):
        cdef Name *row
        self.records += 1
        self.good_end = end_offset
        if self.slot < 0:
            self.db_records += 1
            if self.size0 < 0:
                self.nameless += 1
            return self._noted(NOTE_UNKNOWN)
        row = &self.names[self.slot]
        row.count += 1
        if (row.arity > 0 and self.argc != row.arity) or self.argc < -row.arity:
            # A loader does not look at the arity: a MULTI with an argument opens a transaction.
            self._effect(row)
            return self._noted(NOTE_ARITY)
        return self._effect(row)

    cdef int _effect(self, Name *row):
        if row.kind == KIND_PLAIN:
            self.db_records += 1
            return GO_ON
        if row.kind == KIND_SELECT:
            return self._select()
        if row.kind == KIND_MULTI:
            if self.tx_start >= 0:
                return self._noted(NOTE_NESTED_MULTI)
            self.tx_start = self.record_start
            self.tx_records = self.records - 1
            return GO_ON
        if row.kind == KIND_EXEC:
            if self.tx_start < 0:
                return GO_ON if self.loose_exec else self._noted(NOTE_LONE_EXEC)
            self.transactions += 1
            self.tx_start = -1
            return GO_ON
        self.db_records += 1
        return self._noted(NOTE_CONTAINER)

    cdef int _select(self):
        cdef i64 db = 0
        cdef int i
        if self.size1 < 1 or self.size1 > 9 or (self.size1 > 1 and self.text1[0] == 48):
            return self._noted(NOTE_SELECT)
        for i in range(self.size1):
            if not 48 <= self.text1[i] <= 57:
                return self._noted(NOTE_SELECT)
            db = db * 10 + (self.text1[i] - 48)
        self._close_database(db)
        return GO_ON

    cdef _close_database(self, i64 db):
        seen = self._databases.get(self.db)
        if self.db_records or seen is not None:
            self._databases[self.db] = (seen or 0) + self.db_records
        self.db = db
        self.db_records = 0


cdef enum:
    OP_STOP = 0
    OP_STR = 1
    OP_LEN = 2
    OP_RAW = 3
    OP_ZDOUBLE = 4
    OP_MODULE = 5
    OP_LOOP = 6
    OP_END = 7
    MAX_OPS = 1024
    MAX_DEPTH = 8

cdef enum:
    ITEM_UNKNOWN = 0
    ITEM_KEY = 1
    ITEM_QUIET = 2
    ITEM_NOTED = 3

cdef enum:
    RDB_WRONG_ITEM = 1
    RDB_WRONG_LENGTH = 2
    RDB_WRONG_STRING = 3
    RDB_WRONG_MODULE = 4

cdef enum:
    OPCODE_EXPIRETIME_MS = 252
    OPCODE_EXPIRETIME = 253


cdef struct Op:
    int code
    i64 arg


cdef class RdbWalker:
    cdef Op ops[MAX_OPS]
    cdef int starts[256]
    cdef int kinds[256]
    cdef i64 counts[256]
    cdef i64 loops[MAX_DEPTH]
    cdef int depth, pc, module_op
    cdef bint running, expiring, prefixed
    cdef i64 body_left
    cdef readonly i64 keys, expires, bad_offset, skip, item_start, key_start, good_end
    cdef readonly int bad_reason, item
    cdef readonly Py_ssize_t pos

    def __init__(self, plan):
        cdef int used = 0
        cdef int number
        for number in range(256):
            self.kinds[number] = ITEM_UNKNOWN
            self.counts[number] = 0
        for number, (kind, program) in plan.items():
            if used + len(program) > MAX_OPS:
                raise ValueError("more ops than the compiled walker holds")
            self.kinds[number] = kind
            self.starts[number] = used
            for op in program:
                self.ops[used].code = op.code
                # Jumps become absolute, so that one array serves all programs.
                self.ops[used].arg = op.arg
                if op.code == OP_LOOP or op.code == OP_END:
                    self.ops[used].arg = op.arg + self.starts[number]
                used += 1
        self.keys = self.expires = 0
        self.bad_offset = -1
        self.bad_reason = 0
        self.begin(0)

    def begin(self, i64 offset):
        self.pos = 0
        self.skip = 0
        self.item = -1
        self.item_start = self.key_start = self.good_end = offset
        self.running = self.expiring = self.prefixed = False
        self.depth = self.pc = self.module_op = 0
        self.body_left = 0

    @property
    def inside(self):
        return self.running or self.prefixed

    def type_counts(self):
        return {number: self.counts[number] for number in range(256) if self.counts[number]}

    def skipped(self, i64 count):
        self.body_left -= count
        self.skip = 0

    def scan(self, const byte[::1] buf, Py_ssize_t pos, Py_ssize_t end, i64 base):
        cdef const byte *p = &buf[0] if end > pos else NULL
        cdef int status = GO_ON
        cdef i64 step
        self.skip = 0
        self.pos = pos
        while status == GO_ON:
            if self.body_left:
                step = min(self.body_left, <i64>(end - self.pos))
                self.pos += step
                self.body_left -= step
                if self.body_left:
                    self.skip = self.body_left
                    return MORE
            if not self.running:
                status = self._begin_item(p, end, base)
            elif self.ops[self.pc].code == OP_STOP:
                status = self._finish(base + self.pos)
            else:
                status = self._step(p, end, base)
        return status

    cdef int _begin_item(self, const byte *p, Py_ssize_t end, i64 base) noexcept:
        self.item_start = base + self.pos
        if not self.prefixed:
            self.key_start = self.item_start
        if self.pos == end:
            return MORE
        self.item = p[self.pos]
        if self.kinds[self.item] == ITEM_UNKNOWN:
            return self._bad(RDB_WRONG_ITEM, self.item_start)
        self.running = True
        self.pc = self.starts[self.item]
        self.pos += 1
        return GO_ON

    cdef int _finish(self, i64 end_offset) noexcept:
        cdef int kind = self.kinds[self.item]
        self.running = False
        if kind == ITEM_QUIET:
            self.prefixed = True
            if self.item == OPCODE_EXPIRETIME_MS or self.item == OPCODE_EXPIRETIME:
                self.expiring = True
            return GO_ON
        self.prefixed = False
        self.good_end = end_offset
        if kind == ITEM_NOTED:
            return NOTE
        self.keys += 1
        self.expires += self.expiring
        self.expiring = False
        self.counts[self.item] += 1
        return GO_ON

    cdef int _step(self, const byte *p, Py_ssize_t end, i64 base) noexcept:
        cdef Op op = self.ops[self.pc]
        cdef i64 number = 0
        cdef Py_ssize_t after = 0
        cdef int status
        if op.code == OP_STR:
            return self._string(p, end, base)
        if op.code == OP_RAW:
            self.body_left = op.arg
            self.pc += 1
            return GO_ON
        if op.code == OP_END:
            self.loops[self.depth - 1] -= 1
            if self.loops[self.depth - 1]:
                self.pc = <int>op.arg
            else:
                self.depth -= 1
                self.pc += 1
            return GO_ON
        if op.code == OP_ZDOUBLE:
            if self.pos == end:
                return MORE
            number = p[self.pos] if p[self.pos] < 253 else 0
            self.pos += 1
            return self._passed(number)
        if op.code == OP_MODULE:
            return self._module(p, end, base)
        status = self._length(p, self.pos, end, base, &number, &after)
        if status != GO_ON:
            return status
        self.pos = after
        if op.code == OP_LOOP:
            if number == 0:
                self.pc = <int>op.arg
                return GO_ON
            self.loops[self.depth] = number
            self.depth += 1
        self.pc += 1
        return GO_ON

    cdef inline int _length(
        self, const byte *p, Py_ssize_t at, Py_ssize_t end, i64 base, i64 *number, Py_ssize_t *after
    ) noexcept:
        cdef int size = 1
        cdef int i
        cdef unsigned long long n
        if at == end:
            return MORE
        if p[at] < 0x40:
            number[0] = p[at]
            after[0] = at + 1
            return GO_ON
        if p[at] < 0x80:
            size = 2
        elif p[at] == 0x80:
            size = 5
        elif p[at] == 0x81:
            size = 9
        else:
            return self._bad(RDB_WRONG_LENGTH, base + at)
        if end - at < size:
            return MORE
        n = (p[at] & 0x3F) if size == 2 else 0
        for i in range(1, size):
            n = (n << 8) | p[at + i]
        # A count that does not fit into 63 bits can only run past the end of any file; the
        # largest one that fits does so just the same.
        number[0] = <i64>min(n, <unsigned long long>0x7FFFFFFFFFFFFFFF)
        after[0] = at + size
        return GO_ON

    cdef int _string(self, const byte *p, Py_ssize_t end, i64 base) noexcept:
        cdef i64 length = 0
        cdef i64 unused = 0
        cdef Py_ssize_t after = 0
        cdef int status = GO_ON
        cdef byte first
        if self.pos == end:
            return MORE
        first = p[self.pos]
        if first < 0xC0:
            status = self._length(p, self.pos, end, base, &length, &after)
        elif first <= 0xC2:
            length = 1 << (first & 3)
            after = self.pos + 1
        elif first == 0xC3:
            status = self._length(p, self.pos + 1, end, base, &length, &after)
            if status == GO_ON:
                status = self._length(p, after, end, base, &unused, &after)
        else:
            return self._bad(RDB_WRONG_STRING, base + self.pos)
        if status != GO_ON:
            return status
        self.pos = after
        return self._passed(length)

    cdef int _passed(self, i64 length) noexcept:
        self.body_left = length
        if self.module_op:
            self.module_op = 0
        else:
            self.pc += 1
        return GO_ON

    cdef int _module(self, const byte *p, Py_ssize_t end, i64 base) noexcept:
        cdef i64 number = 0
        cdef Py_ssize_t after = 0
        cdef int status
        if self.module_op == 5:
            return self._string(p, end, base)
        status = self._length(p, self.pos, end, base, &number, &after)
        if status != GO_ON:
            return status
        if self.module_op:
            self.module_op = 0
        elif number == 0:
            self.pc += 1
        elif number == 3 or number == 4:
            self.body_left = 4 if number == 3 else 8
        elif number <= 5:
            self.module_op = <int>number
        else:
            return self._bad(RDB_WRONG_MODULE, base + self.pos)
        self.pos = after
        return GO_ON

    cdef int _bad(self, int reason, i64 offset) noexcept:
        self.bad_reason = reason
        self.bad_offset = offset
        return BAD


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


cdef Py_ssize_t _command(const byte *p, Py_ssize_t at, Py_ssize_t end, list argv):
    """Append the arguments of a sound, whole command; position behind it, or -1."""
    cdef i64 count = 0
    cdef i64 length = 0
    cdef i64 i
    at = _header(p, at, end, 42, &count)
    if at < 0 or count < 1:
        return -1
    for i in range(count):
        at = _header(p, at, end, 36, &length)
        if at < 0 or end - at < length + 2:
            return -1
        if p[at + length] != 13 or p[at + length + 1] != 10:
            return -1
        argv.append(<bytes>p[at : at + length])
        at += length + 2
    return at


def decode_commands_at(const byte[::1] buf, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t most):
    # Only sound, whole commands are decoded here; the pure decoder judges everything else, so
    # that there is one place that names what is wrong.
    cdef list commands = []
    cdef list ends = []
    cdef list argv
    cdef Py_ssize_t after
    cdef const byte *p
    if pos >= end:
        return commands, ends
    p = &buf[0]
    while pos < end and p[pos] != 35 and len(commands) < most:
        argv = []
        after = _command(p, pos, end, argv)
        if after < 0:
            if not commands:
                _judge_command(buf, pos, end)
            break
        commands.append(argv)
        ends.append(after)
        pos = after
    return commands, ends


cdef enum:
    LZF_BITS = 14
    LZF_SLOTS = 1 << LZF_BITS
    LZF_SHORT_BITS = 12
    LZF_SHORT = 1024
    LZF_DISTANCE = 8192
    LZF_COPY = 264
    LZF_LITERAL = 32
    LZF_SAVING = 4


cdef Py_ssize_t _lzf_literals(
    byte *out, Py_ssize_t at, const byte *p, Py_ssize_t start, Py_ssize_t stop
) noexcept:
    cdef Py_ssize_t size
    while start < stop:
        size = min(<Py_ssize_t>LZF_LITERAL, stop - start)
        out[at] = <byte>(size - 1)
        memcpy(out + at + 1, p + start, size)
        at += size + 1
        start += size
    return at


cdef inline unsigned int _lzf_key(const byte *p, int bits) noexcept:
    return ((p[0] << 16 | p[1] << 8 | p[2]) * 2654435761u) >> (32 - bits)


cdef Py_ssize_t _lzf_compress(const byte *p, Py_ssize_t size, byte *out) noexcept:
    """Write the compressed form, at most size + size / 32 + 1 bytes; their number."""
    cdef int slots[LZF_SLOTS]
    cdef Py_ssize_t pos = 0
    cdef Py_ssize_t literals = 0
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t back, stop, limit, length, distance
    cdef unsigned int key
    # Short strings are many: clearing a table that is far larger than they are would cost most.
    cdef int bits = LZF_SHORT_BITS if size <= LZF_SHORT else LZF_BITS
    memset(slots, 0xFF, (<size_t>1 << bits) * sizeof(slots[0]))
    while pos < size - 2:
        key = _lzf_key(p + pos, bits)
        back = slots[key]
        slots[key] = <int>pos
        if back < 0 or pos - back > LZF_DISTANCE or memcmp(p + back, p + pos, 3) != 0:
            pos += 1
            continue
        limit = min(size, pos + LZF_COPY)
        stop = pos + 3
        while stop < limit and p[stop] == p[stop - pos + back]:
            stop += 1
        at = _lzf_literals(out, at, p, literals, pos)
        length = stop - pos - 2
        distance = pos - back - 1
        if length < 7:
            out[at] = <byte>(length << 5 | distance >> 8)
        else:
            out[at] = <byte>(7 << 5 | distance >> 8)
            out[at + 1] = <byte>(length - 7)
            at += 1
        out[at + 1] = <byte>(distance & 0xFF)
        at += 2
        # Positions inside the copy are remembered too: the last two, as liblzf does.
        for pos in range(stop - 2, stop):
            if pos < size - 2:
                slots[_lzf_key(p + pos, bits)] = <int>pos
        pos = literals = stop
    return _lzf_literals(out, at, p, literals, size)


def lzf_compress(bytes data):
    cdef Py_ssize_t size = len(data)
    if size > 0x7FFFFFFF:  # positions are kept as C ints; no server stores a longer string
        return None
    cdef const byte *p = data
    cdef Py_ssize_t used
    cdef byte *out = <byte *>PyMem_Malloc(size + size // LZF_LITERAL + 2)
    if out == NULL:
        raise MemoryError
    try:
        used = _lzf_compress(p, size, out)
        return <bytes>out[:used] if used + LZF_SAVING <= size else None
    finally:
        PyMem_Free(out)


cdef bint _lzf_decompress(const byte *p, Py_ssize_t size, byte *out, Py_ssize_t length) noexcept:
    """Whether the input was sound and filled the output exactly."""
    cdef Py_ssize_t pos = 0
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t count, back
    cdef int control
    while pos < size:
        control = p[pos]
        pos += 1
        if control < LZF_LITERAL:
            count = control + 1
            if count > size - pos or count > length - at:
                return False
            memcpy(out + at, p + pos, count)
            pos += count
            at += count
            continue
        count = control >> 5
        if count == 7 and pos < size:
            count += p[pos]
            pos += 1
        if pos >= size:
            return False
        count += 2
        back = at - ((control & 31) << 8) - p[pos] - 1
        pos += 1
        if back < 0 or count > length - at:
            return False
        while count:
            out[at] = out[back]
            at += 1
            back += 1
            count -= 1
    return at == length


def lzf_decompress(data, i64 length):
    # A sound input of n bytes gives at most n * 88 (a copy of 3 bytes gives 264): nothing is
    # allocated for what a header announces beyond that. The pure twin names what is wrong.
    cdef bytes source = bytes(data)
    cdef Py_ssize_t size = len(source)
    cdef bytes out
    if 0 <= length <= size * (LZF_COPY // 3):
        out = PyBytes_FromStringAndSize(NULL, length)
        if _lzf_decompress(source, size, <byte *>PyBytes_AS_STRING(out), length):
            return out
    return _judge_lzf(source, length)


def _judge_lzf(source, length):
    from aoftool.format.rdb.lzf import pure_decompress

    return pure_decompress(source, length)


cdef enum:
    INT_TEXT = 11
    PLAIN_STRING = 20


cdef byte *_room(bytearray out, Py_ssize_t count) except NULL:
    """Make ``out`` longer by ``count`` bytes; where they begin."""
    cdef Py_ssize_t size = PyByteArray_GET_SIZE(out)
    PyByteArray_Resize(out, size + count)
    return <byte *>PyByteArray_AS_STRING(out) + size


cdef int _length_bytes(byte *to, i64 value) noexcept:
    """Write a length at ``to``, which has room for 9 bytes; how many it took."""
    cdef int i
    if value < 0x40:
        to[0] = <byte>value
        return 1
    if value < 0x4000:
        to[0] = <byte>(0x40 | value >> 8)
        to[1] = <byte>(value & 0xFF)
        return 2
    if value <= 0xFFFFFFFF:
        to[0] = 0x80
        for i in range(4):
            to[1 + i] = <byte>(value >> (24 - 8 * i) & 0xFF)
        return 5
    to[0] = 0x81
    for i in range(8):
        to[1 + i] = <byte>(value >> (56 - 8 * i) & 0xFF)
    return 9


cdef int _int_bytes(byte *to, const byte *text, Py_ssize_t size) noexcept:
    """Write the integer form of a string that is a canonical 32-bit one; 0 for any other."""
    cdef i64 number = 0
    cdef Py_ssize_t at = 0
    cdef int width, i
    if size == 0 or size > INT_TEXT:
        return 0
    if text[0] == 45:
        at = 1
    if at == size or (text[at] == 48 and (size > at + 1 or at == 1)):
        return 0
    while at < size:
        if not 48 <= text[at] <= 57:
            return 0
        number = number * 10 + (text[at] - 48)
        at += 1
    if text[0] == 45:
        number = -number
    if -128 <= number <= 127:
        width = 1
    elif -32768 <= number <= 32767:
        width = 2
    elif -2147483648 <= number <= 2147483647:
        width = 4
    else:
        return 0
    to[0] = <byte>(0xC0 | width >> 1)
    for i in range(width):
        to[1 + i] = <byte>(number >> (8 * i) & 0xFF)
    return 1 + width


def write_string(bytearray out not None, bytes value not None, bint compress=True):
    cdef Py_ssize_t size = len(value)
    cdef const byte *text = value
    cdef byte head[20]
    cdef int used = _int_bytes(head, text, size)
    cdef bytes packed = None
    cdef byte *to
    if used:
        memcpy(_room(out, used), head, used)
        return
    if compress and size > PLAIN_STRING:
        packed = lzf_compress(value)
    if packed is None:
        used = _length_bytes(head, size)
    else:
        head[0] = 0xC3
        used = 1 + _length_bytes(head + 1, len(packed))
        used += _length_bytes(head + used, size)
        text = packed
        size = len(packed)
    to = _room(out, used + size)
    memcpy(to, head, used)
    memcpy(to + used, text, size)


cdef Py_ssize_t _rdb_length(const byte *p, Py_ssize_t at, Py_ssize_t end, i64 *length) noexcept:
    """Position behind a whole plain length, or -1 for anything else."""
    cdef int size, i
    cdef i64 n
    if at >= end:
        return -1
    if p[at] < 0x40:
        length[0] = p[at]
        return at + 1
    size = 2 if p[at] < 0x80 else 5 if p[at] == 0x80 else 9 if p[at] == 0x81 else 0
    if size == 0 or end - at < size:
        return -1
    n = (p[at] & 0x3F) if size == 2 else 0
    for i in range(1, size):
        n = (n << 8) | p[at + i]
    length[0] = n
    return at + size if n >= 0 else -1


cdef object _rdb_string(const byte *p, Py_ssize_t *at, Py_ssize_t end):
    """A whole string, ``at`` moved behind it; None for anything that is not whole and sound."""
    cdef i64 length = 0
    cdef i64 packed = 0
    cdef i64 number
    cdef int width, i
    cdef Py_ssize_t pos = at[0]
    if pos >= end:
        return None
    if p[pos] < 0xC0:
        pos = _rdb_length(p, pos, end, &length)
        if pos < 0 or end - pos < length:
            return None
        at[0] = pos + length
        return <bytes>p[pos : pos + length]
    if p[pos] <= 0xC2:
        width = 1 << (p[pos] & 3)
        if end - pos <= width:
            return None
        number = 0
        for i in range(width):
            number |= <i64>p[pos + 1 + i] << (8 * i)
        if p[pos + width] & 0x80:
            number -= <i64>1 << (8 * width)
        at[0] = pos + 1 + width
        return b"%d" % number
    if p[pos] != 0xC3:
        return None
    pos = _rdb_length(p, pos + 1, end, &packed)
    if pos >= 0:
        pos = _rdb_length(p, pos, end, &length)
    if pos < 0 or end - pos < packed:
        return None
    at[0] = pos + packed
    return lzf_decompress(<bytes>p[pos : pos + packed], length)


def string_keys_at(const byte[::1] buf, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t most):
    cdef list pairs = []
    cdef const byte *p
    cdef Py_ssize_t at
    if pos >= end:
        return pairs, pos
    p = &buf[0]
    while pos < end and p[pos] == 0 and len(pairs) < most:
        at = pos + 1
        try:
            key = _rdb_string(p, &at, end)
            value = None if key is None else _rdb_string(p, &at, end)
        except Exception:  # LZF that is wrong: the caller's usual way names it
            break
        if value is None:
            break
        pairs.append((key, value))
        pos = at
    return pairs, pos
