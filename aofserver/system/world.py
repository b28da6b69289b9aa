"""The real world."""

from __future__ import annotations

import asyncio

from aofserver.ports import World
from aofserver.system.children import ForkedChildren
from aofserver.system.clock import SystemClock
from aofserver.system.syncer import ThreadSyncer
from aoftool.ops.filesystem import SYSTEM, FileSystem


def real_world(files: FileSystem = SYSTEM) -> World:
    """This machine, or with other files."""
    loop = asyncio.get_running_loop
    return World(SystemClock(), files, ThreadSyncer(files, loop), ForkedChildren(), loop)
