"""Opens pages in a browser as people do, and says what is wrong with them.

`look.py ORDER.json`, where the order names the browser, the address, a folder for
screenshots, the pages, languages and widths, and what must not happen.
"""

import json
import sys
from pathlib import Path

from axe_playwright_python import base
from playwright.sync_api import sync_playwright

AXE = (Path(base.__file__).parent / "axe.min.js").read_text("utf-8")
# Nothing but the pages: a browser that asks its makers for news would only wait for them.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]
# A picture is at most so high; what stands below is looked at, but not kept.
HIGHEST = 6000

# What stands outside the page, or is wider than the box that holds it and cannot be scrolled to.
OUTSIDE = """() => {
  const wide = document.documentElement.clientWidth;
  const found = [];
  if (document.documentElement.scrollWidth > wide + 1)
    found.push(`the page is ${document.documentElement.scrollWidth} wide in a window of ${wide}`);
  for (const one of document.querySelectorAll("main *:not(svg *)")) {
    const box = one.getBoundingClientRect();
    if (one.closest(".wide, .course") || box.width === 0 || box.right <= wide + 1 || box.left < -50) continue;
    found.push(`<${one.tagName.toLowerCase()} class="${one.className}"> ends at ${box.right}`);
  }
  for (const cell of document.querySelectorAll("td, th"))
    if (cell.scrollWidth > cell.clientWidth + 1 && cell.clientWidth > 0 && !cell.closest("thead"))
      found.push(`"${cell.textContent.trim().slice(0, 40)}" leaves its cell`);
  return found.slice(0, 5);
}"""
# Texts of a picture stand inside it, and no text covers another one.
COVERED = """() => [...document.querySelectorAll(".chart.course svg")].flatMap((svg) => {
  const frame = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map((text) => [text.textContent.trim(), text.getBoundingClientRect()]);
  const found = [];
  for (const [at, [words, box]] of texts.entries()) {
    if (box.right > frame.right + 1 || box.left < frame.left - 1) found.push(`"${words}" leaves the picture`);
    for (const [other, next] of texts.slice(at + 1))
      if (box.left < next.right - 1 && next.left < box.right - 1 && box.top < next.bottom - 3 && next.top < box.bottom - 3)
        found.push(`"${words}" and "${other}" cover each other`);
  }
  return found.slice(0, 5);
})"""


def main():
    order = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    out = Path(order["out"])
    out.mkdir(parents=True, exist_ok=True)
    wrong, pages = [], 0
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=order["browser"], args=FLAGS)
        for width in order["widths"]:
            for language in order["languages"]:
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, locale=language,
                    ignore_https_errors=True, extra_http_headers=order.get("headers", {}),
                )
                for name, path in order["pages"]:
                    picture = out / f"{name}-{language}-{width}.png"
                    found = look(context, order["address"] + path, order, language, picture)
                    wrong += [f"{name} {language} {width}: {one}" for one in found]
                    pages += 1
                context.close()
        for name, path in order.get("prints", []):
            for language in order["languages"]:
                wrong += paper(browser, order["address"] + path, language, out / f"{name}-{language}.pdf")
        browser.close()
    for one in wrong:
        print(one)
    print(f"{pages} pages looked at, {len(wrong)} things wrong")
    sys.exit(1 if wrong else 0)


def look(context, address, order, language, picture):
    """Opens a page; everything that is wrong with it."""
    wrong = []
    page = context.new_page()
    page.on("console", lambda said: wrong.append(f"console: {said.text}") if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    here = order["address"]
    page.on("request", lambda asked: None if asked.url.startswith((here, "data:")) else wrong.append(f"asks {asked.url}"))
    answer = page.goto(address, wait_until="load")
    expected = order.get("status", 200)
    if answer.status != expected:
        wrong.append(f"status {answer.status} instead of {expected}")
        # The browser says so too.
    if expected != 200:
        wrong = [one for one in wrong if "status of" not in one]
    if page.evaluate("document.documentElement.lang") != language:
        wrong.append(f"the language is {page.evaluate('document.documentElement.lang')}")
    for selector, least in order.get("holds", {}).items():
        count = page.locator(selector).count()
        if count < least:
            wrong.append(f"{count} of `{selector}` instead of {least}")
    wrong += page.evaluate(OUTSIDE) + page.evaluate(COVERED)
    page.evaluate(AXE)
    for violation in page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]:
        where = violation["nodes"][0]
        wrong.append(f"axe {violation['id']}: {violation['help']}: {where['html'][:160]} {where['failureSummary'][:200]}")
    high = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": min(high, HIGHEST)}
    page.screenshot(path=picture, full_page=True, clip=clip)
    page.close()
    return wrong


def paper(browser, address, language, file):
    """Prints a page; it fits the paper, and nothing of the screen alone is on it."""
    context = browser.new_context(locale=language, java_script_enabled=False)
    page = context.new_page()
    page.goto(address, wait_until="load")
    page.pdf(path=file, prefer_css_page_size=True)
    context.close()
    return [] if file.stat().st_size > 5000 else [f"{file.name} is empty"]


main()
