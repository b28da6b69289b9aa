"""rewrite: real servers load what it writes, and then hold what the source makes them hold."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from aoftool.format.rdb import Key, decode_events
from aoftool.keyspace.database import Keyspace
from aoftool.keyspace.digest import keyspace_digest
from aoftool.keyspace.values import ZSetValue
from aoftool.ops.loading import LoadOptions, load
from aoftool.ops.rewrite import Form, RewriteOptions, rewrite
from aoftool.ops.source import resolve
from aoftool.ops.targets import TARGETS
from tests.compat.servers import serving
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
        rewrite(source, out, options)
        lossy = release == "7.0" and form is Form.RESP
        expected = zeros_digest(keyspace) if lossy else digest
        assert digest_after(release, out, form, tmp_path) == expected, form


def test_the_rdb_form_is_read_by_our_decoder(tmp_path: Path) -> None:
    source = unpacked() / "redis-7.4.1" / "preamble"
    out = tmp_path / "out.rdb"
    done = rewrite(source, out, RewriteOptions(Form.RDB, TARGETS["redis-7.4"]))
    keys = [event for event in decode_events(out.read_bytes()) if isinstance(event, Key)]
    assert len(keys) == sum(done.keys.values())
