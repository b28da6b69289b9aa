"""Files of users, and users in files of options: the same files for real servers and for ours."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.compat.accesslists import assert_closed, assert_same, comparable
from tests.compat.face import COMPAT, OPTIONS, Pair, path_of
from tests.compat.servers import RELEASES, ServerExit, find, serving
from tests.e2e.server.serving import serving as serving_ours
from tests.e2e.server.serving import start

BAD_FILE = """user alice on nopass +@all ~*
usr bob on
user

user carol on +nosuch ~* +@none
user dave on foo bar >secret
user alice off
# not a comment
user erin  on   nopass ~x  +get
user frank ~x +get on off
user 'g g' on
"""


@pytest.fixture(params=RELEASES)
def release(request: Any) -> str:
    find(request.param)
    return str(request.param)


@contextmanager
def both(release: str, tmp_path: Path, *options: str) -> Iterator[Pair]:
    """A real server and ours, each in a folder of its own and started so."""
    for name in ("real", "ours"):
        (tmp_path / name).mkdir(exist_ok=True)
    compat = ("--compat-version", COMPAT[release])
    with (
        serving(release, tmp_path / "real", *OPTIONS[release], *options) as client,
        serving_ours(tmp_path / "ours", *compat, *options) as running,
    ):
        found = Pair(release, path_of(client), path_of(running.client()))
        yield found
        found.close()


def write(tmp_path: Path, text: str) -> None:
    """Have both servers find a file of users."""
    for name in ("real", "ours"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "users.acl").write_text(text)


def test_load_and_save(release: str, tmp_path: Path) -> None:
    default = "user default on nopass ~* &* +@all\n"
    write(tmp_path, f"user alice on >pw ~a* resetchannels &c +@read -get\n  \n{default}")
    with both(release, tmp_path, "--aclfile", "users.acl") as pair:
        assert_same(pair, """
            acl list
            acl setuser bob on nopass +get +select|0 ~x
            acl save
        """)  # fmt: skip
        texts = [(tmp_path / name / "users.acl").read_text() for name in ("real", "ours")]
        real, ours = ([sorted(line.split()) for line in text.splitlines()] for text in texts)
        assert ours == real
        alice, bob = pair.again(), pair.again()
        alice.both("auth alice pw")
        bob.both("auth bob x")
        write(tmp_path, BAD_FILE)
        assert_same(pair, "acl load\nacl users")
        assert_same(alice, "acl whoami\nmget ax")
        write(tmp_path, "user carol on nopass +@all\nuser alice on nopass +get ~*\n")
        assert_same(pair, "acl load\nacl list\nacl whoami")
        assert_closed(alice)
        assert_closed(bob)
        write(tmp_path, "")
        assert_same(pair, "acl load\nacl users")
        for name in ("real", "ours"):
            (tmp_path / name / "users.acl").unlink()
        assert_same(pair, "acl load\nacl users\nacl save")
        carol = pair.again()
        pair.both("acl setuser carol on nopass +@all")
        carol.both("auth carol x")
        write(tmp_path, "user carol on nopass +@all\n")
        assert_same(carol, "acl load")
        assert_closed(carol)


def test_users_in_the_file_of_options(release: str, tmp_path: Path) -> None:
    more = ["(+set ~y)"] if release == "7.0" else []
    alice = ["alice", "on", ">p w", "~a*", "+@read", "+get", *more]
    for name in ("real", "ours"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "conf").write_text(
            f"user {' '.join(shlex.quote(word) for word in alice)}\n# why\n"
            "user bob off nopass\nrequirepass foo\n"
        )
    compat = ("--compat-version", COMPAT[release])
    ours_folder = tmp_path / "ours"
    with serving_of(release, tmp_path) as real_path:
        conf = str(ours_folder / "conf")
        with served(ours_folder, conf, *compat) as ours_path:
            pair = Pair(release, real_path, ours_path)
            assert_same(pair, """
                get a
                auth foo
                acl list
                acl setuser carol on nopass +get
                acl deluser bob
                config rewrite
                acl load
                config get user
                config get rename-command
                config set user x
            """)  # fmt: skip
            pair.close()
    lines = [
        [
            comparable(("$", line.encode()))[1]
            for line in (tmp_path / name / "conf").read_text().splitlines()
            if line.startswith(("user", "# why"))
        ]
        for name in ("real", "ours")
    ]
    assert sorted(map(str, lines[1])) == sorted(map(str, lines[0]))


@contextmanager
def serving_of(release: str, tmp_path: Path) -> Iterator[Path]:
    """A real server with a file of options."""
    folder = tmp_path / "real"
    program = find(release).server
    with served(folder, str(folder / "conf"), program=program) as path:
        yield path


@contextmanager
def served(folder: Path, *arguments: str, program: str = "") -> Iterator[Path]:
    """Our server, or a real one, started with arguments that may begin with a file."""
    with TemporaryDirectory(prefix="aof-") as short, (folder / "log").open("wb") as log:
        socket = Path(short) / "socket"
        argv = [program] if program else [sys.executable, "-m", "aofserver"]
        bound = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", ""]
        process = subprocess.Popen([*argv, *arguments, *bound], stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 20
            while not socket.exists():
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield socket
        finally:
            process.kill()
            process.wait()


#: What no server starts with: a file of users and options.
REFUSED = {
    "both": (
        "",
        ("--aclfile", "users.acl", "--user", "alice", "on"),
        "Configuring Redis with users",
    ),
    "bad": (BAD_FILE, ("--aclfile", "users.acl"), "Aborting Redis startup because of ACL errors"),
    "missing": (None, ("--aclfile", "nosuch.acl"), "opening file 'nosuch.acl'"),
    "rule": ("", ("--user", "alice", "on", "+nosuch"), "Unknown command or category name in ACL"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_server_starts_with(release: str, tmp_path: Path, case: str) -> None:
    text, options, reason = REFUSED[case]
    write(tmp_path, text or "")
    with pytest.raises(ServerExit) as exited, serving(release, tmp_path / "real", *options):
        pass
    assert exited.value.code == 1
    assert reason in exited.value.log
    process = start(tmp_path / "ours", tmp_path / "s", "--compat-version", COMPAT[release],
                    *options)  # fmt: skip
    assert process.process.wait(20) == 1
    assert reason in process.log.read_text()


def test_names_of_commands(release: str, tmp_path: Path) -> None:
    """Renamed commands: what clients are told, what the AOF has, and how it is loaded."""
    options = (
        "--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--appendfsync", "always",
        "--rename-command", "SET", "XSET", "--rename-command", "GET", "",
        "--rename-command", "PEXPIREAT", "PX", "--rename-command", "CONFIG", "cfg",
        "--rename-command", "EXPIRE", "Ex",
    )  # fmt: skip
    with both(release, tmp_path, *options) as pair:
        assert_same(pair, """
            set a 1
            XSET a 1
            xset a 2
            get a
            px a 99999999999999
            append a x
            cfg get maxmemory
            config get maxmemory
            xset b 1
            ex b 0
            command getkeys xset a 1
            command getkeys set a 1
            command info get
            eval return(redis.call('XSET','e','1')) 0
            eval return(redis.call('set','e','1')) 0
            acl setuser u on nopass +@all -set +get ~*
            acl setuser u +xset
            multi
            xset c 1
            exec
            auth u x
            xset d 1
        """)  # fmt: skip
    with both(release, tmp_path, *options) as pair:
        assert_same(pair, "append a y\ndbsize\npttl b\nappend e z\nappend c z")
    without = options[:6]
    with pytest.raises(ServerExit) as exited, serving(release, tmp_path / "real", *without):
        pass
    assert "nknown command" in exited.value.log
    ours = start(tmp_path / "ours", tmp_path / "s", "--compat-version", COMPAT[release], *without)
    assert ours.process.wait(20) == 1
    assert "Unknown command 'XSET'" in ours.log.read_text()


@pytest.mark.parametrize(
    "words", [("nosuch", "x"), ("get", "set"), ("get",)], ids=["unknown", "taken", "alone"]
)
def test_names_that_no_server_takes(release: str, tmp_path: Path, words: tuple[str, ...]) -> None:
    options = ("--rename-command", *words)
    (tmp_path / "real").mkdir()
    with pytest.raises(ServerExit) as exited, serving(release, tmp_path / "real", *options):
        pass
    (tmp_path / "ours").mkdir()
    process = start(tmp_path / "ours", tmp_path / "s", *options)
    assert process.process.wait(20) == 1
    told = process.log.read_text().strip().splitlines()[-1]
    assert told in exited.value.log
