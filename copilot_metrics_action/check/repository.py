"""The repository: may it hold the data, would a rule stop a commit, can issues be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from msgspec.structs import replace

from copilot_metrics_action import issues, refusals
from copilot_metrics_action.check import rules, tokens
from copilot_metrics_action.check.lines import Line, refused
from copilot_metrics_action.config import Inputs, Settings
from copilot_metrics_action.connect import ISSUES, Clients, check_repository, check_run_page, is_public
from copilot_metrics_action.errors import ActionError, ConfigError
from copilot_metrics_action.github import Client
from copilot_metrics_action.store import WRITE, Branch, Snapshot
from copilot_metrics_action.triage import LABEL

READ: Final = "`permissions: contents: write`"
CONTENTS: Final = WRITE.needs
PEOPLE_PAGE: Final = "repository settings → Collaborators and teams"
MAX_RULESETS: Final = 20


def facts_lines(facts: Mapping[str, Any], inputs: Inputs, settings: Settings) -> list[Line]:
    """What the repository itself says: its kind, its default branch, whether it can be written."""
    what = f"repository {inputs.repository}"
    lines = []
    try:
        check_repository(facts, inputs, settings)
    except ConfigError as error:
        page = "repository settings → General → Danger Zone" if "public" in error.what else ""
        lines.append(replace(Line.of(error), page=page))
    if facts.get("archived"):
        said, remedy = "it is archived, so nothing can be written", "unarchive it, or name another as `repository`"
        lines.append(Line(what, "missing", said, remedy, "", "repository settings → General → Danger Zone"))
    if is_public(facts) and settings.allow_public:
        said = "it is public and `allow-public` is set: everybody can read the figures"
        lines.append(Line(what, "warning", said, "see that nobody minds, or use a private repository"))
    permissions = facts.get("permissions")
    reader = isinstance(permissions, dict) and permissions.get("push") is False
    if reader and inputs.github_token.startswith(tokens.PERSONAL):
        said = "whoever the token belongs to may not write here"
        lines.append(Line("github-token", "missing", said, "give them write access", CONTENTS, PEOPLE_PAGE))
    if not lines:
        lines.append(Line(what, "ok", f"readable, {facts.get('visibility') or 'private'}"))
    return lines


def run_page_lines(inputs: Inputs, client: Client, settings: Settings) -> list[Line]:
    """Whether everybody could read the figures on the page of the run, where it runs in another repository."""
    try:
        check_run_page(client, inputs, settings)
    except ConfigError as error:
        return [Line.of(error)]
    except ActionError as error:
        return [refused(f"repository {inputs.run_repository}", error, READ, refusals.WORKFLOW_PAGE)]
    return []


def branches(inputs: Inputs, clients: Clients, settings: Settings) -> tuple[list[Line], Snapshot | None]:
    """The lines of both branches, and what is stored; None when the data branch cannot be read."""
    data = Branch(clients.repository, inputs.repository, inputs.data_branch)
    lines, stored = _branch(data, "data branch", inputs.data_branch)
    day = inputs.as_of.isoformat()
    scope = inputs.scopes[0].path if inputs.scopes else ""
    message = f"{settings.commit_message_prefix}Copilot metrics to {day}: 1 day added, 0 revised ({scope}) [skip ci]"
    signed = not inputs.github_token.startswith(tokens.PERSONAL)
    if stored is not None:
        target = rules.Target(
            "data-branch", inputs.data_branch, bool(stored.head), message, signed, False, ("json", "md")
        )
        lines += _rules(clients.repository, inputs, target)
    if inputs.charts == "auto":
        charts = Branch(clients.repository, inputs.repository, inputs.charts_branch)
        more, drawn = _branch(charts, "charts branch", inputs.charts_branch)
        lines += more
        if drawn is not None:
            title = f"Charts to {day} [skip ci]"
            target = rules.Target(
                "charts-branch", inputs.charts_branch, bool(drawn.head), title, signed, True, ("png",)
            )
            lines += _rules(clients.repository, inputs, target)
    return [*lines, _unwritten("writing the branches", CONTENTS)], stored


def _unwritten(what: str, needs: str) -> Line:
    said = "only writing shows it, and a check changes nothing"
    return Line(what, "not verified", said, f"give the job {needs}", needs, refusals.WORKFLOW_PAGE)


def _branch(branch: Branch, what: str, name: str) -> tuple[list[Line], Snapshot | None]:
    try:
        found = branch.snapshot()
    except ActionError as error:
        return [refused(f"{what} {name}", error, READ, refusals.WORKFLOW_PAGE)], None
    said = "it is there" if found.head else "not there yet; the first run makes it"
    return [Line(f"{what} {name}", "ok", said)], found


def _rules(client: Client, inputs: Inputs, target: rules.Target) -> list[Line]:
    root = f"/repos/{inputs.repository}"
    name = quote(target.branch, safe="")
    try:
        found = client.get_all(f"{root}/rules/branches/{name}")
        lines = rules.lines(_with_rulesets(client, root, found), target)
        if target.exists and not found:
            lines += _protection(client.get(f"{root}/branches/{name}"), target)
    except ActionError as error:
        said = f"whether a rule would stop a commit cannot be read ({error.what})"
        return [Line(f"rules on {target.branch}", "not verified", said, error.hint)]
    return lines


def _with_rulesets(client: Client, root: str, found: list[Any]) -> list[rules.Rule]:
    """The rules with the names of their rulesets, without those that this token may pass."""
    known: dict[object, Mapping[str, Any]] = {}
    kept: list[rules.Rule] = []
    for rule in (one for one in found if isinstance(one, dict)):
        number = rule.get("ruleset_id")
        if number not in known and isinstance(number, int) and len(known) < MAX_RULESETS:
            answer = client.request("GET", f"{root}/rulesets/{number}", allowed=(403, 404))
            known[number] = answer.data if answer.status == 200 and isinstance(answer.data, dict) else {}
        ruleset = known.get(number, {})
        # "always" and "exempt" let the token of this request past the rule (GitHub's REST page on rulesets).
        if ruleset.get("current_user_can_bypass") not in ("always", "exempt"):
            kept.append({**rule, "name": ruleset.get("name", "")})
    return kept


def _protection(branch: object, target: rules.Target) -> list[Line]:
    if not isinstance(branch, dict) or branch.get("protected") is not True:
        return []
    return [
        Line(
            f"protection of {target.branch}",
            "not verified",
            "a branch protection covers it; what that forbids only an administrator can read",
            f"exclude `{target.branch}` from it",
            "",
            "repository settings → Branches",
        )
    ]


def issue_lines(facts: Mapping[str, Any], inputs: Inputs, clients: Clients, settings: Settings) -> list[Line]:
    """Whether issues, the label, the assignees and the milestone are as a run needs them."""
    if facts.get("has_issues") is False:
        off = refusals.named("issues-off")
        return [Line("issues", "missing", off.cause, off.remedy, ISSUES.needs, off.page)]
    client = clients.repository.needing(ISSUES)
    try:
        found = issues.read(client, inputs.repository)
    except ActionError as error:
        return [refused("issues", error, ISSUES.needs, refusals.WORKFLOW_PAGE)]
    lines = [
        Line("issues", "ok", f"readable, {len(found)} with our label"),
        _label(client, inputs.repository),
        *(_assignee(client, inputs.repository, login) for login in settings.issues.assignees),
        *_milestone(client, inputs.repository, settings.issues.milestone),
    ]
    return [*lines, _unwritten("writing issues", ISSUES.needs)]


def _label(client: Client, repository: str) -> Line:
    what = f"label {LABEL}"
    try:
        answer = client.request("GET", f"/repos/{repository}/labels/{quote(LABEL, safe='')}", allowed=(404,))
    except ActionError as error:
        return refused(what, error, ISSUES.needs)
    return Line(what, "ok", "it is there" if answer.status == 200 else "not there yet; the first issue makes it")


def _assignee(client: Client, repository: str, login: str) -> Line:
    name = login.strip().removeprefix("@")
    what = f"issues.assignees: {name}"
    try:
        answer = client.request("GET", f"/repos/{repository}/assignees/{quote(name, safe='')}", allowed=(404,))
    except ActionError as error:
        return refused(what, error, ISSUES.needs)
    if answer.status < 300:
        return Line(what, "ok", "can be assigned")
    remedy = "check the spelling, or give them write access; until then issues are opened without them"
    return Line(what, "warning", "cannot be assigned here", remedy, "", PEOPLE_PAGE)


def _milestone(client: Client, repository: str, title: str) -> list[Line]:
    if not title:
        return []
    what = f"issues.milestone: {title}"
    try:
        found = client.get_all(f"/repos/{repository}/milestones", {"state": "all"})
    except ActionError as error:
        return [refused(what, error, ISSUES.needs)]
    state = next((one.get("state") for one in found if isinstance(one, dict) and one.get("title") == title), None)
    if state == "closed":
        return [Line(what, "warning", "it is closed; issues are opened without it", "open it, or name another one")]
    return [Line(what, "ok", "it is there" if state else "not there yet; the first issue makes it")]
