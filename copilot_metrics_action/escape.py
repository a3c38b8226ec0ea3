"""The one escaper, the one log neutraliser and the one redactor.

Logins, team, language, model and feature names, error messages and paths come from outside: they are
data, and pass through here on their way into Markdown, HTML, a chart, the log or a table of figures.
"""

from __future__ import annotations

import re

# Bidirectional controls reorder what a person reads (CVE-2021-42574); C0/C1 controls move terminals;
# U+2028/9 end lines in places that do not expect it; U+FEFF and U+200B..U+200F are invisible.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udfff]"
)
# What can start markup where it stands; names such as `claude-opus-4.6` or `chat_panel_ask_mode` stay readable.
_MARKUP = re.compile(r"[\\`*\[\]#~|$^]|:(?=[\w+-]+:)|(?<!\w)_|_(?!\w)|^[-+=]|^(\d+)[.)](?=\s|$)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_WORD_BREAK = "\u200b"  # keeps mentions, references and bare links from being made of plain text
_LINKS = re.compile(r"(?i)(?<![a-z])(https?|ftp|mailto|www|data|javascript)(?=[:.])|(?<![a-z])(gh-)(?=\d)")

_COPIED = re.compile(r"`([^`@]*[^`@\s][^`@]*)`|((?i:https?|ftp)://[^\s`@'\"<>]*[\w/])(?![^\s`]*@)")

_TOKENS = re.compile(
    r"(?:gh[pousr]_[A-Za-z0-9]{10,}|github_pat_[A-Za-z0-9_]{20,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    r"|(?i:bearer|token|basic)\s+[A-Za-z0-9._~+/=-]{16,})"
)
_QUERY = re.compile(r"(https?://[^\s?#'\"<>]+)[?#][^\s'\"<>]*", re.IGNORECASE)
_USERINFO = re.compile(r"(https?://)[^\s/@'\"<>]+@", re.IGNORECASE)
HIDDEN = "***"

LENGTH = 200


def visible(text: object, length: int = LENGTH) -> str:
    """The text with nothing invisible in it, on one line, at most `length` characters."""
    shown = _INVISIBLE.sub(lambda match: " " if match[0] in "\t\r\n\u2028\u2029" else "\ufffd", str(text))
    shown = " ".join(shown.split())
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def markdown(text: object, length: int = LENGTH) -> str:
    """Text from outside as inert Markdown: safe in a paragraph, a heading, a table cell, a link's text and HTML."""
    return _inert(visible(text, length))


def message(text: object, length: int = LENGTH) -> str:
    """A sentence of ours with names from outside in it, as inert Markdown that can be copied.

    Addresses and what stands in backticks become code: nothing is made of them there, so nothing invisible has to be
    put in.
    """
    shown, parts, done = visible(text, length), [], 0
    for match in _COPIED.finditer(shown):
        parts += [_inert(shown[done : match.start()]), _code(match[1] or match[2])]
        done = match.end()
    return "".join([*parts, _inert(shown[done:])])


def _code(text: str) -> str:
    # A bar would end the cell of a table, in code as well.
    return f"<code>{_inert(text)}</code>" if "|" in text else f"`{text}`"


def _inert(text: str) -> str:
    shown = _LINKS.sub(lambda match: match[0][:1] + _WORD_BREAK + match[0][1:], text)
    shown = shown.replace("@", "@" + _WORD_BREAK)
    return _MARKUP.sub(lambda match: (match[1] or "") + f"&#{ord(match[0][-1])};", _entities(shown))


def _entities(text: str) -> str:
    # `#`, `&` and `;` of an entity must not be escaped again, so markup is turned into entities afterwards and
    # these five are put in with names that hold no markup character but their own.
    return "".join(_ENTITIES.get(character, character) for character in text).replace("&#39;", "’")


def html(text: object, length: int = LENGTH) -> str:
    """Text from outside as the value of an HTML attribute or element."""
    return "".join(_ENTITIES.get(character, character) for character in visible(text, length))


def log_line(text: object) -> str:
    """Text as one line of a log that the runner reads no command from."""
    shown = _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", redact(str(text)))
    return shown.replace("::", ":\\u200b:").replace("##[", "#\\u200b#[")


def redact(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text without tokens and without the query of any link: a signed link is a secret."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, HIDDEN)
    text = _TOKENS.sub(HIDDEN, text)
    text = _USERINFO.sub(r"\1", text)
    return _QUERY.sub(rf"\1?{HIDDEN}", text)


def csv_cell(text: object) -> str:
    """Text that no spreadsheet takes for a formula (CWE-1236), full-width signs of East Asian keyboards included."""
    shown = visible(text, 1000)
    return "'" + shown if shown[:1] in tuple("=+-@|%＝＋－＠") else shown
