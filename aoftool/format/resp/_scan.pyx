# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The compiled twin of ``scan``: RespScanner."""

from libc.string cimport memcmp, memcpy

ctypedef unsigned char byte
ctypedef long long i64

cdef enum:
    WORD = 64
    DIGITS = 18
    ANNOTATION_LINE = 1023
    TABLE = 8192
    MAX_NAMES = 4096
    HEAD = WORD + 32
    FEW_DIGITS = 7

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

#: For the test that holds them against ``limits``.
LIMITS = (WORD, DIGITS, ANNOTATION_LINE)


cdef struct Name:
    byte text[WORD]
    int size
    int arity
    int kind
    i64 count


cdef inline byte upper(byte c) noexcept nogil:
    return c - 32 if 97 <= c <= 122 else c


# Behind a number of few digits and its CR LF; -1 for anything else. FEW_DIGITS + 2 bytes are there.
cdef inline Py_ssize_t _few_digits(const byte *p, Py_ssize_t at, i64 *number) noexcept nogil:
    cdef Py_ssize_t last = at + FEW_DIGITS
    cdef i64 n = 0
    if p[at] == 48 and p[at + 1] != 13:
        return -1
    while 48 <= p[at] <= 57:
        n = n * 10 + (p[at] - 48)
        at += 1
        if at == last:
            return -1
    if p[at] != 13 or p[at + 1] != 10 or not 48 <= p[at - 1] <= 57:
        return -1
    number[0] = n
    return at + 2


# Behind a bulk string that is whole; -1 for anything else.
cdef inline Py_ssize_t _behind_bulk(const byte *p, Py_ssize_t at, Py_ssize_t end) noexcept nogil:
    cdef i64 length = 0
    if end - at < FEW_DIGITS + 3 or p[at] != 36:
        return -1
    at = _few_digits(p, at + 1, &length)
    if at < 0 or length > end - at - 2:
        return -1
    at += length
    if p[at] != 13 or p[at + 1] != 10:
        return -1
    return at + 2


cdef class RespScanner:
    cdef Name names[MAX_NAMES]
    cdef int n_names
    cdef short table[TABLE]
    cdef dict _databases
    cdef i64 db_records
    cdef int stage
    cdef i64 args_left, index, body_left
    cdef int slot
    cdef byte head[HEAD]
    cdef int head_size, head_slot
    cdef i64 head_left
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
        self.head_size = self.head_slot = 0
        self.head_left = 0
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
        self.head_size = 0

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
                self._fast(p, end, base)
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

    # The fast loop: whole records of plain commands. Whatever else there is, it leaves to the
    # stages below, which know how to stop and how to name a wrong byte.
    cdef void _fast(self, const byte *p, Py_ssize_t end, i64 base) noexcept:
        cdef Py_ssize_t at = self.pos
        cdef Py_ssize_t pos
        cdef int size
        cdef i64 left, run = 0
        while True:
            size = self.head_size
            if size and end - at > size and not memcmp(p + at, self.head, size):
                pos = at + size
            else:
                self._count_run(run, base + at)
                run = 0
                pos = self._learn_head(p, at, end)
                if pos < 0:
                    break
            left = self.head_left
            while left and pos >= 0:
                pos = _behind_bulk(p, pos, end)
                left -= 1
            if pos < 0:
                break
            run += 1
            at = pos
        self._count_run(run, base + at)
        self.pos = at

    cdef void _count_run(self, i64 run, i64 end_offset) noexcept:
        if run:
            self.names[self.head_slot].count += run
            self.records += run
            self.db_records += run
            self.good_end = end_offset

    # Take the bytes up to the end of a plain command's name as the head to expect.
    cdef Py_ssize_t _learn_head(self, const byte *p, Py_ssize_t at, Py_ssize_t end) noexcept:
        cdef i64 argc = 0
        cdef i64 length = 0
        cdef Py_ssize_t pos
        cdef int slot
        cdef Name *row
        if end - at < HEAD or p[at] != 42:
            return -1
        pos = _few_digits(p, at + 1, &argc)
        if pos < 0 or p[pos] != 36 or not argc:
            return -1
        pos = _few_digits(p, pos + 1, &length)
        if pos < 0 or not 0 < length <= WORD or p[pos + length] != 13 or p[pos + length + 1] != 10:
            return -1
        slot = self._find(p + pos, <int>length)
        if slot < 0:
            return -1
        row = &self.names[slot]
        if row.kind != KIND_PLAIN or (row.arity > 0 and argc != row.arity) or argc < -row.arity:
            return -1
        pos += length + 2
        memcpy(self.head, p + at, pos - at)
        self.head_size, self.head_slot, self.head_left = <int>(pos - at), slot, argc - 1
        return pos

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
