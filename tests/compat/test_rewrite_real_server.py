"""rewrite: real servers load what it writes, and then hold what the source makes them hold."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from aoftool.errors import RefusedError
from aoftool.format.rdb import Key, decode_events
from aoftool.keyspace.digest import keyspace_digest
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.values import ZSetValue
from aoftool.ops.loading import LoadOptions, load
from aoftool.ops.rewrite import Beside, Form, InPlace, RewriteOptions, rewrite
from aoftool.ops.source import resolve
from aoftool.ops.targets import TARGETS
from tests.compat.servers import AOF_DIR, WITH_AOF, serving
from tests.corpus import folders, unpacked

#: Servers of the corpus whose files the real 6.2 and 7.0 here can load themselves.
READABLE = {
    "6.2": ("redis-2.8", "redis-3.2", "redis-4.0", "redis-5.0", "redis-6.0", "redis-6.2"),
    "7.0": ("redis-2.8", "redis-3.2", "redis-4.0", "redis-5.0", "redis-6.0", "redis-6.2",
            "redis-7.0"),
}  # fmt: skip
TARGET = {"6.2": TARGETS["redis-6.2"], "7.0": TARGETS["redis-7.0"]}


def cases() -> list[Any]:
    """(release, folder) pairs."""
    return [
        pytest.param(release, folder, id=f"{release}-{folder}")
        for release, servers in READABLE.items()
        for folder in folders()
        if str(folder).startswith(servers)
    ]


def digest_of(release: str, folder: Path, tmp_path: Path) -> str:
    """What the real server says of the files in ``folder``."""
    work = tmp_path / "source"
    shutil.copytree(folder, work)
    options = ["--enable-debug-command", "yes"] if release == "7.0" else []
    if (work / "dump.rdb").exists():
        options += ["--appendonly", "no", "--dbfilename", "dump.rdb"]
    else:
        options += ["--appendonly", "yes"]
    with serving(release, work, *options) as client:
        return str(client.execute_command("DEBUG DIGEST").decode())


def digest_after(release: str, path: Path, form: Form, tmp_path: Path) -> str:
    """What the real server says of one file."""
    work = tmp_path / f"again-{form.value}"
    work.mkdir()
    options = ["--enable-debug-command", "yes"] if release == "7.0" else []
    if form is Form.RDB:
        shutil.copy(path, work / "dump.rdb")
    else:
        shutil.copy(path, work / "appendonly.aof")
        options += ["--appendonly", "yes"]
    with serving(release, work, *options) as client:
        return str(client.execute_command("DEBUG DIGEST").decode())


def zeros_digest(keyspace: Keyspace) -> str:
    """The digest once ZADD has brought the scores into a Redis 7, which makes 0 of -0 there.

    From RDB data the same server keeps -0. Sets of the corpus with such a score are small.
    """
    changed = Keyspace(len(keyspace.databases))
    for database, source in zip(changed.databases, keyspace.databases, strict=True):
        database.expires = source.expires
        database.data = {key: _with_zeros(value) for key, value in source.data.items()}
    return keyspace_digest(changed)


def _with_zeros(value: Any) -> Any:
    if not isinstance(value, ZSetValue):
        return value
    changed = ZSetValue()
    changed.scores = {member: score + 0.0 for member, score in value.scores.items()}
    return changed


@pytest.mark.parametrize(("release", "folder"), cases())
def test_every_form_gives_the_servers_digest(release: str, folder: Path, tmp_path: Path) -> None:
    source = unpacked() / folder
    digest = digest_of(release, source, tmp_path)
    # Redis 5.0 wrote a command that no server takes; servers pass over it.
    style = TARGET[release].style
    loading = LoadOptions(now_ms=1_700_000_000_000, skip_errors=True, style=style)
    keyspace = load(resolve(source), loading).keyspace
    assert keyspace_digest(keyspace) == digest
    for form in Form:
        out = tmp_path / f"out-{form.value}"
        options = RewriteOptions(form, TARGET[release], allow_loss=True, loading=loading)
        rewrite(source, Beside(out), options)
        lossy = release == "7.0" and form is Form.RESP
        expected = zeros_digest(keyspace) if lossy else digest
        assert digest_after(release, out, form, tmp_path) == expected, form


def test_the_rdb_form_is_read_by_our_decoder(tmp_path: Path) -> None:
    source = unpacked() / "redis-7.4.1" / "preamble"
    out = tmp_path / "out.rdb"
    done = rewrite(source, Beside(out), RewriteOptions(Form.RDB, TARGETS["redis-7.4"]))
    keys = [event for event in decode_events(out.read_bytes()) if isinstance(event, Key)]
    assert len(keys) == sum(done.keys.values())


@pytest.mark.parametrize("form", [Form.RESP, Form.PREAMBLE])
@pytest.mark.parametrize("keep_old", [False, True])
def test_a_set_in_place_under_a_real_server(form: Form, keep_old: bool, tmp_path: Path) -> None:
    """A server goes on with the new set, writes to it, and rewrites it again by itself."""
    options = [*WITH_AOF, "--enable-debug-command", "yes"]

    def digest(client: Any) -> str:
        return str(client.execute_command("DEBUG DIGEST").decode())

    with serving("7.0", tmp_path, *options) as client:
        client.mset({f"k{n}": "v" * n for n in range(300)})
        client.rpush("list", *range(500))
        client.function_load(
            "#!lua name=lib\nredis.register_function('f', function() return 1 end)"
        )
        before = digest(client)
        with pytest.raises(RefusedError, match="open for writing by redis-server"):
            rewrite(tmp_path / AOF_DIR, InPlace(), RewriteOptions(form, TARGETS["redis-7.0"]))
        client.execute_command("CONFIG SET appendfsync always")
        client.set("last", 1)
        client.delete("last")
    rewrite(
        tmp_path / AOF_DIR, InPlace(keep_old=keep_old), RewriteOptions(form, TARGETS["redis-7.0"])
    )
    with serving("7.0", tmp_path, *options) as client:
        assert digest(client) == before
        assert client.execute_command("FCALL f 0") == 1
        client.set("later", 1)
        after = digest(client)
        client.execute_command("BGREWRITEAOF")
        while client.info("persistence")["aof_rewrite_in_progress"]:
            pass
        assert client.info("persistence")["aof_last_bgrewrite_status"] == "ok"
    with serving("7.0", tmp_path, *options) as client:
        assert digest(client) == after
    kept = list((tmp_path / AOF_DIR).glob("*.before-rewrite"))
    assert len(kept) == keep_old
    for path in kept:
        old = load(resolve(path), LoadOptions(truncated=False)).keyspace
        assert keyspace_digest(old) == before
