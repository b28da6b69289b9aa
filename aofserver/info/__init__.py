"""INFO: numbers are collected once (``snapshot``); every section is made of them (``sections``)."""

from __future__ import annotations

from aofserver.info.sections import DEFAULT, SECTIONS, render
from aofserver.info.snapshot import Snapshot, collect

__all__ = ["DEFAULT", "SECTIONS", "Snapshot", "collect", "render"]
