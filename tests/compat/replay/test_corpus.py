"""Every file of the corpus, played into real servers and into ours, gives what its truth says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.rdbmap import rdb_value
from aoftool.ops.replay.connecting import ask_facts
from aoftool.ops.replay.link import Link
from aoftool.ops.replay.model import Expired
from aoftool.ops.replay.preparing import Wishes
from aoftool.ops.replay.running import ReplayOptions
from aoftool.ops.replay.target import Facts
from tests.compat import servers
from tests.compat.replay.replaying import address_of, held_by, replay
from tests.corpus import folders, unpacked
from tests.e2e.server import serving
from tests.unit.format.rdb.corpus import tell_value, text

#: The moment at which the files are taken to be written: no key of them had expired by then.
THEN_MS = 1_700_000_000_000
#: What the truth says of times was computed from remaining times, and so is what 6.2 says.
SLACK_MS = 200
#: Our server in both styles.
OURS = {"ours-6.0": "6.0", "ours-7.4": "7.4"}
TARGETS = (*servers.RELEASES, *OURS)
#: Redis 5.0 wrote an empty stream as XADD ... 0-0, which no server takes: it lost the stream too.
LOST = "redis-5.0.14/rewritten", "stream:mk"


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """One server of each kind for the whole module."""
    with ExitStack() as stack:
        found: dict[str, Any] = {}
        for release in servers.RELEASES:
            folder = tmp_path_factory.mktemp(release)
            found[release] = stack.enter_context(servers.serving(release, folder))
        for name, style in OURS.items():
            folder = tmp_path_factory.mktemp(name)
            options = ("--compat-version", style)
            found[name] = stack.enter_context(serving.serving(folder / "data", *options)).client()
        yield found


def plain(told: Any, kind: str, delta_ms: int) -> Any:
    """A told value, without what is not a replay's: Redis 7 reads a score of -0 as 0."""
    if kind == "zset":
        return [[member, score.replace("-0x0.0p+0", "0x0.0p+0")] for member, score in told]
    if kind == "hash" and isinstance(told, dict):
        return {**told, "ttl": {name: at + delta_ms for name, at in told["ttl"].items()}}
    return told


def differences(keyspace: Keyspace, truth: dict[str, Any], delta_ms: int) -> list[bytes]:
    """Keys that are not what the truth says."""
    wrong = []
    for database in keyspace.databases:
        expected = truth.pop(str(database.index), {})
        wrong += [base64.b64decode(key) for key in set(expected) - set(map(text, database.data))]
        for key, value in database.data.items():
            kind, want, expire_at = expected.get(text(key), ("", None, None))
            told, value = rdb_value(value)
            at_ms = database.expires.get(key)
            fits = at_ms is None if expire_at is None else (
                at_ms is not None and abs(at_ms - expire_at - delta_ms) <= SLACK_MS
            )  # fmt: skip
            same = plain(tell_value(told, value), told, 0) == plain(want, kind, delta_ms)
            if told != kind or not same or not fits:
                wrong.append(key)
    assert not any(truth.values())
    return wrong


def losses(truth: dict[str, Any], facts: Facts) -> set[bytes]:
    """Keys that the target has no place for: hashes whose fields expire."""
    if facts.rdb_version == 12:
        return set()
    return {
        base64.b64decode(key)
        for keys in truth.values()
        for key, (kind, value, _) in keys.items()
        if kind == "hash" and isinstance(value, dict)
    }


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("folder", folders(), ids=str)
def test_the_target_holds_the_truth(folder: Path, target: str, clients: dict[str, Any]) -> None:
    address = address_of(clients[target])
    wishes = Wishes(flush=True, expired=Expired.SHIFT, now_ms=THEN_MS)
    outcome, failures, options = replay(unpacked() / folder, address, ReplayOptions(), wishes)
    assert outcome.error is None
    link = Link(address)
    facts = ask_facts(link)
    link.close()
    truth = json.loads((unpacked() / folder / "truth.json").read_bytes())
    lost = losses(truth, facts)
    wrong = differences(held_by(address, facts), truth, options.moments.delta_ms)
    assert set(wrong) <= lost
    excused = set(lost)
    if not facts.knows(b"FUNCTION") or facts.version < (7, 0):
        excused |= {b"FUNCTION", b"LOAD"}
    if str(folder) == LOST[0]:
        excused.add(LOST[1].encode())
    for failure in failures:
        assert excused & set(failure.argv), failure
    assert outcome.counts.failed == len(failures)
    assert outcome.counts.acknowledged == outcome.counts.sent - sum(
        1 for failure in failures if not failure.reply.startswith(b"LOSS")
    )
