"""Ports and addresses that are changed while the server runs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.e2e.server.serving import serving
from tests.ports import free_port


def _answers(port: int, host: str = "127.0.0.1") -> bool:
    try:
        with socket.create_connection((host, port), 5) as client:
            client.sendall(b"PING\r\n")
            return client.recv(100) == b"+PONG\r\n"
    except ConnectionRefusedError:
        return False


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    with serving(tmp_path, "--compat-version", "7.4") as running, running.client() as found:
        yield found


def test_another_port(client: Any) -> None:
    first, second = free_port(), free_port()
    client.config_set("port", first)
    assert _answers(first)
    kept = socket.create_connection(("127.0.0.1", first), 5)
    kept.sendall(b"PING\r\n")
    assert kept.recv(100) == b"+PONG\r\n"
    client.config_set("port", second)
    assert (_answers(first), _answers(second)) == (False, True)
    assert client.info("server")["tcp_port"] == second
    kept.sendall(b"PING\r\n")
    assert kept.recv(100) == b"+PONG\r\n"
    kept.close()
    client.config_set("port", 0)
    assert not _answers(second)


def test_a_port_that_is_taken(client: Any) -> None:
    port = free_port()
    client.config_set("port", port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(redis.ResponseError, match=r"'port'.* - Unable to listen on this port"):
            client.config_set("port", taken.getsockname()[1])
    assert _answers(port)
    assert client.config_get("port") == {"port": str(port)}


def test_other_addresses(client: Any) -> None:
    port = free_port()
    client.config_set("port", port)
    client.config_set("bind", "127.0.0.2 -192.0.2.1")
    assert (_answers(port), _answers(port, "127.0.0.2")) == (False, True)
    with pytest.raises(redis.ResponseError, match="Failed to bind to specified addresses"):
        client.config_set("bind", "192.0.2.1")
    assert (_answers(port), _answers(port, "127.0.0.2")) == (False, True)
    assert client.config_get("bind") == {"bind": "127.0.0.2 -192.0.2.1"}
    client.config_set("bind", "*")
    assert (_answers(port), _answers(port, "127.0.0.2")) == (True, True)


def test_redis_6_cannot(tmp_path: Path) -> None:
    with serving(tmp_path) as running, running.client() as client:
        for name, value in (("port", 0), ("bind", "127.0.0.2")):
            with pytest.raises(redis.ResponseError, match=f"Unsupported CONFIG parameter: {name}"):
                client.config_set(name, value)
