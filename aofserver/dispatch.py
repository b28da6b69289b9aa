"""From a request to its reply and its AOF record (``processCommand`` and ``call`` in server.c).

``Dispatcher.serve`` is the hottest loop of the server: where nothing unusual is going on, a command
is looked up by its name as it was spelled, run, answered, and fed as the bytes that it came as.
Everything unusual goes through ``_examine``, a list of gates in the order of Redis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter_ns

from aofserver.context import ServerContext
from aofserver.gates import GATES, Gate
from aofserver.persistence.feed import Feed
from aofserver.session import Session
from aofserver.stats import CommandStats, Stats
from aoftool.format.resp.encode import encode_command
from aoftool.format.resp.replies import OK, ErrorReply, Reply, encode_reply
from aoftool.keyspace.command import Call, Command, Flags, Table, verbatim
from aoftool.keyspace.commands.scripts import effects_of_script
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import format_score

_OK = b"+OK\r\n"
_NULL = b"$-1\r\n"
#: Commands that are run although a transaction is open.
NEVER_QUEUED = (b"EXEC", b"DISCARD", b"MULTI", b"WATCH", b"QUIT", b"RESET")

#: Commands with these flags look at more than data, or answer by themselves.
_NEVER_HOT = Flags.NOSCRIPT | Flags.ADMIN | Flags.PUBSUB | Flags.BLOCKING
#: Spellings of names that the hot loop knows (``get``, ``GET``, ``Get``).
_MOST_SPELLINGS = 2000

Record = tuple[int, bytes]
#: Told of a command that took long: whose, its words, ns.
Slow = Callable[[Session, Argv, int], None]


def _ignore_slow(session: Session, argv: Argv, nanos: int) -> None:
    """Nobody keeps slow commands."""


class Dispatcher:
    """Runs the commands of all clients, one after the other.

    Attributes:
        special: whether any gate may be closed for reasons that are the server's own: it loads, the
            disk is full, memory is short, a script runs for too long.
        gates: what a command must pass, in this order.
        slow_nanos: ns from which on ``on_slow`` is told of a command; -1: never.
    """

    def __init__(self, ctx: ServerContext, table: Table, feed: Feed, stats: Stats) -> None:
        self.ctx = ctx
        self._table = table
        self.feed = feed
        self.stats = stats
        self.special = False
        self.gates: Sequence[Gate] = GATES
        self.slow_nanos = 10_000_000
        self.on_slow: Slow = _ignore_slow
        self._known: dict[bytes, tuple[Command, CommandStats]] = {}
        #: Records of the unit that runs: an EXEC's, or deletions of keys that were found expired.
        self._collected: list[Record] = []
        self._in_exec = False
        for database in ctx.keyspace.databases:
            database.on_expired = self.expired
            database.on_fields_expired = self.fields_expired

    # The hot loop.
    def serve(
        self, session: Session, commands: list[list[bytes]], buf: bytes, at: int, ends: list[int]
    ) -> None:
        """Run commands that came in ``buf``, the first from ``at`` on, each up to its end."""
        ctx = self.ctx
        ctx.session, ctx.db, ctx.resp3 = session, session.db, session.resp3
        if not session.out:
            session.turn.add(session)
        put = session.out.append
        known, feed = self._known, self.feed
        last = perf_counter_ns()
        for argv, end in zip(commands, ends, strict=True):
            entry = known.get(argv[0])
            if entry is None or self.special or session.special or not entry[0].accepts(len(argv)):
                self._unusual(session, argv, buf[at:end])
                at = end
                last = perf_counter_ns()
                if session.closing:
                    break
                continue
            command, stats = entry
            before = ctx.dirty
            ctx.fact = None
            try:
                reply = command.handler(ctx, argv)
            except CommandError as error:
                stats.failed += 1
                self.stats.error(error.text)
                put(b"-%b\r\n" % error.text)
                reply = None
            else:
                if reply is OK:
                    put(_OK)
                elif type(reply) is bytes:
                    put(b"$%d\r\n%b\r\n" % (len(reply), reply))
                elif type(reply) is int:
                    put(b":%d\r\n" % reply)
                elif reply is None and not session.resp3:
                    put(_NULL)
                else:
                    put(encode(reply, session.resp3))
            if ctx.dirty != before:
                if command.propagate is verbatim and not self._collected:
                    if feed.sink is not None:
                        feed.command(ctx.db.index, buf[at:end])
                else:
                    self._propagate(command, argv, reply, buf[at:end])
            elif self._collected:
                self._close_unit(False)
            at = end
            now = perf_counter_ns()
            stats.calls += 1
            stats.nanos += now - last
            if now - last > self.slow_nanos >= 0:
                self.on_slow(session, argv, now - last)
            last = now
        session.db = ctx.db

    # Everything else.
    def _unusual(self, session: Session, argv: Argv, raw: bytes) -> None:
        try:
            command = self._table.find(argv, self.ctx.options.style)
        except CommandError as error:
            self._refuse(session, error)
            return
        if self._is_usual(command) and len(self._known) < _MOST_SPELLINGS:
            self._known[argv[0]] = command, self.stats.of(command.name)
        stats = self.stats.of(command.name)
        try:
            for gate in self.gates:
                gate(self.ctx, session, command, argv)
        except CommandError as error:
            stats.rejected += 1
            self._refuse(session, error)
            return
        if session.transaction is not None and command.name not in NEVER_QUEUED:
            session.transaction.queue.append((command, argv, raw))
            session.out.append(b"+QUEUED\r\n")
            return
        started = perf_counter_ns()
        reply = self.call(command, argv, raw)
        nanos = perf_counter_ns() - started
        if nanos > self.slow_nanos >= 0:
            self.on_slow(session, argv, nanos)
        if reply is not NO_REPLY:
            self.answer(session, reply)
        if not self._in_exec and self._collected:
            self._close_unit(False)

    def _is_usual(self, command: Command) -> bool:
        """Whether the hot loop may run it: it touches data only, and answers what it returns."""
        single = not command.subcommands and b" " not in command.name
        return single and not command.flags & _NEVER_HOT and command.forced is False

    def forget_stats(self) -> None:
        """Let the counters begin anew (CONFIG RESETSTAT)."""
        self._known.clear()

    def _refuse(self, session: Session, error: CommandError) -> None:
        self.stats.error(error.text)
        if session.transaction is not None:
            session.transaction.broken = True
        session.out.append(b"-%b\r\n" % error.text)

    def answer(self, session: Session, reply: Reply) -> None:
        """Put a reply into a session's output."""
        session.send(encode(reply, session.resp3))

    def call(self, command: Command, argv: Argv, raw: bytes) -> Reply:
        """Run one command, whatever its gates say; an error is its reply."""
        ctx, stats = self.ctx, self.stats.of(command.name)
        before, started = ctx.dirty, perf_counter_ns()
        ctx.fact = None
        reply: Reply
        try:
            reply = command.handler(ctx, argv)
        except CommandError as error:
            stats.failed += 1
            self.stats.error(error.text)
            reply = ErrorReply(error.text)
        stats.calls += 1
        stats.nanos += perf_counter_ns() - started
        if ctx.dirty != before or command.forces(ctx.options.style):
            self._propagate(command, argv, reply, raw)
        return reply

    # What the AOF gets.
    def _propagate(self, command: Command, argv: Argv, reply: Reply, raw: bytes) -> None:
        ctx, db = self.ctx, self.ctx.db.index
        if self.feed.sink is None:
            self._collected.clear()
            return
        rule = command.propagate
        if rule is verbatim:
            records = [(db, raw or encode_command(argv))]
        else:
            records = [(db, encode_command(words)) for words in rule(Call(ctx, argv, reply))]
        if self._in_exec:
            self._collected += records
            return
        wrap = len(records) > 1 and command.wraps(self.feed.style)
        if self.feed.style is Style.REDIS_6:
            self.feed.unit(records, wrap or (bool(records) and rule is effects_of_script))
            return
        self._collected += records
        self._close_unit(wrap)

    def _close_unit(self, wrap: bool) -> None:
        """Feed what was collected: Redis 7 wraps several records that belong together."""
        records, self._collected = self._collected, []
        self.feed.unit(records, wrap or len(records) > 1)

    def expired(self, index: int, key: bytes) -> None:
        """A key was found expired: Redis 6 logs that at once, Redis 7 with what found it."""
        self.stats.expired_keys += 1
        if self.ctx.listener is not None:
            self.ctx.listener(b"expired", key, self.ctx.keyspace.databases[index])
        word = b"UNLINK" if self.ctx.options.lazy_expire else b"DEL"
        self._deletion(index, encode_command((word, key)))

    def fields_expired(self, index: int, key: bytes, fields: list[bytes]) -> None:
        """Fields of a hash were found expired: each is a record of its own."""
        for field in fields:
            self._deletion(index, encode_command((b"HDEL", key, field)))

    def _deletion(self, index: int, record: bytes) -> None:
        if self.feed.sink is None:
            return
        if self._in_exec or self.feed.style is Style.REDIS_7:
            self._collected.append((index, record))
        else:
            self.feed.command(index, record)

    def end_of_cycle(self) -> None:
        """Feed deletions that no command of a client has caused, each by itself."""
        records, self._collected = self._collected, []
        for db, record in records:
            self.feed.command(db, record)

    # Transactions.
    def execute(self, session: Session, queue: list[tuple[Command, Argv, bytes]]) -> list[Reply]:
        """Run what a transaction has queued (``execCommand`` in multi.c); the replies."""
        replies: list[Reply] = []
        self._in_exec = True
        six = self.feed.style is Style.REDIS_6
        opened = False
        try:
            for command, argv, raw in queue:
                if six and not opened and not command.flags & (Flags.READONLY | Flags.ADMIN):
                    # What was found expired before the first write stands before its MULTI.
                    self.end_of_cycle()
                    opened = True
                replies.append(self.call(command, argv, raw))
        finally:
            self._in_exec = False
            records, self._collected = self._collected, []
            self.feed.unit(records, opened if six else len(records) > 1)
        return replies


class _NoReply:
    """What a handler returns that has answered by itself, or will."""

    __slots__ = ()


NO_REPLY: Reply = _NoReply()  # type: ignore[assignment]


def encode(reply: Reply, resp3: bool) -> bytes:
    """The bytes of a reply, doubles with the shortest digits in RESP3 and 17 in RESP2."""
    return encode_reply(reply, resp3, _DOUBLES[resp3])


_DOUBLES = (
    lambda value: format_score(value, shortest=False),
    lambda value: format_score(value, shortest=True),
)
