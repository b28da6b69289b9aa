"""Every file of the corpus is loaded to what its server said it held; also after a rewrite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.rdbmap import rdb_value
from aoftool.ops.loading import LoadOptions, load
from aoftool.ops.rewrite import Beside, Form, RewriteOptions, rewrite
from aoftool.ops.source import resolve
from aoftool.ops.targets import TARGETS
from tests.corpus import folders, unpacked
from tests.unit.format.rdb.corpus import tell_value, text

#: The truth computed expiries from a remaining time: off by the time that took.
SLACK_MS = 60


def assert_truth(keyspace: Keyspace, folder: Path) -> None:
    """Compare with truth.json."""
    truth = json.loads((unpacked() / folder / "truth.json").read_bytes())
    for database in keyspace.databases:
        expected = truth.pop(str(database.index), {})
        assert {text(key) for key in database.data} == set(expected), database.index
        for key, value in database.data.items():
            kind, want, expire_at = expected[text(key)]
            told, plain = rdb_value(value)
            assert (told, tell_value(told, plain)) == (kind, want), key
            if told == "zset":  # the truth is in order, and so must the live value be
                assert [[text(member), score.hex()] for score, member in value] == want, key
            at_ms = database.expires.get(key)
            assert (at_ms is None) == (expire_at is None), key
            assert at_ms is None or abs(at_ms - expire_at) <= SLACK_MS, key
    assert not any(truth.values())


#: Redis 5.0 wrote an empty stream as XADD ... 0-0, which no server takes: it lost the stream too.
LOST = Path("redis-5.0.14/rewritten")


def loading(folder: Path) -> LoadOptions:
    return LoadOptions(now_ms=1_700_000_000_000, skip_errors=folder == LOST)


@pytest.mark.parametrize("folder", folders(), ids=str)
def test_the_keyspace_is_what_the_server_said(folder: Path) -> None:
    loaded = load(resolve(unpacked() / folder), loading(folder))
    assert [failure.argv[:2] for failure in loaded.failures] == (
        [(b"XADD", b"stream:mk"), (b"XSETID", b"stream:mk"), (b"XGROUP", b"CREATE")]
        if folder == LOST
        else []
    )
    assert_truth(loaded.keyspace, folder)


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("folder", folders(), ids=str)
def test_also_after_a_rewrite(folder: Path, form: Form, tmp_path: Path) -> None:
    out = tmp_path / "out.aof"
    options = RewriteOptions(form, TARGETS["redis-7.4"], loading=loading(folder))
    rewrite(unpacked() / folder, Beside(out), options)
    loaded = load(resolve(out), LoadOptions(now_ms=1_700_000_000_000))
    assert_truth(loaded.keyspace, folder)
