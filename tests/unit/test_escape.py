"""Text from outside stays text, wherever it is shown."""

from __future__ import annotations

import html as html_module
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_metrics_action.escape import (
    Redactor,
    csv_cell,
    html,
    link_secrets,
    log_line,
    markdown,
    message,
    redact,
    visible,
)

BREAK = "\u200b"
NASTY = st.text(st.sampled_from(list("ab1 \t\n\r@#:_*`~|<>&\"'[]()!\\/.-+=$^{}%;\u200b\u202e\u2028\ufeff\x1b\x00")))
SENTENCES = st.lists(
    st.sampled_from(
        [
            "::error::x",
            "##[error]",
            "%0A",
            "https://a.example/?sig=SECRET123",
            "@mona",
            "#12",
            "gh-12",
            "www.a.example",
            "$x$",
        ]
    )
    | NASTY
).map("".join)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        (" two  spaces\n and lines\u2028 ", "two spaces and lines"),
        ("a\x1b[31mb", "a\ufffd[31mb"),
        ("abc\u202edef", "abc\ufffddef"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        ("tag\U000e0041 filler\u3164", "tag\ufffd filler\ufffd"),
        ("\ud800", "\ufffd"),
        (None, "None"),
        (12, "12"),
        ("a" * 201, "a" * 199 + "…"),
    ],
)
def test_visible(text: object, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "inert"),
    [
        pytest.param("claude-opus-4.6", "claude-opus-4.6", id="names stay readable"),
        pytest.param("chat_panel_ask_mode", "chat_panel_ask_mode", id="so do those with underscores"),
        pytest.param("@mona", f"@{BREAK}mona", id="mention"),
        pytest.param("acme/x#12", f"acme/x&#35;{BREAK}12", id="reference"),
        pytest.param("C# and #a", "C&#35; and &#35;a", id="no reference"),
        pytest.param("GH-12", f"G{BREAK}H-12", id="the other reference"),
        pytest.param("a|b", "a&#124;b", id="table cell"),
        pytest.param("<b>&", "&lt;b&gt;&amp;", id="html"),
        pytest.param("[a](b)", "&#91;a&#93;(b)", id="link"),
        pytest.param("`a`", "&#96;a&#96;", id="code"),
        pytest.param("*a* _a_ ~a~", "&#42;a&#42; &#95;a&#95; &#126;a&#126;", id="emphasis"),
        pytest.param("# a", "&#35; a", id="heading"),
        pytest.param("- a", "&#45; a", id="list"),
        pytest.param("1. a", "1&#46; a", id="numbered list"),
        pytest.param("$a$", "&#36;a&#36;", id="mathematics"),
        pytest.param(":tada:", "&#58;tada:", id="emoji"),
        pytest.param("https://a.example", f"h{BREAK}ttps://a.example", id="bare link"),
        pytest.param("www.a.example", f"w{BREAK}ww.a.example", id="bare link without scheme"),
        pytest.param("JavaScript:a", f"J{BREAK}avaScript:a", id="script"),
        pytest.param("\\", "&#92;", id="backslash"),
        pytest.param("it's", "it’s", id="apostrophe"),
        pytest.param("<!-- copilot-metrics: {} -->", "&lt;!-- copilot-metrics: {} --&gt;", id="our own marker"),
    ],
)
def test_markdown(text: str, inert: str) -> None:
    assert markdown(text) == inert


@settings(deadline=None)
@given(SENTENCES)
def test_markdown__always_inert(text: str) -> None:
    shown = markdown(text)
    assert not re.search(r"[\n\r<>\"'`*|\[\]$\\^]", shown)
    assert not re.search(r"@(?!\u200b)", shown)
    assert not re.search(r"#[0-9]", html_module.unescape(shown))
    assert not re.search(r"(?i)(?<![a-z])(https?|www|javascript)[:.]", shown)
    assert "#" not in re.sub(r"&#\d+;", "", shown)
    # A reader still sees what was written.
    assert html_module.unescape(shown).replace(BREAK, "").translate({0x2018: "'", 0x2019: "'"}) == visible(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("set `seats: none` in `.github/x.yml`", "set `seats: none` in `.github/x.yml`"),
        ("open https://docs.github.com/a?b=c.", "open `https://docs.github.com/a?b=c`."),
        ("`@hubot`, https://a@b.example", f"&#96;@{BREAK}hubot&#96;, h{BREAK}ttps://a@{BREAK}b.example"),
        ("a ` alone, *bold* <b>", "a &#96; alone, &#42;bold&#42; &lt;b&gt;"),
        ("`` ` ``", "&#96;&#96; &#96; &#96;&#96;"),
        ("`a|b`", "<code>a&#124;b</code>"),
    ],
)
def test_message(text: str, shown: str) -> None:
    assert message(text) == shown


@settings(deadline=None)
@given(SENTENCES)
def test_message__always_inert_and_copied_as_written(text: str) -> None:
    shown = message(text)
    outside = re.sub(r"`[^`]+`|</?code>", "", shown)
    assert shown.count("`") % 2 == 0
    assert not re.search(r"[\n\r<>\"'`*|\[\]$\\^]", outside)
    assert not re.search(r"@(?!\u200b)", outside)
    assert not re.search(r"(?i)(?<![a-z])(https?|www|javascript)[:.]", outside)
    assert "|" not in shown
    assert all(BREAK not in code for code in re.findall(r"`([^`]+)`", shown))


@settings(deadline=None)
@given(SENTENCES)
def test_html__always_inert(text: str) -> None:
    assert not re.search(r"[\n\r<>\"']", html(text))
    assert html_module.unescape(html(text)) == visible(text)


@settings(deadline=None)
@given(SENTENCES)
def test_log_line__never_a_command(text: str) -> None:
    shown = log_line(text)
    assert len(shown.splitlines()) <= 1
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown
    assert "SECRET123" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a ghp_0123456789abcdef b", "a *** b"),
        ("github_pat_11ABCDEFG0123456789_abcdefghij", "***"),
        ("ghs_0123456789abcdef", "***"),
        ("Authorization: Bearer abcdefghijklmnop1234", "Authorization: ***"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.sig-nature", "***"),
        ("https://mona:secret@host/path", "https://host/path"),
        ("see https://host/file.json?sig=abc&se=2026 now", "see https://host/file.json?*** now"),
        ("https://host/file.json#part", "https://host/file.json?***"),
        ("https://host/file.json", "https://host/file.json"),
        ("nothing secret: 12 days", "nothing secret: 12 days"),
    ],
)
def test_redact(text: str, shown: str) -> None:
    assert redact(text) == shown


def redactor(*secrets: str) -> Redactor:
    found = Redactor()
    found.add(secrets)
    return found


def test_redactor__known_secrets() -> None:
    assert redactor("tiger", "a", "").line("a tiger in a tank") == "a *** in a tank"
    assert redactor("tiger", "tiger-in-the-tank", "the-tank").page("tiger-in-the-tank") == "***"


def test_redactor__says_what_is_new() -> None:
    one = Redactor()
    assert one.add(["first\n second ", "first", "abc"]) == ("first", "second")
    assert one.add(["second"]) == ()


def test_redactor__tells_of_tokens_alone() -> None:
    one = redactor("organization-name")
    one.add_token("tiger")
    assert (one.holds("a tiger"), one.holds("organization-name"), one.line("tiger")) == (True, False, "***")


PAGES = ["https://github.com/acme/admin/blob/charts/a.png?raw=true", "https://h/issues?q=is%3Aopen&page=2", "a = 1; b"]


@pytest.mark.parametrize("text", PAGES)
def test_redactor__links_of_a_page_stay(text: str) -> None:
    assert Redactor().page(f"[a]({text}) b") == f"[a]({text}) b"


@pytest.mark.parametrize(
    "query",
    [
        "sv=2024-11-04&se=2026-11-21T09%3A00Z&sr=b&sp=r&sig=SECRET%3D",
        "sig=SECRET&se=2026",
        "X-Amz-Algorithm=AWS4&X-Amz-Signature=SECRET",
        "GoogleAccessId=x&Expires=1&Signature=SECRET",
        "x=1&amp;token=SECRET",
    ],
)
def test_redactor__signed_links_of_a_page_do_not(query: str) -> None:
    shown = Redactor().page(f"[a](https://h.example/f.json?{query}) b")
    assert shown == "[a](https://h.example/f.json?***) b"


def test_link_secrets() -> None:
    links = [
        "https://h/a?sig=abc%2Bdefgh&se=2026-11-21T09%3A41%3A18Z&sv=2024-11-04&x=1",
        "https://h/b?sp=r&org=a-rather-long-organization&token=tokentoken&rsct=application%2Foctet-stream",
        "https://h/c?opaque=Zm9vYmFyMTIzNDU2Nzg5MA%3D%3D&hmac=0a1B2c3D4e5F6g7H8i9J",
        "https://[::1",
        "no link",
    ]
    assert link_secrets(links) == (
        "abc%2Bdefgh",
        "abc+defgh",
        "tokentoken",
        "Zm9vYmFyMTIzNDU2Nzg5MA%3D%3D",
        "Zm9vYmFyMTIzNDU2Nzg5MA==",
        "0a1B2c3D4e5F6g7H8i9J",
    )


@pytest.mark.parametrize("sink", [visible, markdown, html, log_line, csv_cell])
def test_every_sink__hides_tokens_and_signed_links(sink: Any) -> None:
    shown = sink("ghp_0123456789abcdef at https://h.example/f?se=2026&sig=SECRET123 and https://h.example/g?raw=1")
    assert "0123456789" not in shown
    assert "SECRET123" not in shown


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("|cmd", "'|cmd"),
        ("%a", "'%a"),
        ("\t=1", "'=1"),
        ("", ""),
        ("typescript", "typescript"),
        ("c#", "c#"),
    ],
)
def test_csv_cell(text: str, cell: str) -> None:
    assert csv_cell(text) == cell
