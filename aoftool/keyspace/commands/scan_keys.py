"""SCAN: the keys of a database, page by page (db.c)."""

from __future__ import annotations

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import RANDOM, READONLY, command
from aoftool.keyspace.context import Context
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.scan import parse_cursor, parse_scan_options, scan_page, scan_reply
from aoftool.keyspace.values import type_name


@command("SCAN", "cursor [MATCH pattern] [COUNT count] [TYPE type]", READONLY | RANDOM,
         group="generic", since="2.8.0")  # fmt: skip
def scan(ctx: Context, argv: Argv) -> Reply:
    """A page of the database's keys, and the cursor of the next page."""
    cursor = parse_cursor(argv[1])
    options = parse_scan_options(ctx, argv[2:], keys=True)
    db = ctx.db
    cursor, keys = scan_page(ctx, None, db.data, cursor, options)
    look = db.get if options.type_name is None else db.peek
    alive = ((key, value) for key in keys if (value := look(key)) is not None)
    if options.type_name is None:
        return scan_reply(cursor, [key for key, _ in alive])
    wanted = options.type_name.lower()
    return scan_reply(cursor, [key for key, value in alive if type_name(value).lower() == wanted])
