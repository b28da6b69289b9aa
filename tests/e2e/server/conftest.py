"""What the tests with one running server share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.server.serving import Running


@pytest.fixture
def client(server: Running) -> Iterator[Any]:
    """A client of the module's own server, which holds nothing."""
    client = server.client()
    client.flushall()
    yield client
    client.close()
