"""aoftool as real processes: pipes, read-only files, kill -9 in the middle of a cut."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aoftool.format.speed import implementation
from aoftool.ops.check import Verdict, check_path
from tests.builders import commands
from tests.unit.ops.test_check import GOOD

ROOT = Path(__file__).parents[2]
TAIL = commands("MULTI", "SET c 3")


def aoftool(*arguments: str | Path, data: bytes | None = None, **env: str) -> tuple[int, str]:
    """Exit code and output of a real run."""
    done = subprocess.run(
        [sys.executable, "-m", "aoftool", *arguments],
        input=data,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **env},
        cwd=ROOT,
    )
    return done.returncode, done.stdout.decode()


@pytest.mark.parametrize("pure", ["", "1"])
def test_version_says_which_scanner(pure: str) -> None:
    code, output = aoftool("--version", AOFTOOL_PURE=pure)
    assert code == 0
    built = importlib.util.find_spec("aoftool.format.resp._scan") is not None
    expected = "compiled" if built and not pure else "pure Python"
    assert f"scanner: {expected}" in output


def test_ci_has_the_compiled_scanner() -> None:
    """A silent fall-back to pure Python would leave half of the twins untested."""
    if os.environ.get("CI") and not os.environ.get("AOFTOOL_PURE"):
        assert implementation() == "compiled"


@pytest.mark.parametrize("pure", ["", "1"])
@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (GOOD, 0, "clean"),
        (GOOD * 50_000 + b"*1\r\n$4\r\nPI", 1, "TRUNCATED TAIL"),
        (GOOD + commands("SET k " + "v" * 3_000_000) + GOOD[:-1], 1, "TRUNCATED TAIL"),
        (GOOD + b"\xff" + GOOD, 3, "read twice"),
        ((ROOT / "samples" / "preamble.aof").read_bytes(), 0, "49 in RDB form"),
        (b"", 0, "empty"),
    ],
)
def test_standard_input(data: bytes, code: int, words: str, pure: str) -> None:
    seen, output = aoftool("check", "-", data=data, AOFTOOL_PURE=pure)
    assert (seen, words in output, "Traceback" in output) == (code, True, False), output


def test_standard_input_from_a_file_is_looked_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.aof"
    path.write_bytes(GOOD + b"\xff" + GOOD)
    with path.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "aoftool", "check", "-"], stdin=file, capture_output=True,
            cwd=ROOT,
        )  # fmt: skip
    assert done.returncode == 3
    assert b"5 whole commands stand" in done.stdout


def test_a_closed_pipe_is_no_traceback() -> None:
    done = subprocess.run(
        f"{sys.executable} -m aoftool check samples/*.aof samples/*.aof | head -1",
        shell=True, capture_output=True, cwd=ROOT,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr


#: Runs truncate and kills the process at the k-th of the calls that change something.
KILLER = """
import os, signal, sys
left = int(sys.argv.pop(1))
def deadly(real):
    def call(*arguments):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)
    return call
for name in ("write", "fsync", "ftruncate"):
    setattr(os, name, deadly(getattr(os, name)))
from aoftool.cli import main
main(prog_name="aoftool")
"""


def test_kill_9_at_every_step_of_a_cut(tmp_path: Path) -> None:
    """The file is whole or cut; once it is cut, what was cut is there."""
    path = tmp_path / "appendonly.aof"
    kept = tmp_path / f"appendonly.aof.cut-{len(GOOD)}"
    for step in range(20):
        path.write_bytes(GOOD + TAIL)
        kept.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-c", KILLER, str(step), "truncate", "--yes", str(path)],
            capture_output=True,
            cwd=ROOT,
        )
        data = path.read_bytes()
        assert data in (GOOD, GOOD + TAIL)
        if data == GOOD:
            assert kept.read_bytes() == TAIL
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        assert check_path(path).verdict in (Verdict.TRUNCATED, Verdict.CLEAN)
    assert done.returncode == 0
    assert step >= 5


def test_it_builds_without_a_compiler(tmp_path: Path) -> None:
    """The extension is optional: a build whose compiler fails goes on without it."""
    done = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--force", "--build-lib", str(tmp_path / "lib"),
         "--build-temp", str(tmp_path / "temp")],
        cwd=ROOT, capture_output=True, env={**os.environ, "CC": "/bin/false"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert not list((tmp_path).rglob("*.so"))
