"""Lines of the log, and who else gets them."""

from __future__ import annotations

import syslog
from pathlib import Path

import pytest

from aofserver.log import Level, Log
from aofserver.system.systemlog import system_log


def test_a_line_goes_to_the_system_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[object, ...]] = []
    said: list[tuple[int, str]] = []
    monkeypatch.setattr(syslog, "openlog", lambda *how: opened.append(how))
    monkeypatch.setattr(syslog, "syslog", lambda priority, text: said.append((priority, text)))
    log = Log(tmp_path / "log", Level.VERBOSE, now=lambda: 0.0)
    log.also = system_log("me", "local3")
    assert [how[0] for how in opened] == ["me"]
    assert opened[0][2] == syslog.LOG_LOCAL3
    log.debug("not this")
    log.verbose("a")
    log.notice("b")
    log.warning("c")
    assert said == [(syslog.LOG_INFO, "a"), (syslog.LOG_NOTICE, "b"), (syslog.LOG_WARNING, "c")]
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line.split(" ")[5:] for line in lines] == [["-", "a"], ["*", "b"], ["#", "c"]]
