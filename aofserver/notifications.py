"""Messages about changes of keys (``notify-keyspace-events``; notify.c).

New keys and reads of keys that are not there are no changes, so nothing tells of them: while
somebody wants to know, the keys of each command are looked at before it runs. What only a script
knows, keys that it was not given, is not seen by that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aofserver.session import Session
from aoftool.keyspace.command import Command, Flags
from aoftool.keyspace.database import Database
from aoftool.keyspace.keyspecs import Argv

if TYPE_CHECKING:
    from aofserver.server import Server

_KEYSPACE, _KEYEVENT = "K", "E"
_NEW, _MISS = "n", "m"
#: Events by the letter of their class.
_EVENTS = {
    "g": "copy_to del expire move_from move_to persist rename_from rename_to restore",
    "$": "append incrby incrbyfloat pfadd set setbit setrange",
    "l": "linsert lpop lpush lrem lset ltrim rpop rpush sortstore",
    "s": "sadd sdiffstore sinterstore spop srem sunionstore",
    "h": "hdel hexpire hexpired hincrby hincrbyfloat hpersist hset",
    "z": "geosearchstore georadiusstore zadd zdiffstore zincr zinterstore zpopmax zpopmin "
    "zrangestore zrem zremrangebylex zremrangebyrank zremrangebyscore zunionstore",
    "t": "xadd xdel xgroup-create xgroup-createconsumer xgroup-delconsumer xgroup-destroy "
    "xgroup-setid xsetid xtrim",
    "x": "expired",
    "e": "evicted",
    _MISS: "keymiss",
    _NEW: "new",
}
CLASS_OF = {name.encode(): letter for letter, names in _EVENTS.items() for name in names.split()}
#: Commands that make a key of another database.
_ELSEWHERE = frozenset((b"MOVE", b"COPY"))


class Notifications:
    """Tells subscribers of events; true while some are to be told."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._wanted: frozenset[bytes] = frozenset()
        self._forms = ""
        self._looking = frozenset[str]()
        #: Keys of the command that runs that were not there before it.
        self._absent: set[tuple[int, bytes]] = set()

    def __bool__(self) -> bool:
        return bool(self._wanted)

    @property
    def looks(self) -> bool:
        """Whether it must look at each command before it runs."""
        return bool(self._looking)

    def configure(self, letters: str) -> None:
        """Tell of these classes, in the forms K and E; without a form nothing is told."""
        self._forms = "".join(form for form in (_KEYSPACE, _KEYEVENT) if form in letters)
        told = letters if self._forms else ""
        self._wanted = frozenset(name for name, letter in CLASS_OF.items() if letter in told)
        self._looking = frozenset((_NEW, _MISS)) & frozenset(told)
        calls = self._server.dispatcher.on_call
        if self._looking and self.look not in calls:
            calls.append(self.look)
        elif not self._looking and self.look in calls:
            calls.remove(self.look)
        self._absent.clear()
        self._server.update_listener()

    def changed(self, event: bytes, key: bytes, database: Database) -> None:
        """Tell of an event (``notifyKeyspaceEvent``)."""
        if self._absent and (database.index, key) in self._absent and key in database.data:
            self._absent.discard((database.index, key))
            self._tell(b"new", key, database.index)
        if event in self._wanted:
            self._tell(event, key, database.index)

    def _tell(self, event: bytes, key: bytes, index: int) -> None:
        server = self._server
        caller = server.ctx.session if server.clients.sessions else None
        if _KEYSPACE in self._forms:
            server.pubsub.publish(b"__keyspace@%d__:%b" % (index, key), event, caller)
        if _KEYEVENT in self._forms:
            server.pubsub.publish(b"__keyevent@%d__:%b" % (index, event), key, caller)

    def look(self, session: Session, command: Command, argv: Argv) -> None:
        """A command is about to run: which of its keys are not there?"""
        self._absent.clear()
        db = self._server.ctx.db
        keys = [argv[at] for at in command.keys.positions(argv)]
        if _NEW in self._looking and Flags.READONLY not in command.flags:
            databases = self._server.keyspace.databases if command.name in _ELSEWHERE else [db]
            self._absent = {
                (each.index, key) for each in databases for key in keys if key not in each.data
            }
        if _MISS in self._looking and Flags.READONLY in command.flags:
            for key in keys:
                if key not in db.data:
                    self._tell(b"keymiss", key, db.index)
