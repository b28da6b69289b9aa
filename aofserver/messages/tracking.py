"""Telling clients that what they have read was changed (CLIENT TRACKING; tracking.c)."""

from __future__ import annotations

from collections.abc import Callable

from aofserver.clients.session import Session
from aofserver.messages.trackingtable import Prefixes, ReadKeys, Tracked
from aofserver.replies import encode
from aoftool.format.resp.replies import PushReply, Reply
from aoftool.keyspace.command import Command, Flags
from aoftool.keyspace.context import NO_EVENT, Style
from aoftool.keyspace.database import Database
from aoftool.keyspace.keyspecs import Argv

#: Where clients of RESP2 hear of changes.
CHANNEL = b"__redis__:invalidate"
#: What they call is looked at in their place.
_SCRIPTS_THAT_READ = frozenset((b"EVAL_RO", b"EVALSHA_RO", b"FCALL_RO"))
#: Changes that no client has made.
_BY_ITSELF = frozenset((b"expired", b"hexpired", b"evicted"))
#: What was changed: a key, or everything.
_Changed = bytes | None


class Tracking:
    """All clients that track; true while there are some, or keys that one had read.

    Attributes:
        limit: most keys that are remembered (``tracking-table-max-keys``); 0: any number.
        keys: what was read by whom; prefixes: what is listened to by whom.
        on_change: called when it has become true or false.
        on_sent: told of every client that was told something.
    """

    def __init__(
        self,
        style: Style,
        find: Callable[[int], Session | None],
        caller: Callable[[], Session | None],
        in_script: Callable[[], bool],
        later: Callable[[Callable[[], None]], None],
        chance: Callable[[], float],
    ) -> None:
        """Begin with nobody.

        ``find``: a client by its number; ``caller``: whose command runs, if one does;
        ``in_script``: whether it is one of a script; ``later``: has something done right behind it;
        ``chance``: a number from 0 up to 1.
        """
        self.limit = 0
        self.keys = ReadKeys()
        self.prefixes = Prefixes()
        self.on_change: Callable[[], None] = lambda: None
        self.on_sent: Callable[[Session], None] = lambda session: None
        self._style = style
        self._find, self._caller, self._later, self._chance = find, caller, later, chance
        self._in_script = in_script
        self._sessions: dict[int, Session] = {}
        #: What callers are to be told when their command is done.
        self._own: list[tuple[Session, _Changed]] = []
        self._seen = self._trims = False
        self._outer: tuple[Command, Argv] | None = None

    def __bool__(self) -> bool:
        return bool(self._sessions) or len(self.keys) > 0

    def __len__(self) -> int:
        """How many clients track."""
        return len(self._sessions)

    # Who tracks.
    def start(self, session: Session, wanted: Tracked) -> None:
        """A client tracks, or tracks in another way (``enableTracking``)."""
        before = session.tracking
        held = [] if before is None else before.prefixes
        if wanted.bcast:
            wanted.prefixes = list(dict.fromkeys((*held, *(wanted.prefixes or [b""]))))
        for prefix in wanted.prefixes:
            self.prefixes.add(prefix, session.id)
        session.tracking = wanted
        session.update_special()
        self._sessions[session.id] = session
        self._update()

    def stop(self, session: Session) -> None:
        """A client tracks no more (``disableTracking``); what it has read stays in the table."""
        if session.tracking is None:
            return
        for prefix in session.tracking.prefixes:
            self.prefixes.remove(prefix, session.id)
        session.tracking = None
        session.update_special()
        del self._sessions[session.id]
        self._update()

    def _update(self) -> None:
        if bool(self) != self._seen:
            self._seen = not self._seen
            self.on_change()

    # What they read.
    def begin(self, command: Command, argv: Argv) -> None:
        """A command of a client that tracks is about to run."""
        self._outer = command, argv

    def read(self, session: Session, command: Command, argv: Argv) -> None:
        """A command of a client that tracks has run (the end of ``call`` in server.c)."""
        if Flags.READONLY in command.flags and command.name not in _SCRIPTS_THAT_READ:
            self._remember(session, command, argv)

    def script_read(self, command: Command, argv: Argv) -> None:
        """A script has run a command; before 7.2 the keys are those that the script was given."""
        session = self._caller()
        if session is None or self._outer is None or Flags.READONLY not in command.flags:
            return
        self._remember(session, *(self._outer if self._style is Style.REDIS_6 else (command, argv)))

    def _remember(self, session: Session, command: Command, argv: Argv) -> None:
        tracked = session.tracking
        if tracked is None or not tracked.remembers:
            return
        for at in command.keys.positions(argv):
            self.keys.add(argv[at], session.id)
        self.trim_later()

    # What has changed.
    def changed(self, event: bytes, key: bytes, database: Database) -> None:
        """A key was changed (``trackingInvalidateKey``); of whole databases tells ``flushed``."""
        if not key and event is NO_EVENT:
            return
        by = None if event == b"evicted" else self._caller()
        if len(self.prefixes):
            # Those who listen take a script for another client.
            is_own = by is not None and event not in _BY_ITSELF and not self._in_script()
            self.prefixes.changed(key, by.id if by is not None and is_own else 0)
        if self.keys:
            self._invalidate(key, by)
            self._update()

    def _invalidate(self, key: bytes, by: Session | None) -> None:
        """Tell those who have read a key, but not who has changed it and does not want to know."""
        for number in self.keys.take(key):
            session = self._sessions.get(number)
            if session is None or session.tracking is None or session.tracking.bcast:
                continue
            if not (session.tracking.noloop and session is by):
                self._tell(session, key)

    def flushed(self) -> None:
        """Databases were emptied: all is void (``trackingInvalidateKeysOnFlush``)."""
        self.keys.clear()
        self._update()
        for session in self._sessions.values():
            self._tell(session, None)

    def broadcast(self) -> None:
        """Tell those who listen to prefixes (``trackingBroadcastInvalidationMessages``)."""
        for number, keys in self.prefixes.take(self._wants_own):
            session = self._sessions.get(number)
            if session is not None:
                self._send(session, list(keys))

    def _wants_own(self, number: int) -> bool:
        session = self._sessions.get(number)
        return session is None or session.tracking is None or not session.tracking.noloop

    # Forgetting what is too much.
    def trim_later(self) -> None:
        """Have keys forgotten if there are too many, behind the command that runs."""
        if self.limit and len(self.keys) > self.limit and not self._trims:
            self._trims = True
            self._later(self._trim)

    def _trim(self) -> None:
        """Forget keys by chance, as if they had been changed (``trackingLimitUsedSlots``)."""
        self._trims = False
        while self.limit and len(self.keys) > self.limit:
            key = self.keys.any(self._chance())
            if key is None:
                break
            self._invalidate(key, None)
        self._update()

    # Telling.
    def _tell(self, session: Session, changed: _Changed) -> None:
        """Tell of a key, or of everything; the caller hears it behind its own reply."""
        if session is not self._caller():
            self._send(session, None if changed is None else [changed])
            return
        if not self._own:
            self._later(self._tell_callers)
        self._own.append((session, changed))

    def _tell_callers(self) -> None:
        own, self._own = self._own, []
        for session, changed in own:
            if session.tracking is not None:
                self._send(session, None if changed is None else [changed])

    def _send(self, session: Session, keys: list[Reply] | None) -> None:
        """Tell a client, or the one in its place (``sendTrackingMessage``)."""
        tracked = session.tracking
        assert tracked is not None
        target: Session | None = session
        if tracked.redirect:
            target = self._find(tracked.redirect)
            if target is None:
                tracked.broken = True
                if session.resp3:
                    gone: list[Reply] = [b"tracking-redir-broken", tracked.redirect]
                    session.send(encode(PushReply(gone), True))
                return
        assert target is not None
        told = encode(keys, session.resp3)
        if target.resp3:
            target.send(b">2\r\n" + encode(b"invalidate", True) + told)
        elif target is not session and target.subscriptions:
            head = (b"message", CHANNEL)
            target.send(b"*3\r\n" + b"".join(encode(word, False) for word in head) + told)
        self.on_sent(target)
