"""The preview in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import views
from msgspec.structs import replace

from copilot_metrics_action import charts, preview, report
from copilot_metrics_action.report import ScopeView, SeatPrice
from copilot_metrics_action.templates import Templates

ROOT = Path(__file__).parents[2]
SCREENSHOTS = Path(os.environ.get("SCREENSHOTS") or ROOT / "build" / "screenshots")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: the preview is not looked at"
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,  # Playwright talks to its driver; the browser itself is offline
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = ROOT / "templates"
    templates = Templates(
        {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.j2")}
    )
    names = ("x" * 200, "שפה-של-לקוח", *(f"language-{number}" for number in range(40)))
    analysis = views.analysis_of(views.stored_days(140, languages=names))
    findings = (views.FLAT, views.NO_AGENTS, views.WATCH, views.UNKNOWN, views.ABSENT)
    figures = charts.draw(analysis, findings)
    view = views.view_of(
        ScopeView(views.ACME, analysis, findings, figures, views.coverage_of(analysis), notices=("x" * 500,)),
        demo=True,
        seat_price=SeatPrice(19.0, "USD"),
    )
    view = replace(view, links=replace(view.links, server_url="", data_branch=".", charts_branch="charts"))
    file = tmp_path_factory.mktemp("preview") / "summary.html"
    file.write_text(preview.html(report.summary(view, templates), report.by_address(view)), "utf-8")
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 390])
def test_preview__in_a_browser(browser: Any, page_file: Path, theme: str, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, device_scale_factor=2, offline=True
    )
    page = context.new_page()
    said: list[str] = []
    requested: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    page.goto(page_file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    pictures = page.evaluate(
        "Array.from(document.images, (one) => [one.complete, one.naturalWidth, one.alt, one.currentSrc.length])"
    )
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"preview-{theme}-{width}.png", full_page=True)
    assert said == []
    assert len(pictures) == 6
    assert all(complete and natural and alt for complete, natural, alt, _ in pictures)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    papers = {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == papers[theme]
    assert all(url.startswith(("file:", "data:")) for url in requested)
    shown = page.evaluate("document.querySelector('picture img').currentSrc")
    sources = page.evaluate("document.querySelector('picture source').srcset")
    assert (shown == sources) == (theme == "dark")
    context.close()
