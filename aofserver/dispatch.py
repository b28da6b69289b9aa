"""From a request to its reply and its AOF record (``processCommand`` and ``call`` in server.c).

Where nothing unusual is going on, ``hotloop`` does it all. Everything else goes through a list of
gates in the order of Redis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter_ns

from aofserver.clients.session import Session
from aofserver.context import ClientContext
from aofserver.hotloop import Known, serve
from aofserver.measures.stats import CommandStats, Stats
from aofserver.messages.tracking import Tracking
from aofserver.persistence.feed import Feed
from aofserver.propagation import Propagation
from aofserver.replies import NO_REPLY, Kept, Raw, Several, encode, is_push
from aoftool.format.resp.replies import ErrorReply, Reply
from aoftool.keyspace.command import Command, Flags, Table, unknown_subcommand, verbatim
from aoftool.keyspace.commands.scripts import Effects
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv

#: Commands with these flags look at more than data, or answer by themselves.
_NEVER_HOT = Flags.NOSCRIPT | Flags.ADMIN | Flags.PUBSUB | Flags.BLOCKING
#: What notes the use of keys also for a client that has said CLIENT NO-TOUCH.
_TOUCHING = frozenset((b"TOUCH", b"EXEC"))
#: Spellings of names that the hot loop knows (``get``, ``GET``, ``Get``).
_MOST_SPELLINGS = 2000

#: What a command must pass: raises CommandError for what it does not let through.
Gate = Callable[[ClientContext, Session, Command, Argv], None]
#: What CLIENT REPLY has said of a command whose reply is left out.
_QUIET = (b"OFF", b"SKIP")
#: Commands that are run although a transaction is open.
NEVER_QUEUED = (b"EXEC", b"DISCARD", b"MULTI", b"WATCH", b"QUIT", b"RESET")
#: Told of a command that took long: whose, its words, ns.
Slow = Callable[[Session, Argv, int], None]


def _ignore_slow(session: Session, argv: Argv, nanos: int) -> None:
    """Nobody keeps slow commands."""


def _never_block(session: Session, command: Command, argv: Argv, reply: Reply) -> bool:
    """Nobody waits."""
    return False


def _never_discard(session: Session) -> None:
    """There are no transactions."""


def _never_refuse(session: Session, command: Command, argv: Argv) -> None:
    """Everybody may do everything."""


class Dispatcher:
    """Runs the commands of all clients, one after the other.

    Attributes:
        special: whether any gate may be closed for reasons that are the server's own: it loads, the
            disk is full, memory is short, a script runs for too long.
        gates: what a command must pass, in this order.
        propagation: gives the AOF what a call was.
        slow_nanos: ns from which on ``on_slow`` is told of a command; -1: never.
    """

    def __init__(self, ctx: ClientContext, table: Table, feed: Feed, stats: Stats) -> None:
        self.ctx = ctx
        self._table = table
        self.propagation = Propagation(ctx, feed, stats)
        self.stats = stats
        self.special = False
        self.gates: Sequence[Gate] = ()
        #: Raises for what the client's user may not do.
        self.permit: Callable[[Session, Command, Argv], None] = _never_refuse
        #: Has a client's transaction end.
        self.discard: Callable[[Session], None] = _never_discard
        self.slow_nanos = 10_000_000
        self.on_slow: Slow = _ignore_slow
        #: Asked of every command whether its client must wait with it, while clients are paused.
        self.waits: Callable[[Session, Argv], bool] | None = None
        #: Told of every command when it has run, and of a script before what it calls, while
        #: somebody wants to know.
        self.on_call: list[Callable[[Session, Command, Argv], None]] = []
        #: Has a client wait for data that got this reply; whether it may.
        self.block: Callable[[Session, Command, Argv, Reply], bool] = _never_block
        #: Why a client may not run what it has queued, or None.
        self.refuses: Callable[[Session, Command, Argv], bytes | None] = _never_refuse
        #: What must be done when the command that runs is done; always the same list.
        self.afterwards: list[Callable[[], None]] = []
        #: Messages of a command inside EXEC to its own client: they stand before its reply.
        self.asides: list[bytes] = []
        #: Told of every command of a client that tracks.
        self.tracking: Tracking
        #: By its name as it was spelled, what the hot loop may run.
        self.known: dict[bytes, Known] = {}

    def serve(
        self, session: Session, commands: list[list[bytes]], buf: bytes, at: int, ends: list[int]
    ) -> None:
        """Run commands that came in ``buf``, the first from ``at`` on, each up to its end."""
        serve(self, session, commands, buf, at, ends)

    def failed(self, session: Session, stats: CommandStats, error: CommandError) -> None:
        """A command of the hot loop ended with an error."""
        stats.failed += 1
        self.stats.error(error.text)
        session.out.append(b"-%b\r\n" % error.text)

    # Everything else.
    def unusual(self, session: Session, argv: Argv, raw: bytes) -> None:
        """Run a command that the hot loop does not know, or that must be looked at closely."""
        if (
            session.pending
            or session.blocked is not None
            or (self.waits is not None and self.waits(session, argv))
        ):
            session.pending.append((list(argv), raw))
            session.special = True
            return
        if session.only_ruled and not self.special:
            known = self.known.get(argv[0])
            if known is not None and known[4].accepts(len(argv)):
                self._if_permitted(session, known[4], argv, raw)
                return
        mark, quiet = len(session.out), session.reply_mode != b"ON"
        self._look_closely(session, argv, raw)
        if session.tracking is not None:
            session.tracking.ended(argv, session.transaction is not None)
        if quiet or session.reply_mode != b"ON":
            self._quieten(session, mark)
        if self.afterwards:
            self.finish()

    def _if_permitted(self, session: Session, command: Command, argv: Argv, raw: bytes) -> None:
        """Run what the hot loop would run, but for a user who may not run everything."""
        session.last_command = command.name
        try:
            self.permit(session, command, argv)
        except CommandError as error:
            self.stats.of(command.name).rejected += 1
            self._refuse(session, error)
            return
        self.answer(session, self.call(command, argv, raw))
        if self.propagation.collected:
            self.propagation.close_unit(False)
        if self.afterwards:
            self.finish()

    @staticmethod
    def _quieten(session: Session, mark: int) -> None:
        """Take the replies behind ``mark`` back, as CLIENT REPLY has said; pushes stay."""
        if session.reply_mode == b"ON":
            return
        session.out[mark:] = [bytes(data) for data in session.out[mark:] if type(data) is Kept]
        if session.reply_mode == b"SKIP_NEXT":
            session.reply_mode = b"SKIP"
        elif session.reply_mode == b"SKIP":
            session.reply_mode = b"ON"
            session.update_special()

    def _look_closely(self, session: Session, argv: Argv, raw: bytes) -> None:
        try:
            command = self._table.find(argv, self.ctx.options.style)
        except CommandError as error:
            known = self._table.rows.get(argv[0].upper())
            if known is not None:  # it has a wrong number of words
                self.stats.of(known.name).rejected += 1
                if known.name == b"EXEC":
                    error = self._abort(session, error)
            self._refuse(session, error)
            return
        if command.subcommands and len(argv) > 1 and self.ctx.options.style is Style.REDIS_7:
            self._refuse(session, unknown_subcommand(argv, Style.REDIS_7))
            return
        if self._is_usual(command) and len(self.known) < _MOST_SPELLINGS:
            self.known[argv[0]] = self._entry(command)
        stats = self.stats.of(command.name)
        session.last_command = command.name
        try:
            for gate in self.gates:
                gate(self.ctx, session, command, argv)
        except CommandError as error:
            stats.rejected += 1
            if command.name == b"EXEC":
                error = self._abort(session, error)
            self._refuse(session, error)
            return
        if session.transaction is not None and command.name not in NEVER_QUEUED:
            session.transaction.queue.append((command, argv, raw))
            session.out.append(b"+QUEUED\r\n")
            return
        reply = self.call(command, argv, raw)
        if Flags.BLOCKING in command.flags and self.block(session, command, argv, reply):
            reply = NO_REPLY
        if reply is not NO_REPLY:
            self.answer(session, reply)
        if not self.propagation.in_exec and self.propagation.collected:
            self.propagation.close_unit(False)

    def _abort(self, session: Session, error: CommandError) -> CommandError:
        """What an EXEC is told that is refused, in a transaction or not (``execCommandAbort``)."""
        if session.transaction is not None:
            self.discard(session)
        reason = error.text.removeprefix(b"ERR ")
        return CommandError(b"EXECABORT Transaction discarded because of: %b" % reason)

    def finish(self) -> None:
        """Do what has to follow a command before the next one of anybody."""
        ctx = self.ctx
        caller = ctx.session, ctx.db, ctx.resp3
        while self.afterwards:
            self.afterwards.pop(0)()
        ctx.session, ctx.db, ctx.resp3 = caller

    def _is_usual(self, command: Command) -> bool:
        """Whether the hot loop may run it: it touches data only, and answers what it returns."""
        single = not command.subcommands and b" " not in command.name
        return single and not command.flags & _NEVER_HOT and command.forced is False

    def _entry(self, command: Command) -> Known:
        raw = 0 if command.propagate is verbatim else command.verbatim_argc or -1
        return command.handler, command.arity, raw, self.stats.of(command.name), command

    def forget_stats(self) -> None:
        """Let the counters begin anew (CONFIG RESETSTAT)."""
        self.known.clear()

    def _refuse(self, session: Session, error: CommandError) -> None:
        self.stats.error(error.text)
        if session.transaction is not None:
            session.transaction.broken = True
        session.out.append(b"-%b\r\n" % error.text)

    def answer(self, session: Session, reply: Reply) -> None:
        """Put a reply into a session's output."""
        data = encode(reply, session.resp3)
        if session.reply_mode != b"ON" and is_push(reply):
            data = Kept(data)
        session.send(data)

    def call(self, command: Command, argv: Argv, raw: bytes) -> Reply:
        """Run one command, whatever its gates say; an error is its reply."""
        ctx, stats = self.ctx, self.stats.of(command.name)
        calls_others = command.group == "scripting"
        if self.on_call and calls_others:
            self._tell_call(command, argv)
        tracks = ctx.session.tracking is not None
        if tracks:
            self.tracking.begin(command, argv)
        uses = ctx.keyspace.uses
        rests = b"NO-TOUCH" in ctx.session.modes and command.name not in _TOUCHING
        before, started = ctx.dirty, perf_counter_ns()
        ctx.fact = None
        reply: Reply
        try:
            if uses is None or not rests:
                reply = command.handler(ctx, argv)
            else:
                reply = uses.at_rest(lambda: command.handler(ctx, argv))
        except CommandError as error:
            stats.failed += 1
            self.stats.error(error.text)
            reply = ErrorReply(error.text)
        nanos = perf_counter_ns() - started
        if self.on_call and not calls_others:
            self._tell_call(command, argv)
        self.stats.of(command.name).ran(nanos, 1)  # CONFIG RESETSTAT has begun anew
        if nanos > self.slow_nanos >= 0:
            self.on_slow(ctx.session, argv, nanos)
        if tracks:
            self.tracking.read(ctx.session, command, argv)
        began = isinstance(ctx.fact, Effects) and ctx.fact.began
        if ctx.dirty != before or began or command.forces(ctx.options.style):
            self.propagation.propagate(command, argv, reply, raw)
        return reply

    def _tell_call(self, command: Command, argv: Argv) -> None:
        for tell in self.on_call:
            tell(self.ctx.session, command, argv)

    def again(self, command: Command, argv: Argv) -> Reply:
        """Run a command that has waited, for the client of the context; an error is its reply.

        Since 7.2 it passes the gates again (``reprocessCommand``).
        """
        ctx, stats = self.ctx, self.stats.of(command.name)
        before, ctx.fact = ctx.dirty, None
        reply: Reply
        passed = ctx.options.style is Style.REDIS_6
        try:
            for gate in () if passed else self.gates:
                gate(ctx, ctx.session, command, argv)
            passed = True
            reply = command.handler(ctx, argv)
        except CommandError as error:
            stats.failed += passed
            stats.rejected += not passed
            self.stats.error(error.text)
            reply = ErrorReply(error.text)
        if ctx.dirty != before:
            ctx.session.wrote_in = ctx.session.turn.number
            self.propagation.propagate(command, argv, reply, b"")
        elif self.propagation.collected:
            self.propagation.close_unit(False)
        return reply

    # Transactions.
    def execute(self, session: Session, queue: list[tuple[Command, Argv, bytes]]) -> list[Reply]:
        """Run what a transaction has queued (``execCommand`` in multi.c); the replies.

        NO_REPLY stands for one that CLIENT REPLY leaves out.
        """
        replies: list[Reply] = []
        units = self.propagation
        units.in_exec = True
        six = units.feed.style is Style.REDIS_6
        opened, db = False, -1
        try:
            for command, argv, raw in queue:
                if six and not opened and not command.flags & (Flags.READONLY | Flags.ADMIN):
                    # What was found expired before the first write stands before its MULTI.
                    units.end_of_cycle()
                    opened, db = True, self.ctx.db.index
                refusal = self.refuses(session, command, argv)
                if refusal is None:
                    reply = self.call(command, argv, raw)
                else:
                    self.stats.error(refusal)
                    reply = ErrorReply(refusal)
                switches = command.name == b"CLIENT REPLY" and argv[2].upper() != b"ON"
                unheard = session.reply_mode in _QUIET or switches
                if unheard and session.reply_mode != b"ON" and not is_push(reply):
                    reply = NO_REPLY
                if self.asides:
                    reply = Several([*map(Raw, self.asides), reply])
                    self.asides.clear()
                replies.append(reply)
        finally:
            units.in_exec = False
            records, units.collected = units.collected, []
            wrap = opened if six else len(records) > 1
            units.feed.unit(records, wrap, db, self.ctx.db.index)
        return replies
