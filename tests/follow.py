"""Signs in by a link, waits on the board until a figure comes, and leaves: `follow.py ORDER.json`."""

import json
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

order = json.loads(Path(sys.argv[1]).read_text("utf-8"))
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
with sync_playwright() as play:
    browser = play.chromium.launch(executable_path=order["browser"], args=FLAGS)
    page = browser.new_context(ignore_https_errors=True, locale="en").new_page()
    page.goto(order["link"])
    page.get_by_role("button", name="Open the board").click()
    page.wait_for_url(order["address"] + "/")
    # A mark that a reload would wipe away.
    page.evaluate("window.stillHere = true")
    row = page.locator("#A07")
    expect(row).not_to_contain_text(order["figure"])
    Path(order["ready"]).touch()
    expect(row).to_contain_text(order["figure"], timeout=30_000)
    expect(page.locator("#live")).to_contain_text("A verdict has just moved")
    assert page.evaluate("window.stillHere") is True, "the page was loaded again"
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("It is not known who you are")
    browser.close()
print("followed")
