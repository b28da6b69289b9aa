"""The commands as a user meets them: output, exit codes, formats."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from aoftool import __version__
from aoftool.cli import main
from tests.builders import command
from tests.unit.ops.test_check import GOOD, make_set
from tests.unit.ops.test_truncate import TAIL

SAMPLES = Path(__file__).parents[3] / "samples"


def run(*arguments: str | Path, stdin: bytes | str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def test_version_names_the_scanner() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.output.startswith(f"aoftool {__version__}, scanner: ")


@pytest.mark.parametrize("name", ["check", "truncate"])
def test_help(name: str) -> None:
    assert name in run("--help").output
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "PATH" in result.output


def test_usage_errors() -> None:
    assert run("nosuch").exit_code == 2
    assert run("check").exit_code == 2
    assert run("check", "--level", "x", "y").exit_code == 2


@pytest.mark.parametrize(
    ("name", "exit_code", "words"),
    [
        ("appendonly.aof", 0, "clean"),
        ("appendonlydir", 0, "multi-part AOF, 2 files to load"),
        ("cut.aof", 1, "TRUNCATED TAIL"),
        ("damaged.aof", 3, "whole commands stand from offset"),
        ("nothing-here.aof", 5, "No such file"),
    ],
)
def test_check_in_words(name: str, exit_code: int, words: str) -> None:
    result = run("check", SAMPLES / name)
    assert (result.exit_code, result.exception is None or exit_code != 0) == (exit_code, True)
    assert words in result.output
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_on_a_terminal_unless_forbidden(no_color: str, coloured: bool) -> None:
    result = CliRunner(env={"NO_COLOR": no_color}).invoke(
        main, ["check", str(SAMPLES / "cut.aof")], color=True
    )
    assert ("\x1b[" in result.output) is coloured


def test_the_text_in_full() -> None:
    result = run("check", SAMPLES / "cut.aof")
    lines = result.output.splitlines()
    assert lines[1:4] == [
        "  kind          AOF",
        "  size          4,238 bytes",
        "  records       91 commands, 1 MULTI block; valid up to offset 4,203, command 91",
    ]
    (arrow,) = [line for line in lines if line.lstrip().startswith(">")]
    assert arrow.split()[:3] == [">", f"{4203:x}", "2a"]
    assert lines[-1].endswith(f"aoftool truncate {SAMPLES / 'cut.aof'}")


def test_several_files_the_worst_wins() -> None:
    names = ["appendonly.aof", "cut.aof", "damaged.aof"]
    assert run("check", *[SAMPLES / name for name in names]).exit_code == 3
    assert run("check", *[SAMPLES / name for name in names[:2]]).exit_code == 1


def test_quiet() -> None:
    clean, cut = SAMPLES / "appendonly.aof", SAMPLES / "cut.aof"
    assert run("check", "--quiet", clean).output == ""
    result = run("check", "-q", clean, cut)
    assert str(clean) not in result.output
    assert str(cut) in result.output


def test_options_reach_the_check(tmp_path: Path) -> None:
    path = tmp_path / "x.aof"
    path.write_bytes(GOOD + command("MYSET", "a"))
    assert run("check", path).exit_code == 3
    assert run("check", "--level", "framing", path).exit_code == 0
    assert run("check", "--allow-command", "myset", path).exit_code == 0
    assert run("check", "--allow-command", "my*", "--read-all", path).exit_code == 0
    path.write_bytes(command("SELECT", "5"))
    assert run("check", "--databases", "5", path).exit_code == 3


def test_json_has_the_documented_form() -> None:
    result = run("check", "--format", "json", SAMPLES / "damaged.aof", SAMPLES / "appendonlydir")
    document = json.loads(result.output)
    assert document["schema"] == "aoftool.check/1"
    assert (document["verdict"], document["exit_code"]) == ("corrupt", 3)
    damaged, folder = document["sources"]
    (file,) = damaged["files"]
    assert file["findings"][0]["code"] == "bulk-end"
    assert bytes.fromhex(file["findings"][0]["context"])
    assert file["cut"] == {"offset": 1017, "bytes": 3232, "records": 68, "forced": True}
    assert file["runs"] == [{"offset": 1061, "end": 4249, "records": 68}]
    assert folder["manifest"].endswith("appendonly.aof.manifest")
    assert [part["role"] for part in folder["files"]] == ["base", "incr"]


def test_every_json_field_is_documented() -> None:
    text = (SAMPLES.parent / "docs" / "check-report.md").read_text()
    result = run("check", "--format", "json", SAMPLES / "damaged.aof")

    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            inner = set().union(*[names(v) for k, v in value.items() if k not in FREE], set())
            return inner | set(value)
        return set().union(*[names(v) for v in value], set()) if isinstance(value, list) else set()

    missing = {name for name in names(json.loads(result.output)) if f"`{name}`" not in text}
    assert missing == set()


#: Fields whose keys are data, not names.
FREE = {"commands", "databases", "types", "writer"}


def test_junit() -> None:
    result = run("check", "--format", "junit", SAMPLES / "damaged.aof", SAMPLES / "appendonly.aof")
    suite = ElementTree.fromstring(result.output.encode())
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "2", "1")
    failed, passed = suite.findall("testcase")
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("type") == "corrupt"
    assert "bulk-end" in (failure.text or "")
    assert passed.find("failure") is None


def test_github() -> None:
    result = run("check", "--format", "github", SAMPLES / "damaged.aof")
    assert result.output.startswith(f"::error file={SAMPLES / 'damaged.aof'},title=aoftool check")
    assert "[bulk-end] offset 1,029" in result.output


def test_names_cannot_break_the_formats(tmp_path: Path) -> None:
    path = tmp_path / "odd\n::name, with: <&\"'>\x01.aof"
    path.write_bytes(GOOD + command("NO\x01SUCH\n::error::", "x"))
    lines = run("check", "--format", "github", path).output.splitlines()
    assert len(lines) == 1
    ElementTree.fromstring(run("check", "--format", "junit", path).output.encode())
    json.loads(run("check", "--format", "json", path).output)


def test_file_names_that_are_no_text(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\xfe.aof"
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(GOOD)
    for output_format in ("text", "json", "junit", "github"):
        result = CliRunner().invoke(main, ["check", "--format", output_format, os.fsdecode(path)])
        assert result.exit_code == 0, result.exception


def test_a_set_in_words(tmp_path: Path) -> None:
    result = run("check", make_set(tmp_path, incr1=GOOD[:-3]))
    assert result.exit_code == 4
    assert "WRONG FILE SET" in result.output
    assert "the next start loads without a word" in result.output


# truncate
@pytest.fixture
def cut(tmp_path: Path) -> Path:
    path = tmp_path / "appendonly.aof"
    path.write_bytes(GOOD + TAIL)
    return path


def test_truncate_shows_and_asks(cut: Path) -> None:
    result = run("truncate", cut, stdin="n\n")
    assert result.exit_code == 7
    assert f"offset {len(GOOD)}: {len(TAIL)} bytes go" in result.output
    assert "last kept     EXEC" in result.output
    assert cut.read_bytes() == GOOD + TAIL
    result = run("truncate", cut, stdin="y\n")
    assert result.exit_code == 0
    assert "checked again: clean" in result.output
    assert cut.read_bytes() == GOOD


def test_truncate_without_an_answer_cuts_nothing(cut: Path) -> None:
    assert run("truncate", cut, stdin="").exit_code != 0
    assert cut.read_bytes() == GOOD + TAIL


def test_truncate_dry_run(cut: Path) -> None:
    result = run("truncate", "--dry-run", cut)
    assert result.exit_code == 0
    assert "nothing was cut" in result.output
    assert cut.read_bytes() == GOOD + TAIL


def test_truncate_says_when_there_is_nothing_to_do(cut: Path) -> None:
    assert run("truncate", "--yes", cut).exit_code == 0
    result = run("truncate", "--yes", cut)
    assert result.exit_code == 0
    assert "nothing to cut" in result.output


def test_truncate_refuses_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "x.aof"
    path.write_bytes(GOOD + b"\xff" + GOOD)
    result = run("truncate", "--yes", path)
    assert result.exit_code == 7
    assert "damage in the middle" in result.output
    assert "Traceback" not in result.output
    assert run("truncate", "--yes", "--corrupt", "--no-keep", path).exit_code == 0
    assert path.read_bytes() == GOOD
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.aof"]
    assert run("truncate", "--yes", tmp_path / "gone").exit_code == 5


# rewrite
def test_rewrite_beside_the_source(cut: Path) -> None:
    result = run("rewrite", cut)
    assert result.exit_code == 0, result.output
    out = cut.with_name("appendonly.rewritten.aof")
    assert out.exists()
    assert "the tail of" in result.output
    assert "read again and found equal" in result.output
    assert run("rewrite", cut).exit_code == 7
    assert (
        run("rewrite", "--aof-load-truncated", "no", "-o", cut.with_name("x"), cut).exit_code == 1
    )


def test_rewrite_reports_as_json(cut: Path) -> None:
    result = run("rewrite", "--format", "rdb", "--report", "json", cut)
    document = json.loads(result.output)
    assert document["schema"] == "aoftool.rewrite/1"
    assert document["output"] == str(cut.with_name("appendonly.rdb"))
    assert (document["records_in"], document["verified"]) == (5, True)
    assert document["keys"] == {"db0 string": 2}


def test_rewrite_in_place(cut: Path) -> None:
    result = run("rewrite", "--in-place", "--format", "resp", cut)
    assert result.exit_code == 0
    assert "backup" in result.output
    assert cut.with_name("appendonly.aof.before-rewrite").read_bytes() == GOOD + TAIL


def test_rewrite_usage() -> None:
    assert run("rewrite", "-").exit_code == 2
    assert run("rewrite", "--in-place", "-o", "x", "y").exit_code == 2
    assert run("rewrite", "--in-place", "-").exit_code == 2


def test_rewrite_says_what_fails(tmp_path: Path) -> None:
    path = tmp_path / "x.aof"
    path.write_bytes(GOOD + command("NOSUCH", "x"))
    result = run("rewrite", path)
    assert result.exit_code == 3
    assert f"record 6 at offset {len(GOOD)} fails" in result.output
    assert "Traceback" not in result.output
    result = run("rewrite", "--skip-errors", path)
    assert result.exit_code == 0
    assert "skipped       record 6" in result.output
