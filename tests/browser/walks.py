"""Walks over several pages at once: the reception's screen while a patient taps, and what a patient leaves at the kiosk.

Always holds: a walk ends what it begins; no time is asserted more tightly than a slow machine needs.
Not here: single pages (pages.txt).
"""

import time
from urllib.parse import urljoin

from playwright.sync_api import Error
from visits import Session

# What a row or a screen may take at most; the walks print what it took.
PATIENCE_MS = 5_000
# A good result stays for twenty seconds.
RESULT_MS = 45_000
NAME = "近江"
NAMED = "P019"


class Fault(Exception):
    """Something was not as it should be."""


def check(is_so, what):
    if not is_so:
        raise Fault(what)


def walk_all(browser, server, results):
    """All walks, each in a browser session of its own."""
    for walk, lang, width in [
        (reception_sees_a_tap, "ja", 1280),
        (kiosk_from_start_to_start, "ja", 390),
        (kiosk_forgets_in_the_middle, "ja", 1280),
        (kiosk_tells_the_time_left, "ja", 390),
        (kiosk_tells_the_time_left, "en", 1280),
    ]:
        session = Session(browser, server, lang, width)
        what = f"walk {walk.__name__.replace('_', ' ')} {lang} {width}"
        try:
            results.note(what, walk(session) or session.strangers())
        except Fault as fault:
            results.note(what, [str(fault)])
        except Error as error:
            results.note(what, [f"browser: {error.message} (at {session.page.url})"])
        finally:
            session.close()


# --- the reception ------------------------------------------------------------------------------------------------


def reception_sees_a_tap(session):
    """A tap comes onto the reception's page by itself, under somebody's hands who types."""
    page, server = session.page, session.server
    session.open("/desks")
    session.go(page.locator('form[action="/desks/receptionist"] button'))
    session.open("/reception")
    moves = []
    page.on("framenavigated", lambda frame: moves.append(frame.url))
    before = page.evaluate(FIRST_ROW)
    faces = server.faces()
    field = page.locator("#number")
    field.click()
    page.keyboard.type("10", delay=20)

    begun = time.monotonic()
    answer = server.tap("P001", agreed=["drugs", "checkups"])
    check(answer["state"] == "done", f"the tap ended as {answer['state']}")
    tapped = time.monotonic()
    # The row comes while the hands are on the keys.
    page.keyboard.type("01", delay=50)
    row = newest(page, before)
    seen = time.monotonic()
    print(f"       a tap took {1000 * (tapped - begun):.0f} ms, its row came {1000 * (seen - tapped):.0f} ms after")
    check("カード" in row, f"the row does not say that it was a card: {row}")
    check("有効" in row, f"the row does not say that it is valid: {row}")

    before = page.evaluate(FIRST_ROW)
    refused = server.tap("P061")
    check(refused["state"] == "refused", f"the card on hold ended as {refused['state']}")
    page.keyboard.type("99", delay=50)
    row = newest(page, before)
    check("カード" in row and "一時停止" in row, f"the refused card's row does not say why: {row}")

    check(field.input_value() == "100199", f"what was typed became {field.input_value()!r}")
    check(page.evaluate("document.activeElement.id") == "number", "the field lost the focus")
    check(not moves, f"the page went to {moves}")
    check(len(server.faces() - faces) == 1, "the face folder did not get exactly one result")
    return session.look("reception-live")


# Not a count: at midnight the list begins anew.
FIRST_ROW = "() => document.querySelector('#today tbody tr')?.innerHTML ?? null"


def newest(page, before):
    """The text of the newest row once it is another than before."""
    page.wait_for_function(f"before => ({FIRST_ROW})() !== before", arg=before, timeout=PATIENCE_MS)
    return page.locator("#today tbody tr").first.inner_text()


# --- the kiosk ----------------------------------------------------------------------------------------------------


def leaves_nothing(page, where):
    """Neither the page nor its address tells of the patient."""
    for place, text in [("page", page.content()), ("address", page.url), ("title", page.title())]:
        check(NAME not in text, f"{where}: the {place} still has the patient's name")
    check(page.locator("#pin").count() == 0, f"{where}: the PIN is asked for")


def back_and_forth(page, where):
    """The browser's own buttons lead to nothing of the patient."""
    for turn in (page.go_back, page.go_forward):
        for _ in range(8):
            turn(wait_until="load")
            if page.url.startswith("about:"):
                break
            leaves_nothing(page, f"{where}, at {page.url}")


def put_down(session):
    """Finds the card by hand and types the PIN on the pad."""
    page = session.page
    page.locator("#find").fill(NAME)
    session.go(page.locator(".finder button").first)
    check(page.locator(".tile").count() == 1, "the search did not find exactly one card")
    session.go(page.locator(".tile"))
    check(NAME in page.locator(".holder").inner_text(), "the PIN's page does not name the card")
    page.locator("[data-digit='1']").click()
    page.locator("[data-clear=one]").click()
    for digit in session.server.patient(NAMED)["pin"]:
        page.locator(f"[data-digit='{digit}']").click()
    session.go(page.locator("button[value=pin]"))


def kiosk_from_start_to_start(session):
    """With real clicks to a result; then the start comes by itself, and back shows nobody."""
    page, server = session.page, session.server
    faces = server.faces()
    session.open("kiosk:/")
    session.go(page.locator(".pager button"))
    put_down(session)
    questions = int(page.locator("progress").get_attribute("max"))
    for number in range(questions):
        check(page.locator("progress").get_attribute("value") == str(number + 1), "the questions are not counted")
        session.go(page.locator("button[value=yes]" if number % 2 else "button[value=no]"))
    page.locator(".end.success").wait_for()
    check(len(server.faces() - faces) == 1, "the face folder did not get exactly one result")
    page.locator("#left").filter(has_text="最初の画面").wait_for()
    page.locator("form.tiles").wait_for(timeout=RESULT_MS)
    leaves_nothing(page, "after the result")
    check(page.locator("#find").input_value() == "", "the start still has what was searched for")
    back_and_forth(page, "after the result")
    return []


def kiosk_forgets_in_the_middle(session):
    """Two tabs, a second patient, and a card that is taken out before the end."""
    page = session.page
    session.open("kiosk:/")
    put_down(session)
    check(page.locator("progress").count() == 1, "no question is asked")
    # Another browser sees the start; this one's second tab the same session.
    other = Session(page.context.browser, session.server, "ja", session.width)
    try:
        other.open("kiosk:/")
        check(other.page.locator("form.tiles").count() == 1, "another browser does not see the start")
        leaves_nothing(other.page, "another browser")
        tab = session.new_page()
        tab.goto(session.server.kiosk, wait_until="load")
        check(tab.locator("progress").count() == 1, "a second tab does not see the session")
        # The next patient comes: whatever the first one's tabs do now is over.
        other.card("P012")
        session.go(page.locator("button[value=yes]"))
        check("前の画面は終わっています" in page.locator(".banner").inner_text(), "nothing says that it is over")
        leaves_nothing(page, "the first patient's tab")
        tab.reload(wait_until="load")
        leaves_nothing(tab, "the first patient's second tab")
        check(other.page.locator("button[value=pin]").count() == 1, "the second patient's session was disturbed")
        other.go(other.page.locator("button.out"))
    finally:
        other.close()

    session.open("kiosk:/")
    put_down(session)
    session.go(page.locator("button.out"))
    check(page.locator("form.tiles").count() == 1, "taking the card out does not lead to the start")
    leaves_nothing(page, "after the card was taken out")
    back_and_forth(page, "after the card was taken out")
    return []


def kiosk_tells_the_time_left(session):
    """Who does nothing is told before the start comes back."""
    page = session.page
    page.clock.install()
    session.open("kiosk:/")
    session.card("P012")
    # The page's own clock runs ahead; the terminal's does not, so its session is still there.
    page.clock.fast_forward(45_000)
    page.locator("#left:not(:empty)").wait_for()
    faults = session.look("kiosk-time-left")
    session.go(page.locator("button[value=stay]"))
    check(page.locator("#left").inner_text() == "", "more time did not take the notice away")
    session.go(page.locator("button.out"))
    return faults
