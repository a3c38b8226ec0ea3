"""The summary as GitHub would show it: one HTML page that needs nothing else, for a browser or an artifact.

The Markdown library is imported when a page is made: most runs need none.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from html import escape, unescape

ALERTS: Mapping[str, str] = {
    "NOTE": "Note",
    "TIP": "Tip",
    "IMPORTANT": "Important",
    "WARNING": "Warning",
    "CAUTION": "Caution",
}
_ALERT = re.compile(rf"<blockquote>\s*<p>\[!({'|'.join(ALERTS)})\]\s*(.*?)</blockquote>", re.DOTALL)
_TASK = re.compile(r"<li>(\s*<p>)?\[([ xX])\] ")
_PICTURE = re.compile(r"<picture>.*?</picture>", re.DOTALL)
_SOURCE = re.compile(r'\b(src|srcset)="([^"]*)"')
_ALT = re.compile(r'\balt="([^"]*)"')
_IMAGE = re.compile(r"<img\b[^>]*>")

# Colours follow GitHub's own pages; everything else is plain. A table wider than the page scrolls in itself.
STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1f2328; --muted: #59636e; --rule: #d1d9e0;
  --shade: #f6f8fa; --code: #818b981f; --link: #0969da; --note: #0969da; --tip: #1a7f37; --important: #8250df;
  --warning: #9a6700; --caution: #d1242f; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #f0f6fc; --muted: #9198a1; --rule: #3d444d;
  --shade: #151b23; --code: #656c7633; --link: #4493f8; --note: #4493f8; --tip: #3fb950; --important: #ab7df8;
  --warning: #d29922; --caution: #f85149; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
  font: 16px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 24px 32px 64px; }
h1, h2, h3, h4 { margin: 24px 0 16px; line-height: 1.25; font-weight: 600; }
h1 { font-size: 2em; } h2 { font-size: 1.5em; } h3 { font-size: 1.25em; } h4 { font-size: 1em; }
h1, h2 { padding-bottom: .3em; border-bottom: 1px solid var(--rule); }
main > :first-child { margin-top: 0; }
p, ul, ol, table, pre, details, blockquote, .alert { margin: 0 0 16px; }
a { color: var(--link); text-decoration: underline; text-underline-offset: .2rem; }
img { max-width: 100%; height: auto; vertical-align: middle; }
hr { height: 1px; border: 0; margin: 24px 0; background: var(--rule); }
table { display: block; width: max-content; max-width: 100%; overflow-x: auto; border-collapse: collapse; }
th, td { padding: 6px 13px; border: 1px solid var(--rule); }
th { font-weight: 600; }
tbody tr:nth-child(2n) { background: var(--shade); }
code, pre { font-family: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { padding: .2em .4em; font-size: 85%; background: var(--code); border-radius: 6px; white-space: break-spaces; }
td code { white-space: nowrap; }
pre { padding: 16px; overflow: auto; background: var(--shade); border-radius: 6px; font-size: 85%; }
pre code { padding: 0; background: none; white-space: pre; font-size: 100%; }
summary { cursor: pointer; }
details[open] > summary { margin-bottom: 12px; }
blockquote, .alert { padding: 0 1em; color: var(--muted); border-left: .25em solid var(--rule); }
.alert { padding: 8px 16px; color: inherit; border-left-color: var(--tone); }
.alert > :last-child { margin-bottom: 0; }
.alert-title { margin-bottom: 8px; color: var(--tone); font-weight: 500; }
ul, ol { padding-left: 2em; } li + li { margin-top: .25em; }
li.task { list-style: none; } li.task input { margin: 0 .4em .2em -1.4em; vertical-align: middle; }
sub { position: relative; bottom: -.25em; font-size: 75%; line-height: 0; vertical-align: baseline; }
@media (max-width: 600px) { main { padding: 16px 16px 48px; } td code { white-space: break-spaces; } }
@media print { details > * { display: block; } a { color: inherit; } }
"""


def html(summary_markdown: str, figures_by_url: Mapping[str, bytes], title: str = "Copilot adoption") -> str:
    """The summary as one page in both themes; it loads nothing and runs no script.

    figures_by_url  PNG bytes by the address that the Markdown has for them; a picture that is not among them is
                    replaced by its words, since nothing would load it
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    body = str(reader.render(summary_markdown))
    body = _ALERT.sub(lambda match: _alert(match[1], match[2]), body)
    body = _TASK.sub(lambda match: _task(match[1] or "", match[2] != " "), body)
    addresses = {url: f"data:image/png;base64,{base64.b64encode(png).decode()}" for url, png in figures_by_url.items()}
    body = _PICTURE.sub(lambda match: _inlined(match[0], addresses), body)
    body = _IMAGE.sub(lambda match: _inlined(match[0], addresses), body)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _alert(kind: str, body: str) -> str:
    return (
        f'<div class="alert" style="--tone: var(--{kind.lower()})">'
        f'<p class="alert-title">{ALERTS[kind]}</p>\n<p>{body.strip()}</div>'
    )


def _task(paragraph: str, ticked: bool) -> str:
    return f'<li class="task">{paragraph}<input type="checkbox" disabled{" checked" if ticked else ""}>'


def _inlined(markup: str, addresses: Mapping[str, str]) -> str:
    """A picture with its bytes in it, or its words."""
    wanted = [unescape(url) for _, url in _SOURCE.findall(markup)]
    if all(url in addresses or url.startswith("data:image/png;") for url in wanted):
        return _SOURCE.sub(lambda match: f'{match[1]}="{addresses.get(unescape(match[2]), match[2])}"', markup)
    words = _ALT.search(markup)
    return f"<em>{words[1]}</em>" if words else ""
