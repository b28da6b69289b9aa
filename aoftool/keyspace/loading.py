"""From a decoder's events to a keyspace: what every load has in common, offline and live."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aoftool.format.aof import Batch, Command, Event, Step
from aoftool.format.rdb import Function, Key, StringKeys
from aoftool.keyspace.commands.functions import library_name
from aoftool.keyspace.context import Context
from aoftool.keyspace.engine import run, run_all
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.rdbmap import live_value

#: Told of what could not be loaded: offset, record number (None: a key in RDB form), the words (of
#: a key in RDB form its name, if that is known), and the error reply. What it raises ends the load.
Failed = Callable[[int, int | None, tuple[bytes, ...], bytes], None]


class EventLoader:
    """Takes the events of one file; transactions are run as a whole, or not at all.

    Attributes:
        records: commands that were taken; rdb_keys: keys that came from RDB data.
        drop_before_ms: keys in RDB form that expire before this Unix time in ms are left out
            (``rdbLoadRio`` of a snapshot); None: all are kept, as from a preamble.
        dropped: how many were left out.
    """

    def __init__(self, ctx: Context, failed: Failed, drop_before_ms: int | None = None) -> None:
        self.records = 0
        self.rdb_keys = 0
        self.drop_before_ms = drop_before_ms
        self.dropped = 0
        self._ctx = ctx
        self._failed = failed
        self._queue: list[Command] | None = None

    def take(self, event: Event) -> None:
        """Load what one event brings."""
        if type(event) is Batch:
            self._batch(event)
        elif type(event) is Command:
            self._command(event)
        elif type(event) is StringKeys:
            self._string_keys(event)
        elif type(event) is Key:
            self._key(event)
        elif type(event) is Function:
            self._ctx.keyspace.functions[library_name(event.code)] = event.code

    def _batch(self, batch: Batch) -> None:
        self.records += len(batch.commands)
        run_all(
            self._ctx,
            batch.commands,
            lambda index, error: self._tell(batch.command(index), error),
        )

    def _command(self, command: Command) -> None:
        self.records += 1
        step = command.step
        if step is Step.OUTSIDE:
            self._execute(command)
        elif step is Step.INSIDE:
            assert self._queue is not None
            self._queue.append(command)
        elif step is Step.MULTI:
            self._queue = []
        elif step is Step.EXEC:
            queue, self._queue = self._queue or [], None
            for queued in queue:
                self._execute(queued)

    def _execute(self, command: Command) -> None:
        try:
            run(self._ctx, command.argv)
        except CommandError as error:
            self._tell(command, error)

    def _tell(self, command: Command, error: CommandError) -> None:
        self._failed(command.start, command.record, tuple(command.argv), error.text)

    def _string_keys(self, event: StringKeys) -> None:
        data = self._ctx.keyspace.database(event.db).data
        before = len(data)
        data.update(event.pairs)
        self.rdb_keys += len(event.pairs)
        twice = before + len(event.pairs) - len(data)
        if twice:
            text = b"RDB has duplicated keys: %d up to offset %d" % (twice, event.end)
            self._failed(event.start, None, (), text)

    def _key(self, key: Key) -> None:
        if self._is_dropped(key):
            self.dropped += 1
            return
        database = self._ctx.keyspace.database(key.db)
        if key.key in database.data:
            self._failed(key.start, None, (key.key,), b"RDB has duplicated key")
            database.delete(key.key)  # with its expiry
        if isinstance(key.value, Sequence) and not len(key.value) and key.kind != "string":
            return  # servers do not keep empty collections
        database.put(key.key, live_value(key.kind, key.value))
        self.rdb_keys += 1
        if key.expire_at_ms is not None:
            database.set_expire(key.key, key.expire_at_ms)

    def _is_dropped(self, key: Key) -> bool:
        before = self.drop_before_ms
        return before is not None and key.expire_at_ms is not None and key.expire_at_ms < before
