#!/usr/bin/env bash
# Tests run on SQLite and on PostgreSQL. The wheel pgserver brings its own server; where it does not run, Debian's is installed.
set -euo pipefail
python="$(dirname "$0")/../.venv/bin/python"
if "$python" -c "import pgserver" 2>/dev/null; then exit 0; fi
if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq postgresql >/dev/null
else
    echo "No PostgreSQL here: install pgserver (pip) or PostgreSQL, or the PostgreSQL half of the suite is skipped." >&2
fi
