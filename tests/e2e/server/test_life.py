"""From start to end: how a server is reached, what it refuses, how it is ended."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from aofserver import Config, Server, StartFailure
from aofserver.log import Log
from tests.builders import commands
from tests.e2e.server.serving import serving, start
from tests.ports import free_port

AOF = ("--appendonly", "yes")


def client_of(port: int, **options: Any) -> Any:
    return redis.Redis(port=port, retry=Retry(NoBackoff(), 0), **options)


# The end.
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "data"
    with serving(folder, *AOF) as running:
        running.client().set("a", 1)
        running.process.send_signal(number)
        assert running.process.wait(10) == 0
        log = running.log.read_text()
    assert f"Received {number.name} scheduling shutdown..." in log
    assert "Calling fsync() on the AOF file." in log
    assert "Redis is now ready to exit, bye bye..." in log


@pytest.mark.parametrize(("words", "options", "saved"), [
    ((), (), False),
    ((), ("--save", "900 1"), True),
    (("NOSAVE",), ("--save", "900 1"), False),
    (("SAVE",), (), True),
])  # fmt: skip
def test_shutdown(
    tmp_path: Path, words: tuple[str, ...], options: tuple[str, ...], saved: bool
) -> None:
    folder = tmp_path / "data"
    with serving(folder, *options) as running:
        running.client().set("a", 1)
        with pytest.raises(redis.ConnectionError):
            running.client().execute_command("SHUTDOWN", *words)
        assert running.process.wait(10) == 0
    assert (folder / "dump.rdb").exists() is saved
    with serving(folder) as running:
        assert running.client().exists("a") == saved


@pytest.mark.parametrize(("style", "refusal"), [
    ("6.0", "syntax error"), ("7.4", "No shutdown in progress"),
])  # fmt: skip
def test_shutdown_that_is_no_shutdown(tmp_path: Path, style: str, refusal: str) -> None:
    with serving(tmp_path / "data", "--compat-version", style) as running:
        client = running.client()
        for words, text in ((("ABORT",), refusal), (("X",), "syntax error")):
            with pytest.raises(redis.ResponseError, match=text):
                client.execute_command("SHUTDOWN", *words)
        assert client.ping()


def test_no_end_before_the_first_aof_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder) as running:
        client = running.client()
        client.mset({f"k{n}": "v" * 100 for n in range(20_000)})
        client.config_set("appendonly", "yes")
        with running.child_stopped("rewriting started by pid "):
            with pytest.raises(redis.ResponseError, match="Errors trying to SHUTDOWN"):
                client.execute_command("SHUTDOWN")
            running.process.send_signal(signal.SIGTERM)
            running.wait_for_log("Writing initial AOF, can't exit.")
            assert client.set("while", 1)
        running.wait_for_log("Background AOF rewrite finished successfully")
        with pytest.raises(redis.ConnectionError):
            client.execute_command("SHUTDOWN")
        assert running.process.wait(10) == 0
    with serving(folder, *AOF) as running:
        assert running.client().dbsize() == 20_001


# Children that do not what they should.
@pytest.mark.parametrize(("number", "told"), [(signal.SIGUSR1, 10), (signal.SIGTERM, 15)])
def test_a_child_that_is_ended(tmp_path: Path, number: int, told: int) -> None:
    with serving(tmp_path / "data", *AOF) as running:
        client = running.client()
        client.set("a", 1)
        client.bgrewriteaof()
        with running.child_stopped("rewriting started by pid ") as pid:
            os.kill(pid, number)
        running.wait_for_log(f"Background AOF rewrite terminated by signal {told}")
        client.bgrewriteaof()
        running.wait_for_log("Background AOF rewrite finished successfully")


def test_a_child_that_hangs_stops_neither_writes_nor_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, *AOF) as running:
        client = running.client()
        client.set("a", 1)
        client.bgrewriteaof()
        with running.child_stopped("rewriting started by pid ") as pid:
            for n in range(50):
                client.rpush("l", "x" * 10_000, n)
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(10) == 0
            assert not Path(f"/proc/{pid}").exists()
    assert not list(folder.glob("temp-*"))
    with serving(folder, *AOF) as running:
        assert running.client().llen("l") == 100


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, *AOF) as running:
        client = running.client()
        client.mset({f"k{n}": "v" * 100 for n in range(20_000)})
        client.bgrewriteaof()
        with running.child_stopped("rewriting started by pid ") as pid:
            running.kill()
        deadline = time.monotonic() + 20
        while Path(f"/proc/{pid}").exists():
            if "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]:
                break
            assert time.monotonic() < deadline
            time.sleep(0.01)
    with serving(folder, *AOF) as running:
        assert running.client().dbsize() == 20_000
    assert not list(folder.glob("temp-*"))


# The start.
def failed_start(folder: Path, *options: str) -> tuple[int, str]:
    """The exit code and the log of a server that does not start."""
    folder.mkdir(exist_ok=True)
    running = start(folder, folder.with_name("socket"), *options)
    code = running.process.wait(15)
    return code, running.log.read_text()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    code, log = failed_start(tmp_path / "data", "--dir", str(tmp_path / "none"))
    assert code == 1
    assert "dir: No such file or directory" in log


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, log = failed_start(tmp_path / "data", "--port", port)
    assert code == 1
    assert "Address already in use" in log


def test_damage_and_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "appendonly.aof").write_bytes(commands("SET a 1") + b"garbage" * 10)
    code, log = failed_start(folder, *AOF)
    assert code == 1
    assert "offset 27" in log
    assert "aoftool check" in log
    (folder / "dump.rdb").write_bytes(b"REDIS0009 and then rubbish")
    code, log = failed_start(folder)
    assert code == 1


def test_clients_are_told_while_it_loads(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    line = commands("SET key:{} some value of no importance".replace(" ", "_").replace("_", " ", 2))
    (folder / "appendonly.aof").write_bytes(commands("SELECT 0") + line * 1_000_000)
    running = start(folder, tmp_path / "s", *AOF)
    try:
        seen: list[str] = []
        deadline = time.monotonic() + 30
        while "loaded" not in seen:
            assert time.monotonic() < deadline, running.log.read_text()
            try:
                seen.append("loaded" if running.client().get("x") is None else "")
            except redis.BusyLoadingError as error:
                assert "Redis is loading the dataset in memory" in str(error)
                seen.append("loading")
                info = running.client().info("persistence")
                if info.get("loading"):
                    seen.append("told")
                    assert info["loading_total_bytes"] >= info["loading_loaded_bytes"] >= 0
            except redis.ConnectionError:
                time.sleep(0.01)
        assert "loading" in seen
    finally:
        running.kill()


# How it is reached.
@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def test_tls(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    port = free_port()
    options = ["--tls-port", str(port), "--tls-cert-file", str(cert), "--tls-key-file", str(key),
               "--tls-ca-cert-file", str(cert)]  # fmt: skip
    with serving(tmp_path / "data", *AOF, *options, "--tls-auth-clients", "no"):
        client = client_of(port, ssl=True, ssl_ca_certs=str(cert))
        client.set("a", "x" * 100_000)
        assert client.get("a") == b"x" * 100_000
        with pytest.raises(redis.ConnectionError):
            client_of(port).ping()
    with serving(tmp_path / "data", *AOF, *options) as running:
        with pytest.raises((redis.ConnectionError, ssl.SSLError)):
            client_of(port, ssl=True, ssl_ca_certs=str(cert)).ping()
        shown = client_of(
            port, ssl=True, ssl_ca_certs=str(cert), ssl_certfile=str(cert), ssl_keyfile=str(key)
        )
        assert shown.strlen("a") == 100_000
        assert running.client().ping()


def test_a_password(tmp_path: Path) -> None:
    port = free_port()
    options = ["--port", str(port), "--requirepass", "secret"]
    running = start(tmp_path, tmp_path / "s", *options)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                assert client_of(port, password="secret").ping()
                break
            except redis.ConnectionError:
                assert time.monotonic() < deadline
                time.sleep(0.01)
        with pytest.raises(redis.AuthenticationError):
            client_of(port).get("a")
        with pytest.raises(redis.AuthenticationError):
            client_of(port, password="wrong").get("a")
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$20000\r\n")
            assert b"unauthenticated bulk length" in raw.recv(1000)
    finally:
        running.kill()


def test_no_more_clients_than_allowed(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--maxclients", "3") as running:
        clients = [running.client() for _ in range(3)]
        for client in clients[:2]:
            client.ping()
        third = clients[2].connection_pool.get_connection()
        third.connect()
        fourth = running.client()
        with pytest.raises(redis.ConnectionError):
            fourth.ping()
        third.disconnect()
        deadline = time.monotonic() + 10
        while True:
            try:
                assert fourth.ping()
                break
            except redis.ConnectionError:
                assert time.monotonic() < deadline


def _own_address() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") else address


def test_protected_mode(tmp_path: Path) -> None:
    address = _own_address()
    if address is None:
        pytest.skip("this machine has one address only")
    port = free_port()
    options = ["--bind", "0.0.0.0", "--port", str(port)]
    with serving(tmp_path / "data", *options) as running:
        assert client_of(port).ping()
        with socket.create_connection((address, port)) as raw:
            assert raw.recv(1000).startswith(b"-DENIED")
            assert raw.recv(1000) == b""
        running.client().config_set("protected-mode", "no")
        with socket.create_connection((address, port)) as raw:
            raw.sendall(b"PING\r\n")
            assert raw.recv(100) == b"+PONG\r\n"


def test_permissions_of_the_unix_socket(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--unixsocketperm", "700") as running:
        assert running.socket.stat().st_mode & 0o777 == 0o700


# In a program of one's own.
def test_as_a_library(tmp_path: Path) -> None:
    options = {"dir": str(tmp_path), "appendonly": "yes", "save": ""}
    gc.collect()  # what other tests have left
    before = descriptors_and_threads()
    for round_ in range(3):
        server = Server(Config(options), log=Log(tmp_path / "log"))
        with server.running_in_thread() as running:
            client = client_of(running.port)
            assert client.incr("n") == round_ + 1
            client.bgrewriteaof()
            assert client.set("big", "x" * 200_000)
            client.close()
    assert "Redis is now ready to exit" in (tmp_path / "log").read_text()
    gc.collect()
    assert descriptors_and_threads() == before


def descriptors_and_threads() -> tuple[int, int]:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def test_as_a_library_that_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").write_bytes(b"rubbish")
    options = {"dir": str(tmp_path), "appendonly": "yes", "save": ""}
    server = Server(Config(options), log=Log(tmp_path / "log"))
    with pytest.raises(StartFailure, match="Bad file format"), server.running_in_thread():
        pass


def test_the_version_and_the_usage() -> None:
    for option, words in (("--version", "aofserver "), ("--help", "--appendonly yes")):
        done = subprocess.run(
            [sys.executable, "-m", "aofserver", option], capture_output=True, text=True, check=True
        )
        assert words in done.stdout
