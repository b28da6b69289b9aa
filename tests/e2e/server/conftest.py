"""What the tests with one running server share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.server.serving import Running


@pytest.fixture
def client(server: Running) -> Any:
    """A client of the module's own server, which holds nothing."""
    client = server.client()
    client.flushall()
    return client
