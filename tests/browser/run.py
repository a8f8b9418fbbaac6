"""Visits the demo's pages with Chromium, in Japanese and English, at phone and desk width.

Each page must answer as expected, say its language, fit its width, raise no script error and pass axe-core without a
violation; no request may leave 127.0.0.1; at the end Ctrl-C must stop the server with exit code 0.

Environment: SHIKAKU_BIN (the built program), SHIKAKU_SHOTS (folder for screenshots, optional), CHROMIUM (its path,
optional). Not here: what the pages mean; the services' own tests know that.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WIDTHS = {390: 844, 1280: 900}
LOCALES = {"ja": "ja-JP", "en": "en-GB"}
READY_SECONDS = 60
STOP_SECONDS = 20
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


@dataclass
class Page:
    """One line of pages.txt."""

    name: str
    path: str
    status: int = 200
    steps: list = field(default_factory=list)


def read_pages(path):
    """The pages, and the path that chooses a language (or None)."""
    pages, language = [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("|", 2)]
        if len(cells) < 2 or not cells[1].startswith("/"):
            sys.exit(f"{path.name}:{number}: not `name | /path | steps`; mend the line")
        if cells[0] == "language":
            language = cells[1]
            continue
        page = Page(cells[0], cells[1])
        for step in filter(None, (step.strip() for step in "".join(cells[2:]).split(";"))):
            verb, _, rest = step.partition(" ")
            if verb == "expect":
                page.status = int(rest)
            elif verb in ("click", "fill", "choose", "wait", "press"):
                page.steps.append((verb, rest.strip()))
            else:
                sys.exit(f"{path.name}:{number}: the step `{verb}` is unknown; see the head of the file")
        pages.append(page)
    if not pages:
        sys.exit(f"{path.name}: no pages; list at least one")
    return pages, language


class Server:
    """The program under test, from its start to its clean end."""

    def __init__(self, program, data):
        command = [program, "demo", "--data", data, "--port", "0", "--machine-port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = []
        self.base = None
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            found = re.match(r"ready (http://127\.0\.0\.1:\d+/)", line)
            if found and self.base is None:
                self.base = found[1]
                self.ready.set()
        self.ready.set()

    def wait_ready(self):
        self.ready.wait(READY_SECONDS)
        if self.base is None:
            self.kill()
            tail = "\n".join(self.lines[-40:])
            sys.exit(f"no line `ready http://127.0.0.1:PORT/` within {READY_SECONDS} s; the program said:\n{tail}")
        return self.base

    def stop(self):
        """Ends the server as Ctrl-C does; its exit code, or None when it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Results:
    """Counts, and tells each failure when it happens."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def note(self, what, faults):
        if faults:
            self.failed += 1
            print(f"FAILED {what}")
            for fault in faults:
                print("    " + fault.replace("\n", "\n    "))
        else:
            self.passed += 1
            print(f"ok     {what}")


def play(page, steps):
    """Does the steps of a page; the last response of a navigation, if one came."""
    for verb, rest in steps:
        if verb == "press":
            page.keyboard.press(rest)
            continue
        # The last ` = ` parts selector and text, so that a selector such as [name=symbol] stays whole.
        selector, _, text = rest.rpartition(" = ") if verb in ("fill", "choose") else (rest, "", "")
        place = page.locator(selector.strip()).first
        if verb == "click":
            place.click()
        elif verb == "fill":
            place.fill(text.strip())
        elif verb == "choose":
            place.select_option(text.strip())
        else:
            place.wait_for()
    page.wait_for_load_state("load")


def axe_faults(results):
    """The violations of one page, one text each, with the places and what axe proposes."""
    for violation in results.response["violations"]:
        nodes = [f"{' '.join(map(str, node['target']))}: {node['failureSummary']}" for node in violation["nodes"][:5]]
        more = len(violation["nodes"]) - len(nodes)
        tail = f"\n… and {more} more places" if more > 0 else ""
        yield f"axe {violation['id']} ({violation['impact']}): {violation['help']}\n" + "\n".join(nodes) + tail


def visit(page, base, wanted, lang, shot):
    """Opens one page, does its steps and checks it; the faults found."""
    faults = []
    script_faults = []
    statuses = []

    def on_response(response):
        if response.request.is_navigation_request() and response.frame == page.main_frame:
            statuses.append(response.status)

    def on_error(error):
        script_faults.append(f"script error: {error}")

    page.on("pageerror", on_error)
    page.on("response", on_response)
    try:
        page.goto(urljoin(base, wanted.path), wait_until="load")
        play(page, wanted.steps)
        status = statuses[-1] if statuses else None
        if status != wanted.status:
            faults.append(f"answered {status}, not {wanted.status}")
        said = page.locator("html").get_attribute("lang") or ""
        if said.split("-")[0] != lang:
            faults.append(f"the page says lang={said!r}, not {lang!r}")
        inside, width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if inside > width:
            faults.append(f"{inside} px wide in a window of {width}: scrolls sideways")
        faults.extend(axe_faults(Axe().run(page)))
        if shot:
            page.screenshot(path=shot, full_page=True)
    except Error as error:
        faults.append(f"browser: {error.message}")
    finally:
        page.remove_listener("pageerror", on_error)
        page.remove_listener("response", on_response)
    return faults + script_faults


def strangers(base, seen):
    """The addresses among those asked for that are not the demo's own."""
    own = urlsplit(base).netloc
    outside = (url for url in seen if urlsplit(url).scheme not in ("data", "blob", "about"))
    return sorted({f"asked for {urlsplit(url).netloc}" for url in outside if urlsplit(url).netloc != own})


def session(browser, base, pages, language, lang, width, results):
    """All pages in one language at one width, in one browser session."""
    shots = os.environ.get("SHIKAKU_SHOTS")
    context = browser.new_context(locale=LOCALES[lang], viewport={"width": width, "height": WIDTHS[width]})
    context.set_default_timeout(15_000)
    seen = []
    context.on("request", lambda request: seen.append(request.url))
    page = context.new_page()
    try:
        if language:
            page.goto(urljoin(base, language.replace("{lang}", lang)))
        for wanted in pages:
            shot = None
            if shots:
                pathlib.Path(shots).mkdir(parents=True, exist_ok=True)
                shot = str(pathlib.Path(shots) / f"{wanted.name}-{lang}-{width}.png")
            results.note(f"{wanted.name} {lang} {width}", visit(page, base, wanted, lang, shot))
        results.note(f"nothing leaves 127.0.0.1, {lang} {width}", strangers(base, seen))
    except Error as error:
        results.note(f"session {lang} {width}", [error.message])
    finally:
        context.close()


def run(program, data):
    """Everything; the exit code."""
    pages, language = read_pages(HERE / "pages.txt")
    results = Results()
    begun = time.monotonic()
    server = Server(program, data)
    try:
        base = server.wait_ready()
        with sync_playwright() as playwright:
            chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            for lang in LOCALES:
                for width in WIDTHS:
                    session(browser, base, pages, language, lang, width, results)
            browser.close()
        alive = server.process.poll() is None
        results.note("the server is still up", [] if alive else [f"it ended: {server.lines[-20:]}"])
        code = server.stop()
        tail = "\n".join(server.lines[-20:])
        results.note("Ctrl-C ends it with exit code 0", [] if code == 0 else [f"exit code {code}\n{tail}"])
    finally:
        server.kill()
    seconds = time.monotonic() - begun
    print(f"browser: {results.passed} passed, {results.failed} failed in {seconds:.1f} s")
    return 1 if results.failed else 0


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
