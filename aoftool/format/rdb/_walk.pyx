# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The compiled twin of ``walk``: RdbWalker."""

ctypedef unsigned char byte
ctypedef long long i64

cdef enum:
    MORE = 0
    BAD = 1
    NOTE = 2
    GO_ON = 3

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
