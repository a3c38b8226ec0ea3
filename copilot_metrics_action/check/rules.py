"""Which rules of a repository would stop a commit of ours. Nothing is asked here: rules in, lines out.

The types and their parameters are those of GitHub's REST page on repository rules (API version 2026-03-10).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from copilot_metrics_action.check.lines import Line, State

Rule = Mapping[str, Any]
# What a commit of ours never meets: it has one parent, and no branch is deleted.
HARMLESS: Final = frozenset({"required_linear_history", "deletion", "tag_name_pattern", "copilot_code_review"})
STOPS: Final = {
    "update": "nobody may update the branch",
    "pull_request": "changes must come through a pull request",
    "required_status_checks": "status checks must have passed before a push",
    "required_deployments": "a deployment must have succeeded before a push",
    "workflows": "required workflows must have passed before a push",
    "merge_queue": "changes must come through a merge queue",
    "code_scanning": "code scanning must have passed before a push",
    "code_quality": "code quality must have passed before a push",
}
_TESTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": str.__contains__,
}


class Target(Struct, frozen=True):
    """The branch, and what would be written to it.

    message     a commit's message as ours are
    signed      whether GitHub signs our commits: those of the workflow's token or of an App
    forced      whether its one commit is replaced (the charts), or another is added (the data)
    extensions  of the files that are written
    """

    input: str
    branch: str
    exists: bool
    message: str
    signed: bool
    forced: bool
    extensions: tuple[str, ...]


def judge(rule: Rule, target: Target) -> tuple[State, str, str]:
    """What a rule does to a commit of ours: a state, what it says, and what to do about it."""
    kind, parameters = str(rule.get("type")), rule.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    exclude = f"exclude `{target.branch}` from the rule, or put the App of `github-token` on its bypass list"
    if kind in HARMLESS:
        return "ok", "it stops nothing that is done here", ""
    if kind in STOPS:
        return "missing", STOPS[kind], exclude
    if kind == "creation" and not target.exists:
        return "missing", "nobody may create the branch", exclude
    if kind == "creation":
        return "ok", "the branch is there already", ""
    if kind == "required_signatures" and not target.signed:
        hint = "use the workflow's own token, whose commits GitHub signs"
        return "missing", "commits must be signed, and those of a personal token are not", hint
    if kind == "required_signatures":
        return "ok", "GitHub signs these commits", ""
    if kind == "non_fast_forward":
        if not target.forced:
            return "ok", "nothing is forced here", ""
        return "note", "the charts cannot be replaced, so a commit is added each day and the branch grows", exclude
    if kind == "commit_message_pattern":
        hint = "set `commit-message-prefix` so that it matches" if not target.forced else exclude
        return _pattern(parameters, target.message, f"the message `{target.message}`", hint)
    if kind == "branch_name_pattern":
        return _pattern(parameters, target.branch, "the branch's name", f"choose another `{target.input}`")
    if kind in ("commit_author_email_pattern", "committer_email_pattern"):
        return "not verified", f"who wrote a commit must match {_shown(parameters)}", exclude
    if kind == "file_extension_restriction":
        return _extensions(parameters, target, exclude)
    return "not verified", f"whether it stops a commit is not known to this release{_listed(parameters)}", exclude


def lines(rules: list[Rule], target: Target) -> list[Line]:
    """One line a rule, and one for all those that stop nothing."""
    found = []
    for rule in rules:
        state, said, remedy = judge(rule, target)
        if state == "ok":
            continue
        name = str(rule.get("type")).replace("_", " ")
        source = str(rule.get("ruleset_source") or "")
        named = f" ({rule['name']})" if rule.get("name") else ""
        found.append(
            Line(f"rule '{name}' on {target.branch}", state, f"{said}{named}", remedy, "", _page(rule, source))
        )
    harmless = len(rules) - len(found)
    if harmless or not rules:
        said = _harmless(harmless) if rules else "no rule applies"
        found.append(Line(f"rules on {target.branch}", "ok", said))
    return found


def _harmless(number: int) -> str:
    return "1 rule applies and stops nothing" if number == 1 else f"{number} rules apply and stop nothing"


def _page(rule: Rule, source: str) -> str:
    if rule.get("ruleset_source_type") == "Repository":
        return "repository settings → Rules → Rulesets"
    return (
        f"settings of {source} → Repository → Rulesets" if source else "organization settings → Repository → Rulesets"
    )


def _pattern(parameters: Mapping[str, Any], text: str, what: str, hint: str) -> tuple[State, str, str]:
    operator, pattern = str(parameters.get("operator")), str(parameters.get("pattern"))
    if operator == "regex":
        try:
            found = re.search(pattern, text) is not None
        except re.error:
            return "not verified", f"{what} must match {_shown(parameters)}", hint
    elif operator in _TESTS:
        found = _TESTS[operator](text, pattern)
    else:
        return "not verified", f"{what} must match {_shown(parameters)}", hint
    if found != bool(parameters.get("negate")):
        return "ok", f"{what} matches", ""
    return "missing", f"{what} does not match {_shown(parameters)}", hint


def _shown(parameters: Mapping[str, Any]) -> str:
    negated = "not " if parameters.get("negate") else ""
    return f"{negated}{str(parameters.get('operator', '')).replace('_', ' ')} '{parameters.get('pattern', '')}'"


def _extensions(parameters: Mapping[str, Any], target: Target, hint: str) -> tuple[State, str, str]:
    given = parameters.get("restricted_file_extensions")
    restricted = {str(one).lower().removeprefix("*").lstrip(".") for one in (given if isinstance(given, list) else ())}
    hit = [one for one in target.extensions if one in restricted]
    if not hit:
        return "ok", "other files than ours", ""
    return "missing", f"files ending in .{', .'.join(hit)} are refused", hint


def _listed(parameters: Mapping[str, Any]) -> str:
    return f" ({', '.join(map(str, parameters))})" if parameters else ""
