"""Visits the demo's pages with Chromium, in Japanese and English, at phone and desk width, walks through its kiosk, and
watches the reception of a demo whose townsfolk come.

Each page must answer as expected, say its language, fit its width, raise no script error and pass axe-core without a
violation; no request may leave 127.0.0.1; at the end Ctrl-C must stop the server with exit code 0.

Environment: SHIKAKU_BIN (the built program), SHIKAKU_SHOTS (folder for screenshots, optional), CHROMIUM (its path,
optional). Not here: what the pages mean; the services' own tests know that.
"""

import os
import pathlib
import signal
import sys
import tempfile
import time

# Nothing is left beside the sources.
sys.dont_write_bytecode = True

from playwright.sync_api import sync_playwright

import town
import visits
import walks
from demo import Server

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever tries to leave all the same finds no address.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def run(program, data):
    """Everything; the exit code."""
    pages, language = visits.read_pages(HERE / "pages.txt")
    results = visits.Results()
    begun = time.monotonic()
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)

        def patients(server):
            visits.visit_all(browser, server, pages, language, results)
            walks.walk_all(browser, server, results)

        with_server(Server(program, f"{data}/patients"), "the patients' demo", patients, results)
        nation = Server(program, f"{data}/town", town.PEOPLE, town.SETTINGS)
        with_server(nation, "the town's demo", lambda server: town.watch(browser, server, results), results)
        browser.close()
    seconds = time.monotonic() - begun
    print(f"browser: {results.passed} passed, {results.failed} failed in {seconds:.1f} s")
    return 1 if results.failed else 0


def with_server(server, name, work, results):
    """Does the work while a server is up, which must stay up and end as it is told."""
    try:
        server.wait_ready()
        work(server)
        alive = server.process.poll() is None
        results.note(f"{name} is still up", [] if alive else [f"it ended: {server.lines[-20:]}"])
        code = server.stop()
        tail = "\n".join(server.lines[-20:])
        results.note(f"Ctrl-C ends {name} with exit code 0", [] if code == 0 else [f"exit code {code}\n{tail}"])
    finally:
        server.kill()


def main():
    # A stop from outside unwinds the stack, so that the server and the browser end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    program = os.environ.get("SHIKAKU_BIN", str(ROOT / "target" / "release" / "shikaku"))
    if not os.access(program, os.X_OK):
        sys.exit(f"{program} is not there; build it with `cargo build --release`, or set SHIKAKU_BIN")
    with tempfile.TemporaryDirectory(prefix="shikaku-browser-") as data:
        return run(program, data)


if __name__ == "__main__":
    sys.exit(main())
