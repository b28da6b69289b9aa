"""The power goes at any step of a rewrite: the source, or the whole result, is there afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aoftool.keyspace.fingerprint import fingerprint
from aoftool.ops.loading import LoadOptions, load
from aoftool.ops.rewrite import Beside, Form, InPlace, rewrite
from aoftool.ops.source import resolve
from tests.builders import commands
from tests.fakes.powerloss import Recording, State, contents, crash_states
from tests.unit.ops.test_check import make_set
from tests.unit.ops.test_rewrite import SOURCE, options

SINGLE, SET = "appendonly.aof", "appendonly.aof.manifest"


@pytest.fixture(params=[SINGLE, SET])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A single file, or a set, in a folder of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    if request.param == SET:
        return make_set(folder)
    (folder / SINGLE).write_bytes(SOURCE)
    return folder / SINGLE


def digest(path: Path) -> int:
    return fingerprint(load(resolve(path), LoadOptions(truncated=False)).keyspace)


def put(folder: Path, state: State) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in state.items():
        (folder / name).write_bytes(data)


def target(source: Path) -> str:
    return "redis-7.0" if source.name.endswith(".manifest") else "redis-6.2"


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("keep_old", [False, True])
def test_in_place(source: Path, tmp_path: Path, form: Form, keep_old: bool) -> None:
    expected, before = digest(source), contents(source.parent)
    files = Recording(source.parent)
    rewrite(source, InPlace(keep_old=keep_old, files=files), options(form, target(source)))
    after = source.read_bytes()
    assert after != before[source.name]
    seen = set()
    for done, state in crash_states(before, files.journal):
        put(tmp_path / "left", state)
        assert digest(tmp_path / "left" / source.name) == expected, (done, files.journal[:done])
        seen.add(state[source.name] == after)
        if keep_old and state[source.name] == after:
            backup = tmp_path / "left" / f"{source.name}.before-rewrite"
            assert digest(backup) == expected
    assert seen == {False, True}
    assert not [name for name in contents(source.parent) if name.endswith(".tmp")]


def test_beside(source: Path, tmp_path: Path) -> None:
    before = contents(source.parent)
    files = Recording(source.parent)
    out = source.parent / "out.aof"
    rewrite(source, Beside(out, files), options(Form.RESP, target(source)))
    whole = out.read_bytes()
    for _, state in crash_states(before, files.journal):
        assert before.items() <= state.items()
        assert state.get("out.aof", whole) == whole


def test_what_a_missing_sync_would_do(tmp_path: Path) -> None:
    """The sweep is able to fail: without the sync of the new file some states are not whole."""
    path = tmp_path / SINGLE
    path.write_bytes(SOURCE)
    before, files = contents(tmp_path), Recording(tmp_path)
    rewrite(path, InPlace(keep_old=False, files=files), options())
    journal = [entry for entry in files.journal if entry[0] != "sync"]
    states = [state[SINGLE] for _, state in crash_states(before, journal)]
    assert b"" in states


def test_a_set_in_place(tmp_path: Path) -> None:
    """What is left is a set as BGREWRITEAOF leaves one; the old one still loads."""
    manifest = make_set(tmp_path)
    old = {part.path.name for part in resolve(manifest).parts}
    expected = digest(manifest)
    done = rewrite(manifest, InPlace(), options(Form.PREAMBLE, "redis-7.0"))
    source = resolve(manifest)
    base, incr = source.parts
    assert source.manifest is not None
    assert (base.role.value, incr.role.value) == ("base", "incr")
    assert incr.path.read_bytes() == b""
    assert not {base.path.name, incr.path.name} & old
    assert done.path == base.path
    assert done.backup == tmp_path / f"{manifest.name}.before-rewrite"
    assert digest(manifest) == digest(done.backup) == expected
    incr.path.write_bytes(commands("SELECT 0", "SET later 1"))
    rewrite(manifest, InPlace(keep_old=False), options(Form.RESP, "redis-7.0"))
    names = {path.name for path in tmp_path.iterdir()}
    assert not {base.path.name, incr.path.name} & names
    assert old <= names
    assert resolve(manifest).parts[0].path.name.endswith(".base.aof")
