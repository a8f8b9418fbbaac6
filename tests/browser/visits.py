"""Visits each page of pages.txt and checks it; pages.txt says in its head how its lines are written.

Not here: what the pages mean; walks over several pages at once (walks.py).
"""

import os
import pathlib
import re
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from urllib.parse import urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error

WIDTHS = {390: 844, 1280: 900}
LOCALES = {"ja": "ja-JP", "en": "en-GB"}
# In the order in which they run; `{of:…}` of pages.txt goes by it.
SESSIONS = [(lang, width) for lang in LOCALES for width in WIDTHS]
JAPAN = timezone(timedelta(hours=9))
KIOSK = "kiosk:"
STAY = "-"
VERBS = ("click", "go", "fill", "choose", "wait", "press", "speak", "card", "pin", "sign-in", "pull")


@dataclass
class Page:
    """One line of pages.txt."""

    name: str
    path: str
    status: int = 200
    only: list = field(default_factory=list)
    steps: list = field(default_factory=list)

    def is_for(self, lang, width):
        return not self.only or (lang, width) in self.only


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


def read_pages(path):
    """The pages, and the path that chooses a language (or None)."""
    pages, language = [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("|", 2)]
        is_path = len(cells) > 1 and (cells[1] == STAY or cells[1].removeprefix(KIOSK).startswith("/"))
        if not is_path:
            sys.exit(f"{path.name}:{number}: not `name | path | steps`; mend the line")
        if cells[0] == "language":
            language = cells[1]
            continue
        page = Page(cells[0], cells[1])
        for step in filter(None, (step.strip() for step in "".join(cells[2:]).split(";"))):
            verb, _, rest = step.partition(" ")
            if verb == "expect":
                page.status = int(rest)
            elif verb == "only":
                page.only = read_sessions(rest, f"{path.name}:{number}")
            elif verb in VERBS:
                page.steps.append((verb, rest.strip()))
            else:
                sys.exit(f"{path.name}:{number}: the step `{verb}` is unknown; see the head of the file")
        pages.append(page)
    if not pages:
        sys.exit(f"{path.name}: no pages; list at least one")
    return pages, language


def read_sessions(text, place):
    """`ja`, `en 1280` or several of them with commas: the sessions that are meant."""
    found = []
    for part in text.split(","):
        words = part.split()
        meant = [(lang, width) for lang, width in SESSIONS if set(words) <= {lang, str(width)}]
        if not words or not meant:
            sys.exit(f"{place}: `only {part.strip()}` names no session; write for example `only ja, en 1280`")
        found += meant
    return found


class Session:
    """One language at one width, in one browser session of its own."""

    def __init__(self, browser, server, lang, width):
        self.server = server
        self.lang, self.width = lang, width
        self.number = SESSIONS.index((lang, width))
        self.context = browser.new_context(locale=LOCALES[lang], viewport={"width": width, "height": WIDTHS[width]})
        self.context.set_default_timeout(15_000)
        self.seen = []
        self.context.on("request", lambda request: self.seen.append(request.url))
        self.pulled = []
        self.page = self.new_page()

    def new_page(self):
        page = self.context.new_page()
        # Forms whose act cannot be taken back ask first.
        page.on("dialog", lambda dialog: dialog.accept())
        return page

    def close(self):
        self.context.close()

    def strangers(self):
        """The addresses among those asked for that are not the demo's own."""
        own = {urlsplit(self.server.base).netloc, urlsplit(self.server.kiosk).netloc}
        outside = (urlsplit(url) for url in self.seen)
        outside = {url.netloc for url in outside if url.scheme not in ("data", "blob", "about")}
        return sorted(f"asked for {netloc}" for netloc in outside - own)

    # --- steps ----------------------------------------------------------------------------------------------------

    def filled(self, text):
        """A text with its `{of:…}`, `{today}` and `{column:P001}` put in."""
        text = text.replace("{today}", datetime.now(JAPAN).strftime("%Y%m%d"))
        text = re.sub(r"\{of:([^}]*)\}", lambda found: found[1].split()[self.number], text)
        return re.sub(r"\{(\w+):(P\d+)\}", lambda found: self.server.patient(found[2])[found[1]], text)

    def go(self, place):
        """A click that leads to another page; waits for it."""
        with self.page.expect_navigation(wait_until="load"):
            place.click()

    def open(self, path):
        if path == STAY:
            return
        if not path.startswith(KIOSK):
            self.page.goto(urljoin(self.server.base, path.removeprefix("/")), wait_until="load")
            return
        self.page.goto(urljoin(self.server.kiosk, path.removeprefix(KIOSK + "/")), wait_until="load")
        # The kiosk begins for each patient anew, in Japanese.
        if self.page.locator("button.out").count():
            self.go(self.page.locator("button.out"))
        self.speak()

    def speak(self):
        """Chooses the session's language by the button of a reader's page."""
        other = self.page.locator(f"button[value=lang-{self.lang}]")
        if other.count():
            self.go(other)

    def card(self, short):
        """Finds a card among the kiosk's and puts it down."""
        self.page.locator("#find").fill(short)
        self.go(self.page.locator(".finder button").first)
        self.go(self.page.locator(".tile"))

    def pin(self, text):
        """Types a patient's PIN, or these digits, and sends them."""
        digits = self.server.patient(text)["pin"] if text.startswith("P") else text
        self.page.locator("#pin").fill(digits)
        self.go(self.page.locator("button[value=pin]"))

    def sign_in(self, short):
        """A person signs in at their own pages; the code of the page must be the reader's too."""
        self.page.goto(urljoin(self.server.base, "my/sign-in"), wait_until="load")
        code = self.page.locator(".matching-code").inner_text()
        self.go(self.page.locator("a.button[href*='/reader?n=']"))
        self.speak()
        there = self.page.locator(".matching-code").inner_text()
        if len(code) != 4 or code != there:
            raise Error(f"the sign-in page says {code!r} and the reader {there!r}")
        self.card(short)
        if self.page.locator(".matching-small strong").inner_text() != code:
            raise Error("the PIN's page shows another code")
        self.pin(short)
        self.go(self.page.locator("a.link.primary"))

    def pull(self, short):
        """Takes a card off the reader in the middle, until the page was seen."""
        file = self.server.card_file(short)
        away = file.with_suffix(".away")
        file.rename(away)
        self.pulled.append((away, file))

    def play(self, steps):
        """Does the steps of a page."""
        for verb, rest in steps:
            rest = self.filled(rest)
            if verb in ("card", "pin", "pull"):
                getattr(self, verb)(rest)
                continue
            if verb in ("speak", "sign-in", "press"):
                {"speak": lambda _: self.speak(), "sign-in": self.sign_in, "press": self.page.keyboard.press}[verb](rest)
                continue
            # The last ` = ` parts selector and text, so that a selector such as [name=symbol] stays whole.
            selector, _, text = rest.rpartition(" = ") if verb in ("fill", "choose") else (rest, "", "")
            place = self.page.locator(selector.strip()).first
            if verb == "go":
                self.go(place)
            elif verb == "click":
                place.click()
            elif verb == "fill":
                place.fill(text.strip())
            elif verb == "choose":
                place.select_option(text.strip())
            else:
                place.wait_for()
        self.page.wait_for_load_state("load")

    # --- looking --------------------------------------------------------------------------------------------------

    def visit(self, wanted):
        """Opens one page, does its steps and checks it; the faults found."""
        faults = []
        script_faults = []
        statuses = []
        page = self.page

        def on_response(response):
            if response.request.is_navigation_request() and response.frame == page.main_frame:
                statuses.append(response.status)

        def on_error(error):
            script_faults.append(f"script error: {error}")

        page.on("pageerror", on_error)
        page.on("response", on_response)
        try:
            self.open(wanted.path)
            self.play(wanted.steps)
            status = statuses[-1] if statuses else wanted.status
            if status != wanted.status:
                faults.append(f"answered {status}, not {wanted.status}")
            faults += self.look(wanted.name)
        except Error as error:
            faults.append(f"browser: {error.message} (at {page.url})")
        finally:
            page.remove_listener("pageerror", on_error)
            page.remove_listener("response", on_response)
            while self.pulled:
                away, file = self.pulled.pop()
                away.rename(file)
        return faults + script_faults

    def look(self, name):
        """Checks the page that is open, whatever it is; the faults found."""
        page = self.page
        faults = []
        said = page.locator("html").get_attribute("lang") or ""
        if said.split("-")[0] != self.lang:
            faults.append(f"the page says lang={said!r}, not {self.lang!r}")
        inside, width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if inside > width:
            faults.append(f"{inside} px wide in a window of {width}: scrolls sideways")
        faults.extend(axe_faults(Axe().run(page)))
        shots = os.environ.get("SHIKAKU_SHOTS")
        if shots:
            pathlib.Path(shots).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(pathlib.Path(shots) / f"{name}-{self.lang}-{self.width}.png"), full_page=True)
        return faults


def axe_faults(results):
    """The violations of one page, one text each, with the places and what axe proposes."""
    for violation in results.response["violations"]:
        nodes = [f"{' '.join(map(str, node['target']))}: {node['failureSummary']}" for node in violation["nodes"][:5]]
        more = len(violation["nodes"]) - len(nodes)
        tail = f"\n… and {more} more places" if more > 0 else ""
        yield f"axe {violation['id']} ({violation['impact']}): {violation['help']}\n" + "\n".join(nodes) + tail


def visit_all(browser, server, pages, language, results):
    """All pages, in each language at each width."""
    for lang, width in SESSIONS:
        session = Session(browser, server, lang, width)
        try:
            if language:
                session.open(language.replace("{lang}", lang))
            for wanted in pages:
                if wanted.is_for(lang, width):
                    results.note(f"{wanted.name} {lang} {width}", session.visit(wanted))
            results.note(f"nothing leaves 127.0.0.1, {lang} {width}", session.strangers())
        except Error as error:
            results.note(f"session {lang} {width}", [error.message])
        finally:
            session.close()
