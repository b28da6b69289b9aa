# cython: language_level=3
"""The compiled twin of ``hotsession``: HotSession."""


cdef class HotSession:
    def __init__(self, transport, db, turn):
        self.transport = transport
        self.db = db
        self.turn = turn
        self.out = []
        self.pending = []
        self.plain_fd = -1
        self.last_command = b"NULL"
        self.wrote_in = -1
