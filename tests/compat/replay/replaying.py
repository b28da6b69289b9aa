"""What the tests of replay share: a replay in this process, and what a server holds afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from aoftool.format.resp import encode_command
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.payload import restore
from aoftool.ops.failures import Failure
from aoftool.ops.replay.address import Address
from aoftool.ops.replay.choosing import Chooser
from aoftool.ops.replay.connecting import connect
from aoftool.ops.replay.link import Link
from aoftool.ops.replay.preparing import Wishes, prepare
from aoftool.ops.replay.running import Outcome, ReplayOptions, Runner
from aoftool.ops.replay.settling import scan, times_of
from aoftool.ops.replay.survey import survey
from aoftool.ops.replay.target import Facts
from aoftool.ops.window import no_progress


def write(path: Path, *lines: str | list[bytes]) -> Path:
    """Write a plain AOF of these commands."""
    argvs = (line.encode().split() if isinstance(line, str) else line for line in lines)
    path.write_bytes(b"".join(map(encode_command, argvs)))
    return path


def address_of(client: Any) -> Address:
    """Where a redis-py client is connected to."""
    settings = client.connection_pool.connection_kwargs
    if "path" in settings:
        return Address(path=settings["path"])
    return Address(settings["host"], settings["port"])


def replay(
    source: Path,
    address: Address,
    options: ReplayOptions | None = None,
    wishes: Wishes | None = None,
    **more: Any,
) -> tuple[Outcome, list[Failure], ReplayOptions]:
    """Replay into a server, as the command does; the options are those that were completed."""
    options = options or ReplayOptions()
    failures: list[Failure] = []
    found = survey(source, options.truncated, no_progress)
    sink = connect(address)
    try:
        options = replace(options, target=str(address))
        ready = prepare(found, sink, options, wishes or Wishes(), lambda question: True)
        assert ready is not None
        runner = Runner(
            found.source, sink, ready.options, start=ready.start, behind=ready.behind,
            choice=None if options.selection.is_all else Chooser(options.selection),
            tell=failures.append, **more,
        )  # fmt: skip
        return runner.run(), failures, ready.options
    finally:
        sink.close()


def held_by(address: Address, facts: Facts, databases: int = 16) -> Keyspace:
    """What a server holds, read key by key."""
    keyspace = Keyspace(databases)
    link = Link(address)
    for database in keyspace.databases:
        link.ask(b"SELECT", b"%d" % database.index)
        for keys in scan(link):
            payloads = link.ask_all([(b"DUMP", key) for key in keys])
            for key, payload, at_ms in zip(
                keys, payloads, times_of(link, keys, facts), strict=True
            ):
                database.put(key, restore(payload))
                if at_ms is not None:
                    database.set_expire(key, at_ms)
    link.close()
    return keyspace
