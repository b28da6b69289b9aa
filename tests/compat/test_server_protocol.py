"""What clients may send: the bytes of the answers, and whether the connection stays open."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compat.servers import serving as really_serving
from tests.e2e.server.serving import serving

SAME = [
    b"PING\r\n", b"PING\n", b"\r\n\r\nPING\r\n", b"  PING   hi  \r\n", b"  \r\nPING\r\n",
    b"*0\r\n*1\r\n$4\r\nPING\r\n", b"*-1\r\n*-10\r\nPING\r\n", b"PING\r\nPING\r\n" * 3,
    b"*a\r\n", b"*\r\n", b"* 1\r\n$4\r\nPING\r\n", b"*1 \r\n$4\r\nPING\r\n", b"*+1\r\n",
    b"*01\r\n$4\r\nPING\r\n", b"*1\r\n$04\r\nPING\r\n", b"*1\r\n+PING\r\n", b"*1\r\n:4\r\n",
    b"*1\r\n$a\r\n", b"*1\r\n$\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$-5\r\n", b"*1\r\n\r\n",
    b"*1048577\r\n", b"*99999999999999999999\r\n", b"*1\r\n$99999999999999999999\r\n",
    b"*2\r\n$4\r\nPING\r\n$600000000\r\n", b"*1\r\n$0\r\n\r\n",
    b'SET a "unbalanced\r\n', b'ECHO "a\\x41b" \r\n', b"ECHO 'it\\'s'\r\n", b'ECHO "a"b\r\n',
    b"ECHO ''\r\n", b"ECHO a\fb\v\r\n", b'ECHO "a"\f\r\n',
    b'set a "\\n\\r\\t\\b\\a\\\\"\r\nget a\r\n',
    b"PING\r\n*x\r\nPING\r\n", b"*1\r\n$4\r\nPING\r\n*1\r\nxPING\r\n", b"PING\r\n#TS:1\r\nPING\r\n",
    b"*2\r\n$3\r\nGET\r\n*1\r\n", b"PING\r\nQUIT\r\n*1\r\n$4\r\nPING\r\nPING\r\n",
    b"ECHO a\r\n*1\r\n$4\r\nQUIT\r\nPING\r\n*1\r\n$4\r\nPING\r\n",
    b"*1\r\n$3\r\nA\nB\r\n", b"*2\r\n$3\r\nA\rB\r\n$3\r\nC\nD\r\n",
    # The array of EXEC is shorter than it says then.
    b"MULTI\r\nCLIENT REPLY OFF\r\nPING x\r\nCLIENT REPLY ON\r\nPING y\r\nEXEC\r\nPING z\r\n",
    b"MULTI\r\nPING x\r\nCLIENT REPLY OFF\r\nPING y\r\nEXEC\r\nPING z\r\nCLIENT REPLY ON\r\n",
    b"MULTI\r\nCLIENT REPLY SKIP\r\nPING x\r\nEXEC\r\nPING y\r\nPING z\r\n",
    b"CLIENT REPLY OFF\r\nMULTI\r\nPING x\r\nCLIENT REPLY ON\r\nPING y\r\nEXEC\r\nPING z\r\n",
    b"CLIENT REPLY SKIP\r\nRESET\r\nPING\r\n", b"CLIENT REPLY OFF\r\nRESET\r\nPING\r\n",
    b"x" * 70_000, b"*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def sockets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    folder: Path = tmp_path_factory.mktemp("protocol")
    for name in ("6.2", "7.0"):
        (folder / name).mkdir()
    with (
        really_serving("6.2", folder / "6.2") as six,
        really_serving("7.0", folder / "7.0") as seven,
        serving(folder / "ours") as ours,
    ):
        yield {"6.2": _path(six), "7.0": _path(seven), "ours": _path(ours.client())}


def _path(client: Any) -> Path:
    return Path(client.connection_pool.connection_kwargs["path"])


def talk(path: Path, *pieces: bytes) -> tuple[bytes, bool]:
    """The answer to what is sent in these pieces, and whether the server has closed the connection.

    A last word tells that everything before it was answered.
    """
    last = b"*2\r\n$4\r\nECHO\r\n$4\r\nlast\r\n"
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.settimeout(5)
        for piece in pieces[:-1]:
            client.sendall(piece)
            time.sleep(0.01)
        client.sendall(pieces[-1])
        got, asked = b"", False
        while True:
            client.settimeout(5 if asked else 0.05)
            try:
                piece = client.recv(1 << 16)
            except TimeoutError:
                if asked:
                    return got, False
                try:
                    client.sendall(last)
                except BrokenPipeError:
                    return got, True
                asked = True
                continue
            except ConnectionResetError:
                return got, True
            if not piece:
                return got, True
            got += piece
            if got.endswith(b"$4\r\nlast\r\n"):
                return got.removesuffix(b"$4\r\nlast\r\n"), False


@pytest.mark.parametrize("data", SAME, ids=lambda data: repr(data[:30]))
def test_the_same_answer(sockets: dict[str, Path], data: bytes) -> None:
    answers = {name: talk(path, data) for name, path in sockets.items()}
    assert answers["ours"] in (answers["6.2"], answers["7.0"])


@pytest.mark.parametrize("pieces", [
    (b"*-1", b"\r\nPING\r\n"), (b"*", b"-1\r\nPING\r\n"), (b"*-", b"\r\nPING\r\n"),
    (b"*-1\r", b"\nPING\r\n"), (b"*0\r\n*-1", b"2\r\nPING\r\n"), (b"*-1", b"x\r\nPING\r\n"),
])  # fmt: skip
def test_counts_that_come_in_pieces(sockets: dict[str, Path], pieces: tuple[bytes, ...]) -> None:
    answers = {name: talk(path, *pieces) for name, path in sockets.items()}
    assert answers["ours"] == answers["7.0"] == answers["6.2"]


def test_no_reply_is_none_even_to_what_is_no_request(sockets: dict[str, Path]) -> None:
    """Redis keeps such a connection, which can do nothing any more; here it ends."""
    for mode in (b"OFF", b"SKIP"):
        data = b"CLIENT REPLY " + mode + b"\r\n*x\r\n"
        assert talk(sockets["ours"], data) == (b"", True)


@pytest.mark.parametrize("data", [
    b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
    b"*1\n$4\nPING\n",
    b"*1\r$4\r\nPING\r\n",
])  # fmt: skip
def test_stricter_than_redis(sockets: dict[str, Path], data: bytes) -> None:
    """Redis passes over bytes that it does not look at; here a wrong line end is an error."""
    answer, closed = talk(sockets["ours"], data)
    assert answer.startswith(b"-ERR Protocol error: ")
    assert closed


def test_a_browser_is_turned_away(sockets: dict[str, Path]) -> None:
    for path in sockets.values():
        answer, closed = talk(path, b"POST / HTTP/1.1\r\nHost: a\r\n\r\nSET hacked 1\r\n")
        assert closed
        assert b"OK" not in answer
        assert talk(path, b"EXISTS hacked\r\n")[0] == b":0\r\n"
