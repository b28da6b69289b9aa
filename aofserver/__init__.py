"""aofserver: a live Redis-compatible server with Redis's AOF machinery.

from aofserver import Config, Server

with Server(Config({"appendonly": "yes", "dir": "/tmp"})).running_in_thread() as server:
    redis.Redis(port=server.port)
"""

from aofserver.config import Config
from aofserver.server import Server, StartFailure

__all__ = ["Config", "Server", "StartFailure"]
