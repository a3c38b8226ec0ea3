"""What the answers say about a token: its kind, its scopes, its end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

from copilot_metrics_action.check.lines import Line
from copilot_metrics_action.github import TokenSeen

SOON_DAYS: Final = 14
# docs.github.com: "About authentication to GitHub", token formats.
KINDS: Final = {
    "ghp_": "classic token",
    "github_pat_": "fine-grained token",
    "ghs_": "token of a GitHub App or of the workflow",
    "ghu_": "token of a person through a GitHub App",
    "gho_": "token of an OAuth app",
}
PERSONAL: Final = ("ghp_", "github_pat_", "ghu_", "gho_")
# What the endpoints take, each enough by itself (GitHub's REST pages on Copilot metrics and on seats).
SCOPES: Final = {
    "organizations": ("read:org", "manage_billing:copilot"),
    "enterprises": ("read:enterprise", "manage_billing:copilot"),
}
# docs.github.com: "Scopes for OAuth apps", which scope holds which.
HOLDS: Final = {
    "admin:org": ("read:org",),
    "write:org": ("read:org",),
    "admin:enterprise": ("read:enterprise",),
}
PAGE: Final = "your settings → Developer settings → Personal access tokens"


def kind_of(token: str) -> str:
    return next((words for prefix, words in KINDS.items() if token.startswith(prefix)), "token")


def look(what: str, token: str, seen: TokenSeen, kinds: Collection[str], as_of: date) -> list[Line]:
    """The lines about one Copilot token; `kinds` are those of the scopes that it reads."""
    lines = [_scopes(what, token, seen, kinds)]
    ends = ending(what, seen, as_of)
    return lines if ends is None else [*lines, ends]


def ending(what: str, seen: TokenSeen, as_of: date) -> Line | None:
    """When a token ends; None when it does not, or GitHub does not tell."""
    ends = _end_of(seen.expires)
    if ends is None:
        return None
    left = (ends - as_of).days
    said = f"it ends on {ends.day} {ends:%b %Y}, {_in_days(left)}"
    if left > SOON_DAYS:
        return Line(what, "ok", said)
    return Line(what, "warning", said, "make a new one and update the secret before then", "", PAGE)


def _scopes(what: str, token: str, seen: TokenSeen, kinds: Collection[str]) -> Line:
    kind = kind_of(token)
    if seen.scopes is None:
        # Only classic tokens and those of OAuth apps tell their scopes.
        return Line(what, "not verified", f"a {kind}; GitHub does not tell what else it may do")
    wanted = [scope for kind in sorted(kinds) for scope in SCOPES[kind]]
    more = [scope for scope in seen.scopes if scope not in wanted]
    needs = ", ".join(dict.fromkeys(f"`{SCOPES[kind][0]}`" for kind in sorted(kinds)))
    held = {*seen.scopes, *(inner for scope in seen.scopes for inner in HOLDS.get(scope, ()))}
    if not held & set(wanted):
        has = ", ".join(seen.scopes) or "none at all"
        return Line(what, "warning", f"a {kind} with the scopes: {has}", f"give it {needs}", needs, PAGE)
    if more:
        said = f"a {kind} that may do more than it needs: {', '.join(more)}"
        return Line(what, "warning", said, f"make one with {needs} alone, and revoke this one", needs, PAGE)
    return Line(what, "ok", f"a {kind} with the scopes: {', '.join(seen.scopes)}")


def _end_of(text: str) -> date | None:
    """The day of `2026-12-05 10:00:00 UTC` or `… -0500`; None for no end, or another form."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _in_days(left: int) -> str:
    return "today" if left <= 0 else "tomorrow" if left == 1 else f"in {left} days"
