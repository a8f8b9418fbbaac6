"""Watches the living town: at a demo with a nation the reception's list fills by itself, with natural people.

Always holds: no time is asserted more tightly than a slow machine needs.
Not here: who the people are (`country`), the pages with named patients (pages.txt).
"""

import time

from playwright.sync_api import Error
from visits import SESSIONS, Session

PEOPLE = 2000
# Somebody comes each second, so that nobody watches for long.
SETTINGS = "[demo]\nvisits_every_s = 1\n"
# What the first rows, and each further ones, may take.
PATIENCE_S = 30
ROWS = "document.querySelectorAll('#today tbody tr').length"
STOP = {"ja": "自動更新を止める", "en": "Stop updating"}
MARK = "window.wasHereFromTheStart"


def watch(browser, server, results):
    """The reception, the lists of offices and the counts, in each language at each width."""
    for lang, width in SESSIONS:
        session = Session(browser, server, lang, width)
        try:
            session.open(f"/?lang={lang}")
            results.note(f"town: the reception fills by itself {lang} {width}", reception(session))
            results.note(f"town: counts and lists {lang} {width}", others(session) or session.strangers())
        except Error as error:
            results.note(f"town {lang} {width}", [f"browser: {error.message} (at {session.page.url})"])
        finally:
            session.close()


def sit(session, desk):
    session.open("/desks")
    session.go(session.page.locator(f'form[action="/desks/{desk}"] button'))


def more_rows(page, count):
    """Waits for so many rows; the page's policy lets no script of ours wait in it."""
    until = time.monotonic() + PATIENCE_S
    while page.evaluate(ROWS) < count:
        if time.monotonic() > until:
            raise Error(f"{count} rows did not come within {PATIENCE_S} s; there are {page.evaluate(ROWS)}")
        page.wait_for_timeout(100)


def reception(session):
    """Rows come while the page stays the same; then a patient's result."""
    page = session.page
    sit(session, "receptionist")
    session.open("/reception")
    more_rows(page, 1)
    page.evaluate(f"{MARK} = true")
    before, begun = page.evaluate(ROWS), time.monotonic()
    more_rows(page, before + 2)
    print(f"       two patients more within {time.monotonic() - begun:.1f} s")
    faults = [] if page.evaluate(MARK) else ["the page was loaded anew"]
    # What comes while axe looks would be half there.
    page.get_by_role("button", name=STOP[session.lang]).click()
    faults += session.look("town-reception")
    session.go(page.locator("#today tbody a").first)
    return faults + session.look("town-check")


def others(session):
    """Counts of the nation, its facilities with a second page, the links that are held back."""
    page, faults = session.page, []
    sit(session, "system-administrator")
    session.open("/facilities")
    faults += session.look("town-facilities")
    session.open("/statistics")
    faults += session.look("town-statistics")
    session.open("/status")
    return faults + session.look("town-status")
