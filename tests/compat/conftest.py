"""Servers that several modules ask the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.compat.face import COMPAT, OPTIONS, Pair, path_of
from tests.compat.servers import RELEASES, serving
from tests.compat.wire import plain
from tests.e2e.server.serving import serving as serving_ours


@pytest.fixture(scope="module", params=RELEASES)
def servers(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    release = request.param
    folder = tmp_path_factory.mktemp("face")
    (folder / "real").mkdir()
    with (
        serving(release, folder / "real", *OPTIONS[release]) as client,
        serving_ours(folder / "ours", "--compat-version", COMPAT[release]) as running,
    ):
        found = Pair(release, path_of(client), path_of(running.client()))
        yield found
        found.close()


@pytest.fixture(params=[2, 3], ids=["resp2", "resp3"])
def pair(request: Any, servers: Pair) -> Pair:
    found = servers.again()
    if request.param == 3:
        for wire in (found.real, found.ours):
            wire(["HELLO", "3"])
    return found


@pytest.fixture
def no_users_left(servers: Pair) -> Iterator[None]:
    """Each test begins and ends with the default user alone."""
    pair = servers.again()
    yield
    for line in ("config set requirepass ''", "acl setuser default reset on nopass ~* &* +@all",
                 "acl log reset", "config set acl-pubsub-default allchannels"):  # fmt: skip
        pair.both(line)
    if pair.release == "7.0":
        pair.both("config set acl-pubsub-default resetchannels")
    for wire in (pair.real, pair.ours):
        for name in plain(wire(["acl", "users"])):
            if name != b"default":
                wire(["acl", "deluser", name])
