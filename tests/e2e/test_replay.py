"""aoftool replay as a real process: output, exit codes, questions, Ctrl-C, secrets, TLS."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from aoftool.format.resp import encode_command
from tests.compat.servers import STARTUP_SECONDS, find
from tests.compat.servers import serving as real_serving
from tests.e2e.server.serving import serving
from tests.ports import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        client = running.client()
        yield client
        client.close()


@pytest.fixture
def url(server: Any) -> str:
    server.flushall()
    return f"unix://{server.connection_pool.connection_kwargs['path']}"


def replay(*words: object, **env: str) -> tuple[int, str, str]:
    """Exit code, output, and what went to standard error."""
    return replay_from(b"", *words, **env)


def replay_from(stdin: bytes, *words: object, **env: str) -> tuple[int, str, str]:
    """The same, with something on standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "aoftool", "replay", *map(str, words)],
        input=stdin, capture_output=True, cwd=ROOT, env={**os.environ, **env},
    )  # fmt: skip
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def write(path: Path, *lines: str) -> Path:
    path.write_bytes(b"".join(encode_command(line.encode().split()) for line in lines))
    return path


def test_into_a_server(server: Any, url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "RPUSH l 1 2 3")
    code, output, errors = replay(path, "--to", url, "--verify")
    assert (code, errors) == (0, "")
    assert "sent          2, acknowledged 2, failed 0" in output
    assert "equal digests, 2 keys" in output
    assert server.lrange("l", 0, -1) == [b"1", b"2", b"3"]


def test_into_memory() -> None:
    code, output, _ = replay("samples/preamble.aof", "--to", "memory")
    assert code == 0
    assert "db0           50 keys, 1 expire" in output
    code, output, _ = replay("samples/preamble.aof", "--to", "memory", "--report", "json")
    told = json.loads(output)
    assert (told["type"], told["sent"], told["failed"]) == ("summary", 50, 0)
    assert len(told["keyspace"]["digest"]) == 40
    assert (told["stopped"], told["error"], told["checkpoint_error"]) == (None, None, None)


@pytest.mark.parametrize("target", ["memory", "server"])
def test_errors_as_lines(target: str, url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "LPUSH a x", "SET b 2")
    to = url if target == "server" else target
    code, output, _ = replay(path, "--to", to, "--report", "json", "--on-error", "continue")
    failure, summary = map(json.loads, output.splitlines())
    assert code == 8
    assert failure == {
        "type": "failure", "path": str(path), "offset": 27, "record": 2, "command": "LPUSH a x",
        "reply": "WRONGTYPE Operation against a key holding the wrong kind of value",
    }  # fmt: skip
    assert (summary["sent"], summary["acknowledged"], summary["failed"]) == (3, 2, 1)
    assert (summary["failed_by_kind"], summary["exit_code"]) == ({"WRONGTYPE": 1}, 8)
    code, output, _ = replay(path, "--to", to, "--into-nonempty")
    assert code == 8
    assert f"{path}: record 2 at offset 27: LPUSH a x: WRONGTYPE" in output
    assert "stopped (a command failed)" in output


def test_what_was_not_compared_is_said(url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "LPUSH a x", "SET b 2")
    code, output, errors = replay(path, "--to", url, "--verify")
    assert (code, "  compared" in output) == (8, False)
    assert errors == "Not compared: it has not reached the end of the source.\n"


def test_a_difference_is_found(server: Any, url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "SET b 2", "LPUSH b x", "SET c 3")
    code, output, _ = replay(path, "--to", url, "--verify", "full", "--on-error", "continue")
    assert (code, "all keys, 3: equal" in output) == (8, True)
    server.flushall()
    server.set("surplus", 1)
    server.rpush("a", 1)
    path = write(tmp_path / "x.aof", "SET b 2", "DEL b", "SET c 3", "PEXPIREAT c 4000000000000")
    code, output, _ = replay(path, "--to", url, "--into-nonempty", "--verify", "2")
    assert (code, "some keys, 1: equal" in output) == (0, True)


def test_a_target_that_is_not_empty(server: Any, url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1")
    server.set("old", 1)
    code, _, errors = replay(path, "--to", url)
    assert (code, "is not empty (db0 1 keys)" in errors) == (7, True)
    code, output, errors = replay_from(b"n\n", path, "--to", url, "--flush")
    assert (code, output) == (7, "Nothing was sent.\n")
    assert f"Empty {url} (1 keys)?" in errors
    assert server.keys() == [b"old"]
    code, output, _ = replay_from(b"", path, "--to", url, "--flush")
    assert (code, output, server.keys()) == (7, "Nothing was sent.\n", [b"old"])
    code, _, _ = replay_from(b"y\n", path, "--to", url, "--flush")
    assert (code, server.keys()) == (0, [b"a"])
    assert replay(path, "--to", url, "--flush", "--yes")[0] == 0


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [(b"*1\r\n$4\r\nPI", 0, "the tail of"), (b"*1\r\n$1\r\nX?", 3, "aoftool check")],
)
def test_damage_is_found_before_anything_is_sent(
    data: bytes, code: int, words: str, server: Any, url: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "x.aof", "SET a 1")
    path.write_bytes(path.read_bytes() + data)
    done, output, errors = replay(path, "--to", url)
    assert (done, words in output + errors) == (code, True)
    assert server.dbsize() == (0 if code else 1)
    server.flushall()
    assert replay(path, "--to", url, "--aof-load-truncated", "no")[0] == (code or 1)
    assert server.dbsize() == 0


def test_standard_input(server: Any, url: str, tmp_path: Path) -> None:
    data = write(tmp_path / "x.aof", "SET a 1", "SET b 2").read_bytes()
    code, _, errors = replay_from(data, "-", "--to", url)
    assert (code, server.dbsize()) == (0, 2)
    assert "read once" in errors
    code, _, errors = replay_from(data, "-", "--to", url, "--verify")
    assert (code, "standard input is gone" in errors) == (2, True)
    code, _, errors = replay_from(data, "-", "--to", url, "--checkpoint", tmp_path / "c")
    assert (code, "no checkpoint" in errors) == (7, True)
    server.flushall()
    code, _, errors = replay_from(data + b"*x", "-", "--to", url)
    assert (code, server.dbsize()) == (3, 2)


def test_what_reaches_beyond_keys_is_announced(url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "FLUSHALL", "SWAPDB 0 1", "SCRIPT FLUSH")
    _, _, errors = replay(path, "--to", url)
    assert [line.split(":")[0] for line in errors.splitlines()] == ["FLUSHALL", "SWAPDB", "SCRIPT"]


def test_ctrl_c_and_resume(server: Any, url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", *["INCR n", "MULTI", "INCR m", "EXEC"] * 500)
    kept = tmp_path / "checkpoint"
    argv = [sys.executable, "-m", "aoftool", "replay", str(path), "--to", url, "--rate", "400",
            "--checkpoint", str(kept)]  # fmt: skip
    process = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    deadline = time.monotonic() + 20
    while not int(server.get("n") or 0) > 20:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert "stopped (interrupted); acknowledged up to" in output
    assert "--resume" in errors
    told = json.loads(kept.read_text())
    assert told["record"] == int(server.get("n")) + 3 * int(server.get("m"))
    code, _, errors = replay(path, "--to", url, "--checkpoint", kept, "--resume")
    assert (code, server.get("n"), server.get("m")) == (0, b"500", b"500")


def test_ctrl_c_before_anything_is_sent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.aof")  # nobody writes: it is looked over for ever
    argv = [sys.executable, "-m", "aoftool", "replay", str(tmp_path / "x.aof"), "--to", "memory"]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    with (tmp_path / "x.aof").open("wb"):  # opens when the other end is open
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors.strip()) == (130, "aoftool: interrupted")


def test_a_target_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """Ctrl-C twice: the place of the last reply is kept."""
    path = write(tmp_path / "x.aof", *["INCR n"] * 200_000)
    kept = tmp_path / "checkpoint"
    with real_serving("7.0", tmp_path) as client:
        told = client.info("server")
        to = f"unix://{client.connection_pool.connection_kwargs['path']}"
        argv = [sys.executable, "-m", "aoftool", "replay", str(path), "--to", to, "--rate", "5000",
                "--checkpoint", str(kept)]  # fmt: skip
        process = subprocess.Popen(
            argv, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT
        )
        while int(client.get("n") or 0) < 2000:  # sent in many steps: the first are answered
            time.sleep(0.01)
        os.kill(told["process_id"], signal.SIGSTOP)
        try:
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            while b"again to wait" not in process.stderr.readline():
                pass
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            process.stderr.close()
        finally:
            os.kill(told["process_id"], signal.SIGCONT)
        record = json.loads(kept.read_text())["record"]
        assert 0 < record <= int(client.get("n"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "http://x"], "--to takes"),
        (["--to", "redis://h/3"], "map databases with --db"),
        (["--to", "redis://h:99999"], "--to:"),
        (["--to", "memory", "--cluster"], "memory is no cluster"),
        (["--to", "memory", "--resume"], "--resume needs --checkpoint"),
        (["--to", "memory", "--rate", "fast"], "--rate takes"),
        (["--to", "memory", "--speed", "fast"], "--speed takes"),
        (["--to", "memory", "--db", "x"], "--db takes"),
        (["--to", "memory", "--rename", "x"], "--rename takes"),
        (["--to", "memory", "--since", "yesterday"], "--since takes"),
        (["--to", "memory", "--verify", "much"], "--verify takes"),
        (["--to", "memory", "--pipeline-bytes", "much"], "no size"),
        (["--to", "memory", "--verify"], "--to memory is that"),
        (["--to", "redis://h", "--verify", "--follow"], "not with --follow"),
        (["--to", "unix:///s", "--cluster"], "not on one socket"),
    ],
)
def test_wrong_usage(words: list[str], told: str) -> None:
    code, _, errors = replay("samples/preamble.aof", *words)
    assert (code, told in errors) == (2, True), errors


def test_nobody_there() -> None:
    code, _, errors = replay("samples/preamble.aof", "--to", f"redis://127.0.0.1:{free_port()}")
    assert (code, "cannot connect: Connection refused" in errors) == (9, True)


def test_the_cluster_extra_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "redis.py").write_text("raise ImportError('not installed')")
    code, _, errors = replay(
        "samples/preamble.aof", "--to", "redis://127.0.0.1:1", "--cluster",
        PYTHONPATH=f"{tmp_path}:{ROOT}",
    )  # fmt: skip
    assert (code, "pip install 'aoftool[cluster]'" in errors) == (2, True)


# Being let in.
@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int, Path]]:
    """A real server with a password, over TCP and TLS: both ports, and its certificate."""
    folder = tmp_path_factory.mktemp("guarded")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
         certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    ports = free_port(), free_port()
    argv = [find("7.0").server, "--port", str(ports[0]), "--tls-port", str(ports[1]),
            "--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-auth-clients",
            "no", "--requirepass", "s3cret", "--save", "", "--dir", str(folder),
            "--logfile", str(folder / "log")]  # fmt: skip
    process = subprocess.Popen(argv)
    client = redis.Redis("127.0.0.1", ports[0], password="s3cret")
    deadline = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            client.ping()
            break
        except redis.ConnectionError:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)
    client.close()
    try:
        yield *ports, certificate
    finally:
        process.kill()
        process.wait()


def test_passwords_come_from_everywhere_and_are_shown_nowhere(
    guarded: tuple[int, int, Path], tmp_path: Path
) -> None:
    path = write(tmp_path / "x.aof", "SET a 1")
    port = guarded[0]
    plain = f"redis://127.0.0.1:{port}"
    code, _, errors = replay(path, "--to", plain, "--flush", "-y")
    assert (code, "NOAUTH" in errors) == (9, True)
    code, output, errors = replay(path, "--to", f"redis://:wr0ng@127.0.0.1:{port}", "--flush", "-y")
    assert (code, "WRONGPASS" in errors, "wr0ng" in output + errors) == (9, True, False)
    ways: tuple[tuple[str, dict[str, str]], ...] = (
        (f"redis://:s3cret@127.0.0.1:{port}", {}),
        (f"redis://default:s3cret@127.0.0.1:{port}", {}),
        (plain, {"AOFTOOL_PASSWORD": "s3cret"}),
        (plain, {"AOFTOOL_PASSWORD": "s3cret", "AOFTOOL_USER": "default"}),
    )
    for way, env in ways:
        kept = tmp_path / "checkpoint"
        words = [path, "--flush", "-y", "--checkpoint", kept, "--to", way]
        code, output, errors = replay(*words, **env)
        assert (code, errors) == (0, "")
        assert "s3cret" not in output + kept.read_text()


def test_a_password_is_asked_for_without_echo(
    guarded: tuple[int, int, Path], tmp_path: Path
) -> None:
    path = write(tmp_path / "x.aof", "SET a 1")
    argv = [sys.executable, "-m", "aoftool", "replay", str(path), "--ask-password", "--flush", "-y",
            "--no-progress", "--to", f"redis://127.0.0.1:{guarded[0]}"]  # fmt: skip
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(ROOT)
        os.execv(sys.executable, argv)
    seen = b""
    while b"Password" not in seen:
        seen += os.read(terminal, 100)
    time.sleep(0.1)  # until the terminal does not echo any more
    os.write(terminal, b"s3cret\n")
    while True:
        try:
            seen += os.read(terminal, 1000)
        except OSError:
            break
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, seen
    assert b"acknowledged 1" in seen
    assert b"s3cret" not in seen


def test_tls(guarded: tuple[int, int, Path], tmp_path: Path) -> None:
    value = "v" * 5_000_000
    lines = [f"SET big {value}", *(f"SET k{number} {number}" for number in range(5000))]
    path = write(tmp_path / "x.aof", *lines)
    to = ["--to", f"rediss://127.0.0.1:{guarded[1]}", "--flush", "-y"]
    secret = {"AOFTOOL_PASSWORD": "s3cret"}
    code, _, errors = replay(path, *to, **secret)
    assert (code, "CERTIFICATE_VERIFY_FAILED" in errors or "certificate" in errors) == (9, True)
    for words in (["--tls-ca", str(guarded[2])], ["--no-tls-verify"]):
        code, output, errors = replay(path, *to, *words, "--verify", "full", **secret)
        assert (code, "all keys, 5,001: equal" in output) == (0, True), errors


def test_what_is_no_set_of_files_is_named(tmp_path: Path) -> None:
    for text, told in (("file a seq 1 type q", "Unknown AOF file type"), ("", "no manifest")):
        if text:
            (tmp_path / "x.manifest").write_text(text + "\n")
        else:
            (tmp_path / "x.manifest").unlink()
        code, _, errors = replay(tmp_path, "--to", "memory")
        assert (code, told in errors, str(tmp_path) in errors) == (4, True, True), errors


def test_a_damaged_source_is_refused_before_anything_is_sent(server: Any, url: str) -> None:
    code, out, err = replay(ROOT / "samples" / "damaged.aof", "--to", url)
    assert (code, out) == (3, "")
    assert "at offset 1029; nothing was sent; run: aoftool check" in err
    assert server.dbsize() == 0
