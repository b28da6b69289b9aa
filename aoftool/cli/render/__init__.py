"""Reports as text: for people, for programs, for CI."""

from __future__ import annotations

import importlib

from aoftool.cli.render.words import printable
from aoftool.ops.check.report import SourceReport

#: By the value of --format: the module whose ``render`` makes the text. Loaded when it is called
#: for, because an XML library is no part of a quick check.
_MODULES = {
    "text": "aoftool.cli.render.text",
    "json": "aoftool.cli.render.json",
    "junit": "aoftool.cli.render.junit",
    "github": "aoftool.cli.render.github",
}
FORMATS = tuple(_MODULES)


def render_reports(output_format: str, reports: list[SourceReport], quiet: bool) -> str:
    """The reports in one of ``FORMATS``; with ``quiet`` the clean ones are left out."""
    return printable(importlib.import_module(_MODULES[output_format]).render(reports, quiet))
