"""What the documents say is what the code does."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

import aoftool
from aoftool.errors import ExitCode
from aoftool.ops.check.opinions import OPINIONS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])


def test_the_printed_pages_are_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert set(generate.EXIT_CODES) == set(ExitCode)
    assert (ROOT / "docs" / "cli.md").read_text() == generate.cli_page(), "run: make docs"
    assert (ROOT / "docs" / "config.md").read_text() == generate.config_page(), "run: make docs"
    page = (ROOT / "docs" / "compatibility.md").read_text()
    assert page == generate.compatibility_page(page), "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_code_in_the_sources_is_in_the_table() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "aoftool" / "ops").rglob("*.py"))
    unused = [code for code in OPINIONS if f'"{code}"' not in sources.replace("OPINIONS", "", 1)]
    assert unused == []


def test_the_changelog_and_the_package_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dynamic"] == ["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", aoftool.__version__)
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()
