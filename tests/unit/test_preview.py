"""The preview page: what becomes of Markdown and its pictures."""

from __future__ import annotations

import pytest

from copilot_metrics_action import preview

PICTURE = (
    '<picture><source media="(prefers-color-scheme: dark)" srcset="https://x/d.png?raw=true&amp;a=1">'
    '<img alt="daily use" src="https://x/l.png?raw=true" width="720"></picture>'
)


def test_html__pictures_are_inside() -> None:
    page = preview.html(PICTURE, {"https://x/d.png?raw=true&a=1": b"dark", "https://x/l.png?raw=true": b"light"})
    assert 'srcset="data:image/png;base64,ZGFyaw=="' in page
    assert 'src="data:image/png;base64,bGlnaHQ="' in page
    assert "https://x" not in page


@pytest.mark.parametrize("markdown", [PICTURE, "![daily use](https://x/l.png)", '<img alt="daily use" src="a.png">'])
def test_html__a_picture_that_is_not_there_is_its_words(markdown: str) -> None:
    page = preview.html(markdown, {})
    assert "<em>daily use</em>" in page
    assert "<img" not in page
    assert "<picture" not in page


def test_html__github_extensions() -> None:
    page = preview.html(
        "> [!CAUTION]\n> It **broke**.\n\n| a |\n|--:|\n| 1 |\n\n- [x] done\n- [ ] open\n\n~~old~~\n", {}
    )
    assert '<div class="alert" style="--tone: var(--caution)"><p class="alert-title">Caution</p>' in page
    assert "<p>It <strong>broke</strong>.</p></div>" in page
    assert '<td style="text-align:right">1</td>' in page
    assert '<input type="checkbox" disabled checked>done' in page
    assert '<input type="checkbox" disabled>open' in page
    assert "<s>old</s>" in page


def test_html__loads_nothing() -> None:
    page = preview.html("# Hello", {}, title="<acme>")
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in page
    assert "<title>&lt;acme&gt;</title>" in page
    assert "<script" not in page
