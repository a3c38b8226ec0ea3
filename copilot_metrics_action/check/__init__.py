"""`mode: check`: asks everything a run would ask, changes nothing, and says what is missing.

Every question becomes a line, whatever the others came to: an administrator mends all of it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from copilot_metrics_action.check import configuration, repository, scopes, tokens
from copilot_metrics_action.check.lines import MISTAKE, Line, as_json, refused, table, verdict, worst
from copilot_metrics_action.config import Inputs, Settings
from copilot_metrics_action.connect import Clients, repository_facts
from copilot_metrics_action.errors import ActionError
from copilot_metrics_action.github import Patience
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.refusals import WORKFLOW_PAGE, passing
from copilot_metrics_action.runner import NO_OUTPUTS, Runner
from copilot_metrics_action.store import Snapshot

__all__ = ["Line", "as_json", "check", "explain", "survey"]

Machine = Callable[[str], None]


def check(inputs: Inputs, runner: Runner, machine: Machine | None = None) -> int:
    """Writes the table into the summary and the log; 1 when something is missing.

    machine  also gets the lines as a JSON list
    """
    lines = survey(inputs, runner)
    for line in lines:
        runner.log(f"{line.state:13} {line}")
    for line in lines:
        if line.state == "missing":
            runner.annotate("error", str(line))
    for line in lines:
        if line.state == "warning":
            runner.annotate("warning", str(line))
    runner.write_summary(f"## {verdict(lines)}\n\n{table(lines)}\nNothing was changed.\n")
    runner.set_outputs(NO_OUTPUTS)
    if machine is not None:
        machine(as_json(lines))
    missing = [line for line in lines if line.state == "missing"]
    # A mistake in the inputs or the configuration fails the step always.
    mistaken = any(line.kind == MISTAKE for line in missing)
    return 1 if mistaken or (missing and inputs.fail_on != "never") else 0


def explain(inputs: Inputs, runner: Runner, errors: Sequence[str], patience: Patience | None = None) -> str:
    """What a check says about a run that failed, as Markdown; empty when it has nothing to add.

    patience  what the run has left of it
    Nothing is asked when GitHub itself was in trouble, which it would only make worse, or the time of the run is over.
    """
    if not errors or any(map(passing, errors)) or (patience is not None and not patience.left):
        return ""
    told = worst(survey(inputs, runner, patience))
    return f"\n### What a check says\n\n{table(told)}" if told else ""


def survey(inputs: Inputs, runner: Runner, patience: Patience | None = None) -> tuple[Line, ...]:
    """Every question a run would ask, each with its answer; what explains several of them stands first."""
    try:
        clients = Clients(inputs, runner, patience or Patience())
    except ActionError as error:
        return (Line.of(error),)
    lines, facts = _facts(inputs, clients)
    client = clients.repository if facts is not None else None
    more, settings = configuration.read(inputs, client)
    lines += more
    stored = None
    if facts is not None:
        lines += repository.facts_lines(facts, inputs, settings or Settings())
        lines += repository.run_page_lines(inputs, clients.repository, settings or Settings())
        lines += configuration.templates(inputs, client)
        more, stored = repository.branches(inputs, clients, settings or Settings())
        lines += more
        if inputs.issues:
            lines += repository.issue_lines(facts, inputs, clients, settings or Settings())
    for scope in inputs.scopes:
        source = clients.source(scope, settings or Settings(), runner)
        lines += scopes.lines(scope, source, settings or Settings(), inputs.as_of, _newest(stored, scope))
    return (*_mixed_up(inputs, lines), *lines, *_tokens(inputs, clients))


def _facts(inputs: Inputs, clients: Clients) -> tuple[list[Line], Mapping[str, Any] | None]:
    try:
        return [], repository_facts(clients.repository, inputs)
    except ActionError as error:
        return [refused(f"repository {inputs.repository}", error, repository.READ, WORKFLOW_PAGE)], None


def _newest(stored: Snapshot | None, scope: Scope) -> str:
    """The newest stored day of a scope; empty when nothing is stored, or it cannot be read."""
    try:
        years = sorted(stored.names(f"{scope.path}/days")) if stored is not None else []
        names = sorted(stored.names(f"{scope.path}/days/{years[-1]}")) if stored is not None and years else []
    except ActionError:
        return ""
    return names[-1].removesuffix(".json") if names else ""


def _tokens(inputs: Inputs, clients: Clients) -> list[Line]:
    """The lines of each Copilot token, once however many scopes it reads."""
    readers: dict[str, list[Scope]] = {}
    for scope in inputs.scopes:
        readers.setdefault(inputs.tokens.of(scope), []).append(scope)
    lines = []
    for token, served in readers.items():
        what = "copilot-token" if len(readers) == 1 else f"copilot-token of {', '.join(map(str, served))}"
        seen = clients.copilot(served[0]).token_seen
        lines += tokens.look(what, token, seen, {scope.kind for scope in served}, inputs.as_of)
    seen = clients.repository.token_seen
    ends = tokens.ending("github-token", seen, inputs.as_of)
    return lines + ([ends] if ends is not None and ends.state != "ok" else [])


def _mixed_up(inputs: Inputs, lines: Sequence[Line]) -> list[Line]:
    """A hint when the two tokens stand in each other's place, or are one and the same."""
    repository_refused = any(
        line.what.startswith("repository ") and line.kind in ("not-found", "permission", "bad-credentials", "forbidden")
        for line in lines
    )
    reports = [line for line in lines if line.what.endswith(" reports")]
    integration = bool(reports) and all(line.kind == "permission" for line in reports)
    if repository_refused and integration:
        said = "the two tokens look swapped: each is refused where the other belongs"
        remedy = "give the token that reads Copilot as `copilot-token`, and leave `github-token` out"
        return [Line("copilot-token and github-token", "warning", said, remedy)]
    if integration and inputs.github_token in inputs.tokens.all():
        said = "both are the workflow's own token, which can never read the Copilot metrics"
        remedy = "store a token that may as a secret, and pass that as `copilot-token`"
        return [Line("copilot-token and github-token", "warning", said, remedy, "", tokens.PAGE)]
    return []
