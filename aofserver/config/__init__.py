"""The configuration: one row an option (``options``), read from files and the command line."""

from __future__ import annotations

from aofserver.config.config import Config
from aofserver.config.kinds import ConfigError

__all__ = ["Config", "ConfigError"]
