#!/bin/sh
# The main job on the samples: check a clean file, a damaged one and a cut one, mend a copy, check
# again. BIN is the folder that holds aoftool.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$BIN:$PATH"
work=run
rm -rf "$work"
mkdir "$work" && cp samples/cut.aof "$work/"

say() { printf '\n# %s\n' "$*"; }
try() {
    printf '$ %s\n' "$*"
    "$@"
    printf '(exit code %s)\n' "$?"
}

say "A clean file: what it holds, and exit code 0"
try aoftool check samples/appendonly.aof
say "Nine bytes overwritten in the middle: where, what the server would do, and what stands behind"
try aoftool check samples/damaged.aof
say "A file that a crash cut short: exit code 1 says that truncate can mend it"
try aoftool check "$work/cut.aof"
say "What would be cut"
try aoftool truncate --dry-run "$work/cut.aof"
say "Cut it; the cut bytes are kept beside the file"
try aoftool truncate --yes "$work/cut.aof"
say "And check again"
try aoftool check "$work/cut.aof"
printf '\nThe mended copy is in %s/. Next: aoftool check --help, docs/cli.md\n' "$work"
