"""Real servers to replay into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.compat import servers


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with (
        servers.serving("6.2", tmp_path_factory.mktemp("6.2")) as old,
        servers.serving(
            "7.0", tmp_path_factory.mktemp("7.0"), "--enable-debug-command", "yes"
        ) as new,
    ):
        yield {"6.2": old, "7.0": new}


@pytest.fixture(params=servers.RELEASES)
def client(request: pytest.FixtureRequest, clients: dict[str, Any]) -> Any:
    found = clients[request.param]
    found.flushall()
    found.config_set("maxmemory", 0)
    return found


@pytest.fixture
def new(clients: dict[str, Any]) -> Any:
    clients["7.0"].flushall()
    return clients["7.0"]
