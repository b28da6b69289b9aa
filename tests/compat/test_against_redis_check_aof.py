"""``aoftool check``, redis-check-aof and the servers do with every case what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from aoftool.ops.check import SourceReport, Verdict, check_path
from tests import corpus
from tests.compat.damage import CASES
from tests.compat.observe import told_by_aoftool, told_by_checker, told_by_server
from tests.compat.observed import rows
from tests.compat.servers import run_checker

CASES_AND_RELEASES = [(name, release) for name, row in rows().items() for release in row.releases()]
#: The newest RDB version that Redis 7.0 reads.
NEWEST_RDB = 10


def test_every_case_has_its_row() -> None:
    assert list(rows()) == list(CASES)


@pytest.mark.parametrize("name", CASES)
def test_aoftool_says_what_the_table_says(name: str, tmp_path: Path) -> None:
    assert told_by_aoftool(CASES[name], tmp_path) == rows()[name].ours


@pytest.mark.parametrize(("name", "release"), CASES_AND_RELEASES)
def test_redis_check_aof_says_what_the_table_says(name: str, release: str, tmp_path: Path) -> None:
    assert told_by_checker(CASES[name], release, tmp_path) == rows()[name].checkers[release]


@pytest.mark.parametrize(("name", "release"), CASES_AND_RELEASES)
def test_a_server_does_what_the_table_says(name: str, release: str, tmp_path: Path) -> None:
    assert told_by_server(CASES[name], release, tmp_path / "s") == rows()[name].servers[release]


def _readable_by_7_0(report: SourceReport) -> bool:
    versions = [file.rdb_version.split() for file in report.files if file.rdb_version]
    return all(magic == "REDIS" and int(number) <= NEWEST_RDB for magic, number in versions)


@pytest.mark.parametrize("server", corpus.SERVERS)
def test_redis_check_aof_and_aoftool_find_real_files_clean(server: str) -> None:
    found = [path for suffix in (".aof", ".rdb", ".manifest") for path in corpus.files(suffix)]
    reports = [check_path(path) for path in found if server in path.parts]
    assert reports
    for report in reports:
        assert report.verdict is Verdict.CLEAN, report
        if _readable_by_7_0(report):
            code, output = run_checker("7.0", report.path)
            assert code == 0, output
