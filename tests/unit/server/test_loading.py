"""What a server does with the files that it finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from aofserver.persistence.loader import LoadFailure
from tests.builders import commands
from tests.corpus import folders, unpacked
from tests.e2e.test_corpus_load import assert_truth
from tests.fakes.machine import Machine

AOF, DIRECTORY = "appendonly.aof", "appendonlydir"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


def multipart(folder: Path, **files: bytes) -> Path:
    """A file set as Redis 7 writes it: a BASE and INCR files by their numbers."""
    directory = folder / DIRECTORY
    directory.mkdir()
    lines = []
    for name, data in files.items():
        kind, number = name.split("_")
        file = f"{AOF}.{number}.{kind}.aof"
        (directory / file).write_bytes(data)
        lines.append(f"file {file} seq {number} type {kind[0]}\n")
    (directory / f"{AOF}.manifest").write_text("".join(lines))
    return directory


@pytest.mark.parametrize("at", range(len(folders())), ids=lambda at: str(folders()[at]))
def test_the_corpus(at: int, folder: Path) -> None:
    """Files of every release: loaded, and then kept as an AOF of our own."""
    source = unpacked() / folders()[at]
    for path in source.rglob("*"):
        if path.is_file() and path.name != "truth.json":
            target = folder / path.relative_to(source)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    newest = source.parent.name.startswith(("redis-7", "redis-8", "valkey"))
    options = {"compat_version": "7.4" if newest else "6.0"}
    machine = Machine(folder, **options).boot()
    assert_truth(machine.keyspace, source)
    digest = machine.digest()
    assert {path: path.read_bytes() for path in before} == before
    machine.close()
    again = Machine(folder, **options).boot()
    assert again.digest() == digest
    again.close()


def test_a_file_set_of_redis_7_is_taken_over(folder: Path) -> None:
    directory = multipart(
        folder, base_1=commands("SET a 1"), incr_1=commands("INCR a"), incr_2=commands("INCR a")
    )
    machine = Machine(folder).boot()
    assert machine.run("GET", "a") == b"$1\r\n3\r\n"
    assert machine.logged("The first AOF was written from the AOF in appendonlydir") == 1
    machine.run("INCR", "a")
    machine.close()
    machine = Machine(folder).boot()
    assert machine.run("GET", "a") == b"$1\r\n4\r\n"
    assert machine.logged("is left alone") == 1
    assert len(list(directory.iterdir())) == 4
    machine.close()


def test_only_the_last_file_may_end_before_its_end(folder: Path) -> None:
    cut = commands("SET a 1", "SET b 2")[:-3]
    multipart(folder, base_1=commands("SET c 1"), incr_1=cut)
    machine = Machine(folder).boot()
    assert machine.run("MGET", "a", "b", "c") == b"*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n1\r\n"
    machine.close()


def test_another_file_that_ends_before_its_end_stops_the_start(folder: Path) -> None:
    cut = commands("SET a 1", "SET b 2")[:-3]
    multipart(folder, base_1=cut, incr_1=commands("SET c 1"))
    with pytest.raises(LoadFailure, match="Unexpected end of file"):
        Machine(folder).boot()
    assert not (folder / AOF).exists()


def test_a_file_set_with_a_gap_stops_the_start(folder: Path) -> None:
    directory = multipart(folder, base_1=b"", incr_1=b"")
    (directory / f"{AOF}.1.base.aof").unlink()
    with pytest.raises(LoadFailure, match="is not there"):
        Machine(folder).boot()
    (directory / f"{AOF}.manifest").write_text("file x seq 1\n")
    with pytest.raises(LoadFailure, match="Bad AOF manifest"):
        Machine(folder).boot()


def test_nothing_there(folder: Path) -> None:
    machine = Machine(folder).boot()
    assert (folder / AOF).read_bytes() == b""
    machine.close()


def test_an_empty_aof_beside_a_snapshot_is_told(folder: Path) -> None:
    machine = Machine(folder, appendonly="no").boot()
    machine.run("SET", "a", "1")
    machine.run("SAVE")
    (folder / AOF).touch()
    machine = Machine(folder).boot()
    assert machine.run("DBSIZE") == b":0\r\n"
    assert machine.logged("The AOF is empty and dump.rdb is not") == 1
    machine.close()


def test_files_of_dead_children_are_taken_away(folder: Path) -> None:
    dead = [folder / name for name in ("temp-rewriteaof-4194305.aof", "temp-4194305.rdb",
                                       "temp-rewriteaof-bg-4194305.aof")]  # fmt: skip
    others = [folder / name for name in ("temp-1.rdb", "temp-x.aof", "notes.aof")]
    for path in (*dead, *others):
        path.touch()
    Machine(folder).boot().close()
    assert not any(path.exists() for path in dead)
    assert all(path.exists() for path in others)


# Truncation and damage.
@pytest.mark.parametrize("lost", [1, 5, 20])
def test_a_tail(folder: Path, lost: int) -> None:
    whole = commands("SET a 1", "SET b 2")
    (folder / AOF).write_bytes(whole[:-lost])
    machine = Machine(folder).boot()
    assert machine.run("MGET", "a", "b") == b"*2\r\n$1\r\n1\r\n$-1\r\n"
    assert (folder / AOF).read_bytes() == commands("SET a 1")
    (kept,) = folder.glob("*.cut-*")
    assert machine.aof + kept.read_bytes() == whole[:-lost]
    for words in ("!!! Warning: short read while loading the AOF file !!!",
                  f"!!! Truncating the AOF at offset {len(commands('SET a 1'))} !!!",
                  "AOF loaded anyway because aof-load-truncated is enabled"):  # fmt: skip
        assert machine.logged(words) == 1
    machine.close()


def test_an_open_transaction_is_cut_off_as_a_whole(folder: Path) -> None:
    (folder / AOF).write_bytes(commands("SET a 1", "MULTI", "SET a 2", "SET b 2"))
    machine = Machine(folder).boot()
    assert machine.run("MGET", "a", "b") == b"*2\r\n$1\r\n1\r\n$-1\r\n"
    assert machine.aof == commands("SET a 1")
    assert machine.logged("Revert incomplete MULTI/EXEC transaction in AOF file") == 1
    machine.close()


def test_zeros_at_the_end_are_a_tail(folder: Path) -> None:
    (folder / AOF).write_bytes(commands("SET a 1") + bytes(5000))
    machine = Machine(folder).boot()
    assert machine.aof == commands("SET a 1")
    machine.close()


def with_preamble(folder: Path) -> bytes:
    machine = Machine(folder).boot()
    machine.run("SET", "a", "1")
    machine.run("BGREWRITEAOF")
    machine.children.finish()
    machine.tick()
    preamble = machine.aof
    assert preamble.startswith(b"REDIS")
    machine.close()
    return preamble


def test_a_preamble_is_never_cut(folder: Path) -> None:
    preamble = with_preamble(folder)
    for end in range(9, len(preamble) - 1, 7):
        (folder / AOF).write_bytes(preamble[:end])
        with pytest.raises(LoadFailure, match="Bad file format"):
            Machine(folder).boot()
        assert (folder / AOF).read_bytes() == preamble[:end]


def test_a_tail_behind_a_preamble_is_cut_behind_it(folder: Path) -> None:
    preamble = with_preamble(folder)
    (folder / AOF).write_bytes(preamble + commands("SELECT 0", "SET b 1")[:-2])
    machine = Machine(folder).boot()
    assert machine.run("MGET", "a", "b") == b"*2\r\n$1\r\n1\r\n$-1\r\n"
    assert machine.aof == preamble + commands("SELECT 0")
    machine.close()


@pytest.mark.parametrize(("bad", "words"), [
    (b"*1\r\n$6\r\nNOSUCH\r\n", "Unknown command 'NOSUCH'.*record 2 at offset 27"),
    (b"*2\r\n$3\r\nSET\r\n$1\r\nx\r\n", "Unknown command 'SET', or one with a wrong number"),
    (b"rubbish\r\n", "Bad file format.*offset 27.*aoftool check"),
    (b"*2\r\n$3\r\nGET\r\n$x\r\nabc\r\n", "Bad file format.*offset 41"),
])  # fmt: skip
def test_damage_stops_the_start_and_is_left_as_it_is(folder: Path, bad: bytes, words: str) -> None:
    data = commands("SET a 1") + bad + commands("SET b 1")
    (folder / AOF).write_bytes(data)
    with pytest.raises(LoadFailure, match=words):
        Machine(folder).boot()
    assert (folder / AOF).read_bytes() == data
    assert [path.name for path in folder.iterdir()] == [AOF]


def test_truncation_that_is_not_wanted(folder: Path) -> None:
    data = commands("SET a 1", "SET b 1")[:-1]
    (folder / AOF).write_bytes(data)
    with pytest.raises(LoadFailure, match="aof-load-truncated"):
        Machine(folder, aof_load_truncated="no").boot()
    assert (folder / AOF).read_bytes() == data


def test_a_command_that_fails_is_told_and_passed_over(folder: Path) -> None:
    (folder / AOF).write_bytes(commands("SET a x", "INCR a", "SET b 1"))
    machine = Machine(folder).boot()
    assert machine.run("DBSIZE") == b":2\r\n"
    assert machine.logged("'-ERR value is not an integer or out of range' after processing") == 1
    machine.close()


@pytest.mark.parametrize("words", [("DEBUG", "LOADAOF"), ("DEBUG", "RELOAD", "NOSAVE")])
def test_nothing_is_thrown_away_for_a_file_that_is_not_there(
    folder: Path, words: tuple[str, ...]
) -> None:
    machine = Machine(folder, appendonly="no").boot()
    machine.run("SET", "a", "1")
    assert machine.run(*words).startswith(b"-ERR Error trying to load the")
    assert machine.run("GET", "a") == b"$1\r\n1\r\n"
