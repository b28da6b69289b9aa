"""The system's own log (syslog(3)), beside the server's."""

from __future__ import annotations

import syslog
from collections.abc import Callable

FACILITIES = {
    "user": syslog.LOG_USER,
    **{f"local{number}": getattr(syslog, f"LOG_LOCAL{number}") for number in range(8)},
}
#: By level of the server's log, least first.
PRIORITIES = (syslog.LOG_DEBUG, syslog.LOG_INFO, syslog.LOG_NOTICE, syslog.LOG_WARNING)


def system_log(ident: str, facility: str) -> Callable[[int, str], None]:
    """What writes a text of a level there, under this name."""
    syslog.openlog(ident, syslog.LOG_PID | syslog.LOG_NDELAY, FACILITIES[facility])
    return lambda level, text: syslog.syslog(PRIORITIES[level], text)
