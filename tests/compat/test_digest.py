"""Our digest of a keyspace is the one that DEBUG DIGEST of a real server gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from aoftool.keyspace.digest import keyspace_digest, value_digest
from tests.compat.differential import Ours, Real, Words
from tests.compat.servers import RELEASES, serving

SCRIPT: list[Words] = [
    ("SET", "s", "text"), ("SET", "n", "12345"), ("APPEND", "s", "more"), ("SET", "e", ""),
    ("RPUSH", "l", "a", "b", "a"), ("SADD", "set", "x", "y"), ("HSET", "h", "f", "v", "g", "w"),
    ("ZADD", "z", "1.5", "a", "inf", "b", "-0.1", "c"), ("SET", "ttl", "v", "PX", "10000000"),
    ("XADD", "x", "1-1", "f", "v", "g", "w"), ("XADD", "x", "2-0", "f", ""), ("XDEL", "x", "1-1"),
    ("SELECT", "5"), ("SET", "other", "db"),
]  # fmt: skip


@pytest.mark.parametrize("release", RELEASES)
def test_after_every_step(release: str, tmp_path: Path) -> None:
    options = ("--enable-debug-command", "yes") if release == "7.0" else ()
    with serving(release, tmp_path, *options) as client:
        real, ours = Real(client), Ours(release)
        assert real(("DEBUG", "DIGEST")).decode() == keyspace_digest(ours.keyspace) == "0" * 40
        for words in SCRIPT:
            real(words)
            ours(words)
            assert real(("DEBUG", "DIGEST")).decode() == keyspace_digest(ours.keyspace), words
        for key, value in ours.keyspace.databases[0].data.items():
            real(("SELECT", "0"))
            expires = key in ours.keyspace.databases[0].expires
            expected = f"{value_digest(value, expires):040x}".encode()
            assert real(("DEBUG", "DIGEST-VALUE", key)) == [expected], key
