# cython: language_level=3, boundscheck=False, wraparound=False
"""The compiled twin of ``context``: Context."""


cdef class Context:
    def __init__(self, keyspace, rng, options=None):
        self.keyspace = keyspace
        self.db = keyspace.databases[0]
        self.rng = rng
        self.options = _new_options() if options is None else options
        self.dirty = 0
        self.trusted = False
        self.resp3 = False
        self.fact = None
        self.listener = None

    @property
    def now_ms(self):
        return self.keyspace.clock.now_ms

    def changed(self, event, key, long long count=1, db=None):
        self.dirty += count
        if self.listener is not None:
            self.listener(event, key, self.db if db is None else db)

    def typed(self, bytes key, kind):
        value = self.db.get(key)
        if value is not None and not isinstance(value, kind):
            value = _unpacked(self.db, key, value)
            if not isinstance(value, kind):
                raise _wrong_type()
        return value

    def read(self, bytes key, kind):
        value = self.db.read(key)
        if value is not None and not isinstance(value, kind):
            value = _unpacked(self.db, key, value)
            if not isinstance(value, kind):
                raise _wrong_type()
        return value

    def source(self, bytes key, kind):
        return self.read(key, kind) if _is_7(self.options) else self.typed(key, kind)

    def drop_if_empty(self, bytes key, value):
        if not len(value):
            self.db.delete(key)
            self.changed(b"del", key, 0)


# The pure twin's module imports this one, so what stands there is looked up when it is needed.
def _new_options():
    from aoftool.keyspace.context import Options

    return Options()


def _unpacked(db, key, value):
    from aoftool.keyspace.context import unpacked

    return unpacked(db, key, value)


def _is_7(options):
    from aoftool.keyspace.context import Style

    return options.style is Style.REDIS_7


def _wrong_type():
    from aoftool.keyspace.errors import WRONG_TYPE, CommandError

    return CommandError(WRONG_TYPE)
