"""The one escaper, the one log neutraliser and the one redactor.

Logins, team, language, model and feature names, error messages and paths come from outside: they are
data, and pass through here on their way into Markdown, HTML, a chart, the log or a table of figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from threading import Lock
from urllib.parse import unquote, urlsplit

# Bidirectional controls reorder what a person reads (CVE-2021-42574); C0/C1 controls move terminals;
# U+2028/9 end lines in places that do not expect it; U+FEFF and U+200B..U+200F are invisible; so are fillers
# and the tags from U+E0000 on, in which whole sentences for a language model were hidden ("ASCII smuggling", 2024).
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]|[\ud800-\udfff]"
)
# What can start markup where it stands; names such as `claude-opus-4.6` or `chat_panel_ask_mode` stay readable.
_MARKUP = re.compile(r"[\\`*\[\]#~|$^]|:(?=[\w+-]+:)|(?<!\w)_|_(?!\w)|^[-+=]|^(\d+)[.)](?=\s|$)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_WORD_BREAK = "\u200b"  # keeps mentions, references and bare links from being made of plain text
# GitHub makes references of what Markdown has become, so an entity is no help (mojombo/github-flavored-markdown#61).
_REFERENCE = re.compile(r"#(?=[0-9])")
_LINKS = re.compile(r"(?i)(?<![a-z])(https?|ftp|mailto|www|data|javascript)(?=[:.])|(?<![a-z])(gh-)(?=\d)")

_COPIED = re.compile(r"`([^`@]*[^`@\s][^`@]*)`|((?i:https?|ftp)://[^\s`@'\"<>]*[\w/])(?![^\s`]*@)")

_TOKENS = re.compile(
    r"gh[pousr]_[A-Za-z0-9_.-]{10,}|github_pat_[A-Za-z0-9_]{20,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
)
_HEADERS = re.compile(r"(?i:bearer|token|basic)\s+[A-Za-z0-9._~+/=-]{16,}")
_QUERY = re.compile(r"(https?://[^\s?#'\"<>]+)[?#][^\s'\"<>]*", re.IGNORECASE)
_USERINFO = re.compile(r"(https?://)[^\s/@'\"<>]+@", re.IGNORECASE)
# A link that opens something by itself. Of Azure, Amazon and Google, and of GitHub's archives.
_SIGNED = re.compile(
    r"(https?://[^\s?#'\"<>()]+)\?(?:[^\s'\"<>()#]*&(?:amp;)?)?"
    r"(?:sig|signature|token|jwt|access_token|x-amz-[a-z-]+|x-goog-[a-z-]+)=[^\s'\"<>()]*",
    re.IGNORECASE,
)
HIDDEN = "***"
SECRET_CHARACTERS = 4  # shorter ones stand in half of all words
# What of a link is a secret by its name, and what by its looks: long, of capitals, small letters and digits. Not every
# long value: one that is the name of an organization would be hidden on every page.
_NAMED = re.compile(r"sig|skoid|sktid|.*token|.*signature|.*credential|jwt|key", re.IGNORECASE)
_RANDOM = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+/=_.~-]{20,}")

LENGTH = 200


def visible(text: object, length: int = LENGTH) -> str:
    """The text with nothing invisible and no token in it, on one line, at most `length` characters."""
    shown = _INVISIBLE.sub(lambda match: " " if match[0] in "\t\r\n\u2028\u2029" else "\ufffd", unsigned(str(text)))
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
    shown = _REFERENCE.sub("#" + _WORD_BREAK, shown.replace("@", "@" + _WORD_BREAK))
    return _MARKUP.sub(lambda match: (match[1] or "") + f"&#{ord(match[0][-1])};", _entities(shown))


def _entities(text: str) -> str:
    # `#`, `&` and `;` of an entity must not be escaped again, so markup is turned into entities afterwards and
    # these five are put in with names that hold no markup character but their own.
    shown = "".join(_ENTITIES.get(character, character) for character in text)
    return re.sub(r"(?<![\w;)])&#39;(?=\w)", "‘", shown).replace("&#39;", "’")


def html(text: object, length: int = LENGTH) -> str:
    """Text from outside as the value of an HTML attribute or element."""
    return "".join(_ENTITIES.get(character, character) for character in visible(text, length))


def log_line(text: object) -> str:
    """Text as one line of a log that the runner reads no command from."""
    shown = _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", redact(str(text)))
    return shown.replace("::", ":\\u200b:").replace("##[", "#\\u200b#[")


def redact(text: str) -> str:
    """The text without tokens and without the query of any link: a signed link is a secret."""
    text = _HEADERS.sub(HIDDEN, _TOKENS.sub(HIDDEN, text))
    text = _USERINFO.sub(r"\1", text)
    return _QUERY.sub(rf"\1?{HIDDEN}", text)


def unsigned(text: str) -> str:
    """The text without tokens and without the query of signed links; other links stay."""
    text = _TOKENS.sub(HIDDEN, text)
    return _SIGNED.sub(rf"\1?{HIDDEN}", text) if "://" in text else text


class Redactor:
    """The one redactor of a run: it knows the run's secrets, and all that leaves the process passes through it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._secrets: tuple[str, ...] = ()
        self._tokens: tuple[str, ...] = ()

    def add_token(self, token: str) -> None:
        """Takes a token, which is hidden and of which `holds` tells."""
        self.add([token])
        self._tokens = (*self._tokens, token) if len(token) >= SECRET_CHARACTERS else self._tokens

    def add(self, secrets: Iterable[str]) -> tuple[str, ...]:
        """Takes values to hide from here on, line by line; those that are new."""
        lines = dict.fromkeys(line.strip() for secret in secrets for line in secret.splitlines())
        with self._lock:
            known = set(self._secrets)
            new = tuple(line for line in lines if len(line) >= SECRET_CHARACTERS and line not in known)
            # Longest first: none that is part of another leaves the rest of that behind.
            self._secrets = tuple(sorted((*self._secrets, *new), key=len, reverse=True)) if new else self._secrets
        return new

    def line(self, text: object) -> str:
        """Text for a log or a message: no secret, no token, no query of any link."""
        return redact(self._known(str(text)))

    def page(self, text: str) -> str:
        """Text for a page, an issue, a file or an output: no secret, no token, no signed link; other links stay."""
        return unsigned(_USERINFO.sub(r"\1", self._known(text)))

    def holds(self, text: str) -> bool:
        """Whether a token of this run stands in a text."""
        return any(token in text for token in self._tokens)

    def _known(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def link_secrets(links: Iterable[str]) -> tuple[str, ...]:
    """What of signed links must be hidden, as it is and decoded: signatures, and what looks like one."""
    found: list[str] = []
    for link in links:
        try:
            query = urlsplit(link).query
        except ValueError:
            continue
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            if (len(value) >= 6 and _NAMED.fullmatch(name)) or _RANDOM.fullmatch(unquote(value)):
                found += [value, unquote(value)]
    return tuple(dict.fromkeys(found))


def csv_cell(text: object) -> str:
    """Text that no spreadsheet takes for a formula (CWE-1236), full-width signs of East Asian keyboards included."""
    shown = visible(text, 1000)
    return "'" + shown if shown[:1] in tuple("=+-@|%＝＋－＠") else shown
