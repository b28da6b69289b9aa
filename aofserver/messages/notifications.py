"""Messages about changes of keys (``notify-keyspace-events``; notify.c).

New keys and reads of keys that are not there are no changes: while somebody wants to know, the
databases tell of them.
"""

from __future__ import annotations

from aofserver.clients.registry import Clients
from aofserver.ground import Ground
from aofserver.messages.pubsub import PubSub
from aoftool.keyspace.database import Database

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


class Notifications:
    """Tells subscribers of events; true while some are to be told."""

    def __init__(self, ground: Ground, clients: Clients, pubsub: PubSub) -> None:
        self._ground = ground
        self._clients = clients
        self._pubsub = pubsub
        self._wanted: frozenset[bytes] = frozenset()
        self._forms = ""

    def __bool__(self) -> bool:
        return bool(self._wanted)

    def configure(self, letters: str) -> None:
        """Tell of these classes, in the forms K and E; without a form nothing is told."""
        self._forms = "".join(form for form in (_KEYSPACE, _KEYEVENT) if form in letters)
        told = letters if self._forms else ""
        self._wanted = frozenset(name for name, letter in CLASS_OF.items() if letter in told)
        for database in self._ground.keyspace.databases:
            database.on_miss = self._missed if _MISS in told else None
            database.on_new = self._made if _NEW in told else None
        self._ground.listen()

    def changed(self, event: bytes, key: bytes, database: Database) -> None:
        """Tell of an event (``notifyKeyspaceEvent``)."""
        if event in self._wanted:
            self._tell(event, key, database.index)

    def _tell(self, event: bytes, key: bytes, index: int) -> None:
        ground = self._ground
        caller = ground.ctx.session if self._clients.sessions else None
        if _KEYSPACE in self._forms:
            self._pubsub.publish(b"__keyspace@%d__:%b" % (index, key), event, caller)
        if _KEYEVENT in self._forms:
            self._pubsub.publish(b"__keyevent@%d__:%b" % (index, event), key, caller)

    def _missed(self, index: int, key: bytes) -> None:
        self._tell(b"keymiss", key, index)

    def _made(self, index: int, key: bytes) -> None:
        if self._ground.loading is None:
            self._tell(b"new", key, index)
