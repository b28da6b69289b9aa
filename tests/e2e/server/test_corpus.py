"""A real process on the files of every release: it holds what their server said, also killed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from aoftool.keyspace.digest import keyspace_digest
from aoftool.ops.loading import load
from aoftool.ops.source import resolve
from tests.corpus import folders, unpacked
from tests.e2e.server.serving import serving
from tests.e2e.test_corpus_load import assert_truth, loading


@pytest.mark.parametrize("folder", folders(), ids=str)
def test_started_on_a_file_of_the_corpus(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(unpacked() / folder, data, ignore=shutil.ignore_patterns("truth.json"))
    newest = folder.parts[0].startswith(("redis-7", "redis-8", "valkey"))
    style = "7.4" if newest else "6.0"
    with serving(data, "--appendonly", "yes", "--compat-version", style) as running:
        client: Any = running.client()
        digest = client.execute_command("DEBUG", "DIGEST")
        running.kill()
    left = load(resolve(data / "appendonly.aof"), loading(folder))
    assert_truth(left.keyspace, folder)
    assert keyspace_digest(left.keyspace).encode() == digest
