"""Real servers load what the encoder writes, and then hold what they held from their own file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis

from aoftool.errors import LossError
from aoftool.format.rdb import Aux, Function, Key, RdbEncoder, ResizeDb, SelectDb, decode_events
from tests.compat.servers import serving
from tests.corpus import unpacked

# Release, corpus file that it can load itself, version that we write.
_NO_HISTORY = ("redis-7.0.15", 9)  # written in a version that lacks what the source has
PAIRS = [
    ("6.2", "redis-2.8.24", 9),
    ("6.2", "redis-4.0.14", 9),
    ("6.2", "redis-6.2.16", 9),
    ("7.0", "redis-6.0.8", 9),
    ("7.0", "redis-7.0.15", 9),
    ("7.0", "redis-7.0.15", 10),
]
_OPTIONS = {"6.2": (), "7.0": ("--enable-debug-command", "yes")}


def keyspace_of(release: str, folder: Path, rdb: bytes, with_history: bool) -> dict[str, Any]:
    """What a server of this release says it holds when it has loaded ``rdb``."""
    folder.mkdir()
    (folder / "dump.rdb").write_bytes(rdb)
    options = ("--sanitize-dump-payload", "yes", *_OPTIONS[release])
    with serving(release, folder, *options) as client:
        return told(client, with_history)


def rewritten(data: bytes, version: int) -> bytes:
    """The same keyspace through decoder and encoder, without what the version cannot carry."""
    encoder = RdbEncoder(version)
    for event in decode_events(data):
        if isinstance(event, Aux):
            encoder.aux(*event)
        elif isinstance(event, SelectDb):
            encoder.select_db(*event)
        elif isinstance(event, ResizeDb):
            encoder.resize_db(*event)
        elif isinstance(event, Function):
            try:
                encoder.function(*event)
            except LossError:
                assert version < 10
        elif isinstance(event, Key):
            encoder.key(*event[1:7])
    return encoder.end()


def told(client: Any, with_history: bool) -> dict[str, Any]:
    """What the server says it holds: digests, encodings, and what digests do not see.

    The latter, functions and what streams remember, only ``with_history``.
    """
    found: dict[str, Any] = {"digest": client.execute_command("DEBUG", "DIGEST")}
    for name, info in client.info("keyspace").items():
        found[name] = (info["keys"], info["expires"])
    for key in client.scan_iter(count=1000):
        digest = client.execute_command("DEBUG", "DIGEST-VALUE", key)
        found[repr(key)] = [digest, client.object("encoding", key)]
        if with_history and client.type(key) == b"stream":
            found[repr(key)] += _stream(client, key)
    if with_history:
        found["functions"] = _functions(client)
    return found


def _stream(client: Any, key: bytes) -> list[Any]:
    """XINFO FULL but for how the radix tree happens to be built."""
    full = client.execute_command("XINFO", "STREAM", key, "FULL", "COUNT", "0")
    return [row for row in full.items() if "radix-tree" not in str(row[0])]


def _functions(client: Any) -> Any:
    try:
        return client.execute_command("FUNCTION", "LIST", "WITHCODE")
    except redis.ResponseError:
        return None  # before 7.0


@pytest.mark.parametrize(("release", "source", "version"), PAIRS)
def test_a_server_holds_the_same_from_our_file(
    release: str, source: str, version: int, tmp_path: Path
) -> None:
    data = (unpacked() / source / "rdb" / "dump.rdb").read_bytes()
    with_history = (source, version) != _NO_HISTORY
    expected = keyspace_of(release, tmp_path / "own", data, with_history)
    ours = keyspace_of(release, tmp_path / "ours", rewritten(data, version), with_history)
    assert ours == expected
