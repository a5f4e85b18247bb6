#!/usr/bin/env bash
# Tests of what runs in a browser need one: the machine's own Chromium, Debian's, or the one that playwright brings.
set -euo pipefail
python="$(dirname "$0")/../.venv/bin/python"
if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then exit 0; fi
if "$python" - <<'PYTHON'; then exit 0; fi
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not pathlib.Path(playwright.chromium.executable_path).exists())
PYTHON
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; then exit 0; fi
if "$python" -m playwright install chromium; then exit 0; fi
echo "No Chromium here: install one, or the tests of what runs in a browser are skipped." >&2
