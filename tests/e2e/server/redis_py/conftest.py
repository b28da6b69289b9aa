"""Both servers, both protocols, and a client of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server.redis_py.clients import spoken
from tests.e2e.server.serving import beside_a_real_one


@pytest.fixture(scope="module", params=["aofserver", "7.0"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    with beside_a_real_one(request.param, tmp_path_factory.mktemp("redis-py")) as path:
        yield path


@pytest.fixture(params=[2, 3])
def protocol(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def client(server: Path, protocol: int) -> Iterator[Any]:
    found = spoken(server, protocol)
    found.flushall()
    yield found
    found.close()
