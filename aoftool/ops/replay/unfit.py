"""Commands that are not about data: no server writes them to its AOF, and none is sent.

They would change what the connection is, so that replies belong to other commands than they seem
to (SUBSCRIBE, CLIENT REPLY, MONITOR) or a transaction is not done (WATCH); wait for others; or do
something to the server itself.
"""

from __future__ import annotations

_NAMES = b"""
SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE MONITOR
CLIENT HELLO AUTH RESET QUIT ASKING READONLY READWRITE WATCH UNWATCH DISCARD
WAIT WAITAOF SYNC PSYNC REPLCONF REPLICAOF SLAVEOF FAILOVER MIGRATE CLUSTER SENTINEL
SHUTDOWN DEBUG CONFIG ACL MODULE SAVE BGSAVE BGREWRITEAOF
"""
UNFIT = frozenset(_NAMES.split())
#: What is said of one, as if the target had answered it.
REASON = b"UNFIT not sent: it is about a connection or a server, not about data"
