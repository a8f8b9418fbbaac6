"""Works with the review page as a clerk does: looks, sorts, decides by keyboard and mouse, writes a memo, exports, and goes
on in another browser with what was exported.

Always holds: the page comes from a file, and asks nothing of any network.
Not here: what the pairs mean (run.py).
"""

import csv
import io
import os
import pathlib

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, sync_playwright
from visits import LOCALES, SESSIONS, WIDTHS

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
MEMO = "=住民票で確認、\"同一\"人"


def work_all(path, review, results):
    """Everything, in each language at each width."""
    shots = os.environ.get("SHIKAKU_SHOTS")
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for lang, width in SESSIONS:
            try:
                results.note(f"review page {lang} {width}: sound", sound(browser, path, lang, width, shots))
            except Error as error:
                results.note(f"review page {lang} {width}", [f"browser: {error.message}"])
        try:
            results.note("a clerk decides, exports, and goes on elsewhere", decide(browser, path, review))
        except Error as error:
            results.note("a clerk decides, exports, and goes on elsewhere", [f"browser: {error.message}"])
        for what, works in (("what clerks type into review.csv is taken in or told", typed), ("J and K go through all pages", keys)):
            try:
                results.note(what, works(browser, path, review))
            except Error as error:
                results.note(what, [f"browser: {error.message}"])
        results.note("without JavaScript the first pairs can be read", plain(browser, path))
        browser.close()


def opened(browser, path, lang="ja", width=1280, **more):
    context = browser.new_context(locale=LOCALES[lang], viewport={"width": width, "height": WIDTHS[width]}, **more)
    context.set_default_timeout(15_000)
    asked, errors = [], []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(path.as_uri())
    if lang == "en" and not more:
        page.locator("#lang").click()
    return context, page, asked, errors


def sound(browser, path, lang, width, shots):
    context, page, asked, errors = opened(browser, path, lang, width)
    faults = [f"script: {error}" for error in errors]
    faults += [f"asked for {url}" for url in asked if not url.startswith(("file:", "blob:", "data:"))]
    if page.evaluate("document.documentElement.lang") != lang:
        faults.append("the page does not say its language")
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append("the page is wider than the screen")
    if page.locator(".pair").count() == 0:
        faults.append("no pair is shown")
    found = Axe().run(page)
    if found.violations_count:
        faults.append(found.generate_report())
    if shots:
        pathlib.Path(shots).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{shots}/review-{lang}-{width}.png")
    context.close()
    return faults


def decide(browser, path, review):
    """Keys on the first pair, buttons on the second, a memo on the third; order by score; out, and in elsewhere."""
    context, page, _, errors = opened(browser, path)
    faults = []
    first = page.locator(".pair").nth(0)
    first.focus()
    page.keyboard.press("1")
    page.keyboard.press("j")
    page.keyboard.press("2")
    third = page.locator(".pair").nth(2)
    third.locator("textarea").fill(MEMO)
    third.locator('button[data-d="?"]').click()
    page.locator('#sorts button[data-sort="score"]').click()
    page.locator('#sorts button[data-sort="number"]').click()
    with page.expect_download() as download:
        page.locator("#export").click()
    exported = pathlib.Path(download.value.path()).read_bytes()
    rows = list(csv.DictReader(io.StringIO(exported.decode("utf-8-sig"))))
    decisions = [row["判断"] for row in rows[:3]]
    if decisions != ["同一人", "別人", "保留"]:
        faults.append(f"exported are {decisions}")
    if rows[2]["メモ"] != f"'{MEMO}":
        faults.append(f"the memo came out as {rows[2]['メモ']}; a spreadsheet must not take it for a formula")
    if len(rows) != len(review):
        faults.append(f"{len(rows)} rows are exported, review.csv has {len(review)}")
    page.reload()
    kept = page.locator('.pair [aria-pressed="true"][data-d]').count()
    if kept != 3:
        faults.append(f"after loading anew {kept} decisions are there, not 3")
    context.close()
    return faults + [f"script: {error}" for error in errors] + go_on(browser, path, exported)


def go_on(browser, path, exported):
    """Another browser takes the file in, and refuses one of another run."""
    context, page, _, errors = opened(browser, path)
    faults = []
    page.set_input_files("#file", {"name": "d.csv", "mimeType": "text/csv", "buffer": exported})
    page.locator(".pair").nth(2).locator('button[data-d="?"][aria-pressed="true"]').wait_for()
    if page.locator(".pair").nth(2).locator("textarea").input_value() != MEMO:
        faults.append("the memo did not come back as it was written")
    text = exported.decode("utf-8-sig")
    run = text.splitlines()[1].rsplit(",", 1)[1]
    strange = text.replace(run, "0" * len(run)).encode()
    before = page.locator("#notice").inner_text()
    page.set_input_files("#file", {"name": "d.csv", "mimeType": "text/csv", "buffer": strange})
    page.locator("#notice.bad").wait_for()
    if page.locator("#notice").inner_text() == before:
        faults.append("decisions of another run are taken in without a word")
    context.close()
    return faults + [f"script: {error}" for error in errors]


def table(review, *extra):
    """review.csv as a spreadsheet writes it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, review[0].keys())
    writer.writeheader()
    writer.writerows(review)
    return (text.getvalue() + "".join(f"{line}\r\n" for line in extra)).encode("utf-8-sig")


def typed(browser, path, review):
    """Decisions as people write them; a trailing row of commas; a row without its run id, and one of another run."""
    words = ["同一人 ", "別 人", "○", "同じ", "保留　", "たぶん同じ", "×"]
    rows = [dict(row) for row in review]
    for row, word in zip(rows, words, strict=False):
        row["判断"] = word
    commas = "," * (len(rows[0]) - 1)
    context, page, _, errors = opened(browser, path)
    notice = page.locator("#notice")

    def take(content):
        page.set_input_files("#file", {"name": "review.csv", "mimeType": "text/csv", "buffer": content})
        page.wait_for_timeout(300)
        return notice.inner_text()

    faults = []
    said = take(table(rows, commas, commas))
    if not said.startswith("6 件を取り込みました") or f"番号 {rows[5]['番号']}）" not in said:
        faults.append(f"the page says of what was typed: {said}")
    cards = page.locator(".pair")
    found = [cards.nth(n).get_attribute("data-d") for n in range(len(words))]
    if found != ["1", "0", "1", "1", "?", "", "0"]:
        faults.append(f"taken in are {found}")
    rows[1]["実行ID"] = ""
    if "実行ID がない行が 1 行" not in take(table(rows)) or "ファイルの 3 行目" not in notice.inner_text():
        faults.append(f"of a row without its run id the page says: {notice.inner_text()}")
    rows[1]["実行ID"] = "R0"
    if "別の実行" not in take(table(rows)):
        faults.append(f"of another run's row the page says: {notice.inner_text()}")
    context.close()
    return faults + [f"script: {error}" for error in errors]


def keys(browser, path, review):
    """From the page's start to the first pair, from the fiftieth to the next page and back; never when taken off."""
    context, page, _, errors = opened(browser, path)
    number = lambda: page.evaluate("document.activeElement.querySelector?.('h2')?.firstChild.textContent ?? ''")
    faults = []
    page.keyboard.press("j")
    if number() != review[0]["番号"]:
        faults.append(f"J from the page's start leads to {number()!r}")
    cards = page.locator(".pair")
    shown = cards.count()
    if len(review) <= shown:
        faults.append(f"only {len(review)} pairs: no second page")
    cards.nth(shown - 1).focus()
    for key, want in (("j", shown), ("k", shown - 1)):
        page.keyboard.press(key)
        if number() != review[want]["番号"]:
            faults.append(f"{key} leads to {number()!r}, not to {review[want]['番号']}")
    page.locator("details.help summary").click()
    page.locator("#keys").uncheck()
    page.reload()
    page.keyboard.press("j")
    if page.evaluate("document.activeElement !== document.body"):
        faults.append("letter keys that were taken off work")
    context.close()
    return faults + [f"script: {error}" for error in errors]


def plain(browser, path):
    context, page, _, _ = opened(browser, path, java_script_enabled=False)
    rows = page.locator("main table tr").count()
    context.close()
    return [] if rows > 3 else [f"{rows} rows are shown"]
