"""After ``aoftool truncate`` the real programs find nothing wrong, and nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from aoftool.cli import main
from tests.builders import commands
from tests.compat.damage import (
    CASES,
    GOOD,
    INCR_1,
    INCR_2,
    LAST,
    MANIFEST,
    NEXT,
    RDB,
    SET,
    SET_LINES,
    Case,
)
from tests.compat.observed import CUTS, rows
from tests.compat.servers import AOF, WITH_AOF, ServerExit, run_checker, serving

REPAIRABLE = [
    (name, release)
    for name, row in rows().items()
    for release in row.releases()
    if row.ours.cut is not None and not row.ours.forced
]
FORCED = [
    (name, release) for name, row in rows().items() for release in row.releases() if row.ours.forced
]
#: What 6.2's redis-check-aof answers to an empty file.
EMPTY_IS_AN_ERROR = "Empty file"


def truncate(path: Path, *options: str) -> str:
    """Run ``aoftool truncate --yes`` on it; returns what it printed."""
    result = CliRunner().invoke(main, ["truncate", "--yes", *options, str(path)])
    assert result.exit_code == 0, result.output
    return result.output


def assert_valid(release: str, path: Path) -> None:
    """redis-check-aof has nothing to say against it, but that it is empty."""
    code, output = run_checker(release, path)
    assert code == 0 or EMPTY_IS_AN_ERROR in output, output


def keys(release: str, folder: Path, *to_set: str) -> int:
    """DBSIZE after a start, before the keys ``to_set`` are set; the server is killed then."""
    with serving(release, folder, *WITH_AOF) as client:
        size: int = client.dbsize()
        for key in to_set:
            client.set(key, "value")
    return size


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("name", "release"), REPAIRABLE)
def test_a_truncated_file_is_sound(name: str, release: str, tmp_path: Path) -> None:
    case, row = CASES[name], rows()[name]
    path = case.write(tmp_path)
    truncate(path)
    assert case.size(tmp_path) == row.ours.cut
    assert_valid(release, path)
    before = contents(tmp_path)
    assert "nothing to cut" in truncate(path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(("name", "release"), REPAIRABLE)
def test_a_server_goes_on_from_a_truncated_file(name: str, release: str, tmp_path: Path) -> None:
    truncate(CASES[name].write(tmp_path))
    first = keys(release, tmp_path, "new")
    theirs = rows()[name].servers[release]
    if theirs.start == CUTS:
        assert first == theirs.keys
    assert keys(release, tmp_path) == first + 1


@pytest.mark.parametrize(("name", "release"), FORCED)
def test_redis_check_aof_finds_a_file_valid_after_a_forced_cut(
    name: str, release: str, tmp_path: Path
) -> None:
    case = CASES[name]
    path = case.write(tmp_path)
    truncate(path, "--corrupt")
    assert case.size(tmp_path) == rows()[name].ours.cut
    assert_valid(release, path)


# What servers do by themselves, and what becomes of it.


@pytest.mark.parametrize("release", ["6.2", "7.0"])
@pytest.mark.parametrize("tail", [LAST[:9], b"*", commands("MULTI", "SET x 1")])
def test_only_a_server_loses_the_preamble(release: str, tail: bytes, tmp_path: Path) -> None:
    case = Case("", "", {AOF: RDB + tail})
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    case.write(theirs)
    assert (keys(release, theirs), case.size(theirs), keys(release, theirs)) == (2, 0, 0)
    truncate(case.write(ours))
    assert (keys(release, ours), case.size(ours), keys(release, ours)) == (2, len(RDB), 2)


# A last INCR file is appended to; what a server lets stand at its end comes before the new command.
OPEN_TRANSACTION = NEXT + commands("MULTI", "SET x 1") + LAST[:9]
OPEN_ANNOTATION = NEXT + b"#TS:170"


def last_incr(data: bytes) -> Case:
    """A set that ends in this INCR file."""
    return Case("", "", {MANIFEST: SET_LINES} | SET | {INCR_2: data}, INCR_2)


def test_6_2_loses_what_it_writes_behind_an_open_transaction(tmp_path: Path) -> None:
    Case("", "", {AOF: GOOD + OPEN_TRANSACTION}).write(tmp_path)
    assert keys("6.2", tmp_path, "new") == 5
    assert keys("6.2", tmp_path) == 5


def test_7_0_loses_what_it_writes_behind_an_open_transaction(tmp_path: Path) -> None:
    last_incr(OPEN_TRANSACTION).write(tmp_path)
    assert keys("7.0", tmp_path, "new") == 7
    assert keys("7.0", tmp_path) == 7


def test_7_0_refuses_at_its_next_start_what_it_cut_inside_a_transaction(tmp_path: Path) -> None:
    Case("", "", {AOF: GOOD + OPEN_TRANSACTION}).write(tmp_path)
    assert keys("7.0", tmp_path, "new") == 5
    with pytest.raises(ServerExit, match="the truncated file is not the last file"):
        keys("7.0", tmp_path)
    assert keys("7.0", tmp_path) == 6


def test_7_0_spoils_its_file_behind_an_open_annotation(tmp_path: Path) -> None:
    last_incr(OPEN_ANNOTATION).write(tmp_path)
    assert keys("7.0", tmp_path, "new") == 7
    with pytest.raises(ServerExit, match="Bad file format"):
        keys("7.0", tmp_path)


@pytest.mark.parametrize("data", [OPEN_TRANSACTION, OPEN_ANNOTATION])
def test_nothing_is_lost_after_truncate(data: bytes, tmp_path: Path) -> None:
    truncate(last_incr(data).write(tmp_path))
    assert keys("7.0", tmp_path, "new") == 7
    assert keys("7.0", tmp_path) == 8


def test_7_0_cuts_a_file_that_is_not_the_last_and_then_loads_the_rest(tmp_path: Path) -> None:
    case = Case("", "", {MANIFEST: SET_LINES} | SET | {INCR_1: GOOD + LAST[:9]}, INCR_1)
    path = case.write(tmp_path)
    result = CliRunner().invoke(main, ["truncate", "--yes", str(path)])
    assert result.exit_code != 0
    assert case.size(tmp_path) == len(GOOD) + 9
    with pytest.raises(ServerExit, match="the truncated file is not the last file"):
        keys("7.0", tmp_path)
    assert case.size(tmp_path) == len(GOOD)
    assert keys("7.0", tmp_path) == 7
