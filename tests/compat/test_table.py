"""The table in docs/compatibility.md is the one that the data gives."""

from __future__ import annotations

from pathlib import Path

from tests.compat.table import table

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
BEGIN = "<!-- begin of what `python -m tests.compat.table` prints -->\n"
END = "<!-- end -->\n"


def test_the_page_holds_the_table() -> None:
    _, _, rest = PAGE.read_text().partition(BEGIN)
    held, _, _ = rest.partition(END)
    assert held == table()
