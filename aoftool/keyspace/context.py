"""What a command handler works with: its database, the time, chance, and what it changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from aoftool.format.rdb import EncodingLimits
from aoftool.format.resp.replies import Reply
from aoftool.format.speed import pick
from aoftool.keyspace.database import Database
from aoftool.keyspace.errors import WRONG_TYPE, CommandError
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.packed import PackedList
from aoftool.keyspace.values import ShortList

if TYPE_CHECKING:
    from random import Random

    from aoftool.keyspace.command import Command, Table

#: What ``Context.changed`` tells of a change that has no keyspace event: PFCOUNT's.
NO_EVENT = b""

#: Sends commands to another server, for MIGRATE: (host, port, timeout in ms, commands) to their
#: replies. Raises OSError.
Send = Callable[[bytes, bytes, int, Sequence[Sequence[bytes]]], Sequence[Reply]]


class Style(Enum):
    """Whose AOF is written: what a command says in it differs (redis-facts: 6.0 and 7.x)."""

    REDIS_6 = "6.0"
    REDIS_7 = "7.4"


class Permissions(Protocol):
    """What the caller of a command may do, asked by the commands that do more than their words."""

    def refusal_in_script(self, command: Command, argv: Sequence[bytes]) -> bytes | None:
        """Why its script may not call this, or None."""

    def may_call(self, command: Command, argv: Sequence[bytes]) -> bool:
        """Whether its script may call this."""

    def may_read_all(self, name: bytes, argv: Sequence[bytes]) -> bool:
        """Whether it may read any key by this call of the command ``name``."""


@dataclass(slots=True)
class Options:
    """Configuration that the meaning of commands depends on.

    Attributes:
        style: whose AOF is written, and whose replies where they differ.
        max_bulk: longest string in bytes (``proto-max-bulk-len``).
        hll_sparse_max_bytes: ``hll-sparse-max-bytes``.
        lazy_expire, lazy_server_del, lazy_eviction: UNLINK instead of DEL in the AOF
            (``lazyfree-lazy-expire`` and so on).
        lazy_user_del, lazy_user_flush: DEL is UNLINK, FLUSHALL is FLUSHALL ASYNC.
        out_of_memory: scripts may call nothing that needs memory before they have written.
        limits: thresholds of the compact encodings.
        table: what scripts may call; None: the keyspace's commands.
        write_refusal: the error that writes of scripts get while they cannot be kept, or None.
        free_later: takes values that UNLINK and its kin have removed; None: they are freed at once.
        on_lua: told of the Lua of a keyspace when it is made.
        permissions: what the caller may do; None: everything.
        send: how MIGRATE reaches other servers; None: it does not.
        on_flush: told when databases are emptied; None: nobody wants to know.
        skip_checksums: RESTORE takes payloads whose checksum is wrong (a DEBUG aid).
        scripts_call_all: scripts may call what is not for scripts (a DEBUG aid).
        on_script_call: told of every command that a script has run, with its words, or None.
    """

    style: Style = Style.REDIS_6
    max_bulk: int = 512 << 20
    hll_sparse_max_bytes: int = 3000
    lazy_expire: bool = False
    lazy_server_del: bool = False
    lazy_eviction: bool = False
    lazy_user_del: bool = False
    lazy_user_flush: bool = False
    out_of_memory: bool = False
    limits: EncodingLimits | None = None
    table: Table | None = None
    write_refusal: bytes | None = None
    send: Send | None = None
    permissions: Permissions | None = None
    free_later: Callable[[Any], None] | None = None
    on_lua: Callable[[Any], None] | None = None
    on_flush: Callable[[], None] | None = None
    skip_checksums: bool = False
    scripts_call_all: bool = False
    on_script_call: Callable[[Command, Sequence[bytes]], None] | None = None


def unpacked(db: Database, key: bytes, value: Any) -> Any:
    """The value at ``key``, from now on one that can be worked with if it was packed."""
    if type(value) is PackedList:
        value = db.data[key] = ShortList(value)
    return value


class PureContext:
    """One caller's view of a keyspace; a handler gets it with every call.

    Attributes:
        keyspace: all databases.
        db: the selected one.
        rng: the only source of random numbers.
        options: see there.
        dirty: grows with every change to data; a command that leaves it alone is not logged.
        trusted: the caller is a file or a primary: checks against clients are skipped
            (``mustObeyClient``), and a time that is past deletes nothing.
        resp3: whether replies may use what only RESP3 has.
        fact: what a handler leaves for its own propagation rule (a filled-in id, a victim).
        listener: called with (event name, key, database) for every change, or None.
    """

    __slots__ = (
        "db",
        "dirty",
        "fact",
        "keyspace",
        "listener",
        "options",
        "resp3",
        "rng",
        "trusted",
    )

    def __init__(self, keyspace: Keyspace, rng: Random, options: Options | None = None) -> None:
        self.keyspace = keyspace
        self.db: Database = keyspace.databases[0]
        self.rng = rng
        self.options = options or Options()
        self.dirty = 0
        self.trusted = False
        self.resp3 = False
        self.fact: Any = None
        self.listener: Callable[[bytes, bytes, Database], None] | None = None

    @property
    def now_ms(self) -> int:
        """Unix time in ms of this command."""
        return self.keyspace.clock.now_ms

    def changed(self, event: bytes, key: bytes, count: int = 1, db: Database | None = None) -> None:
        """Tell that ``key`` was changed ``count`` times: counts dirty, and tells the listener.

        ``event`` is Redis's keyspace event (``lpush``, ``del``), in ``db`` or the selected one;
        NO_EVENT for a change that Redis makes without telling one (WATCH sees it all the same).
        """
        self.dirty += count
        if self.listener is not None:
            self.listener(event, key, self.db if db is None else db)

    def typed(self, key: bytes, kind: type | tuple[type, ...]) -> Any:
        """The value at ``key``, or None. Raises CommandError WRONGTYPE for any other kind."""
        return self._of_kind(key, self.db.get(key), kind)

    def read(self, key: bytes, kind: type | tuple[type, ...]) -> Any:
        """As ``typed``, for a command that reads: a hit or a miss is counted."""
        return self._of_kind(key, self.db.read(key), kind)

    def source(self, key: bytes, kind: type | tuple[type, ...]) -> Any:
        """As ``read``, for what is made something else of: before 7.0 that counts as a write."""
        return (self.read if self.options.style is Style.REDIS_7 else self.typed)(key, kind)

    def _of_kind(self, key: bytes, value: Any, kind: type | tuple[type, ...]) -> Any:
        if value is not None and not isinstance(value, kind):
            value = unpacked(self.db, key, value)
            if not isinstance(value, kind):
                raise CommandError(WRONG_TYPE)
        return value

    def drop_if_empty(self, key: bytes, value: Any) -> None:
        """Remove ``key`` where its collection has become empty, as every command does."""
        if not len(value):
            self.db.delete(key)
            self.changed(b"del", key, 0)


if TYPE_CHECKING:
    Context = PureContext
else:
    Context = pick("Context", PureContext)
