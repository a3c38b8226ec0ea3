"""The symptoms: what each means, GitHub's guidance for it, and its rule. Issues, summary and docs read this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from copilot_metrics_action.symptoms.reports import reports_stopped
from copilot_metrics_action.symptoms.scene import Reading
from copilot_metrics_action.symptoms.shares import (
    low_acceptance,
    low_active_users,
    low_agent_usage,
    low_feature_variety,
    no_agent_usage,
)
from copilot_metrics_action.symptoms.usage import falling_usage, flat_usage

DOCS = "https://docs.github.com/en/copilot"
TRACK = f"{DOCS}/tutorials/roll-out-at-scale/assign-licenses/track-usage-and-adoption"
REMIND = f"{DOCS}/tutorials/roll-out-at-scale/assign-licenses/remind-inactive-users"
DRIVE = f"{DOCS}/tutorials/roll-out-at-scale/enable-developers/drive-adoption"
AGENTS = f"{DOCS}/tutorials/roll-out-at-scale/enable-developers/integrate-ai-agents"
AGENT_TEAMS = f"{DOCS}/tutorials/roll-out-at-scale/enable-developers/drive-team-agentic-adoption"
RECONCILE = f"{DOCS}/reference/copilot-usage-metrics/reconciling-usage-metrics"
PRACTICES = f"{DOCS}/get-started/best-practices"
HEALTHY_ACTIVATION = (0.60, 0.80)  # "60-80 % of assigned users showing activity within the first month" (TRACK)
EARLY_AGENTS = (0.05, 0.10)  # "even small agent adoption (5-10 %) early on is a positive signal" (TRACK)
TELEMETRY = "First rule out that telemetry was switched off in the IDEs: without it, use is not counted"


@dataclass(frozen=True)
class Remedy:
    """One next step in one line, with the page of GitHub that it follows."""

    step: str
    link: str = ""


@dataclass(frozen=True)
class Symptom:
    """One entry of the catalogue.

    field     its settings in `Thresholds`
    well      the headline while it is absent, in a few words
    title     as the heading of an issue goes on: "acme: daily Copilot use is flat"
    meaning   what it means, for the person who reads the issue
    cause     why this may be
    remedies  what to do, the most useful first
    link      the page of GitHub that names the symptom or its figure
    chart     the name of the chart that shows it
    function  its rule
    """

    id: str
    field: str
    well: str
    title: str
    meaning: str
    cause: str
    remedies: tuple[Remedy, ...]
    link: str
    chart: str
    function: Callable[[Any, Any], Reading]


SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        "reports-stopped",
        "reports_stopped",
        "reports arrive",
        "no new Copilot reports",
        "The newest report is more than a week old, so nothing here tells how Copilot is used today.",
        "The token has expired or lost a permission, the usage metrics policy was switched off, or GitHub is late.",
        (
            Remedy("Open the newest run of the workflow and mend the first error it names, most often the token"),
            Remedy("Check that the policy “Copilot usage metrics” is enabled for the scope", TRACK),
            Remedy("Check GitHub's status page for delays of Copilot reports", "https://www.githubstatus.com"),
        ),
        RECONCILE,
        "active-users",
        reports_stopped,
    ),
    Symptom(
        "falling-usage",
        "falling_usage",
        "daily use is not falling",
        "daily Copilot use is falling",
        "Fewer people use Copilot on working days than weeks ago, by more than holidays and chance explain.",
        "People meet something that does not work for them, another tool took its place, or clients stopped reporting.",
        (
            Remedy(TELEMETRY, RECONCILE),
            Remedy("Ask the teams that lost most what gets in the way, for instance in a retrospective", DRIVE),
            Remedy("Check what changed when it began: policies, the network or proxy, seats, IDE versions", DRIVE),
        ),
        TRACK,
        "active-users",
        falling_usage,
    ),
    Symptom(
        "low-active-users",
        "low_active_users",
        "most seats are used",
        "many Copilot seats are unused",
        "Fewer than 60 % of the people whose seat is older than four weeks used Copilot in the last 28 days.",
        "People have not activated their seat, or Copilot is not set up in their IDE.",
        (
            Remedy(
                "Send the onboarding material again, or hold a short session where everybody checks the set-up", TRACK
            ),
            Remedy("Remind the people who never used their seat, and reclaim seats that nobody wants", REMIND),
            Remedy(TELEMETRY, RECONCILE),
        ),
        TRACK,
        "activation",
        low_active_users,
    ),
    Symptom(
        "flat-usage",
        "flat_usage",
        "daily use is not flat",
        "daily Copilot use is flat",
        "The number of people on a working day does not grow although seats are idle or people come rarely.",
        "People with a seat never started, or tried Copilot once and did not return.",
        (
            Remedy("Share prompts that work and a success story from within the company", TRACK),
            Remedy(
                "Let a team spend a day on real work with Copilot, with an experienced colleague beside them", DRIVE
            ),
            Remedy(TELEMETRY, RECONCILE),
        ),
        TRACK,
        "active-users",
        flat_usage,
    ),
    Symptom(
        "no-agent-usage",
        "no_agent_usage",
        "agents are used",
        "nobody uses Copilot agents",
        "Next to nobody used an agent in the last 28 days, on any surface that reports.",
        "Teams may not know what agents can do, or a policy keeps them off.",
        (
            Remedy("Show two examples of work done by an agent in the team's own code", TRACK),
            Remedy("Check that policies allow agent mode, Copilot CLI and the cloud agent", AGENTS),
            Remedy("Start with one team: two weeks, an experienced colleague, a few agreed tasks", AGENT_TEAMS),
        ),
        TRACK,
        "agent-share",
        no_agent_usage,
    ),
    Symptom(
        "low-agent-usage",
        "low_agent_usage",
        "agents are not rare",
        "few people use Copilot agents",
        "Some people use agents, but fewer than the 5 to 10 % that show that a team tries them out.",
        "A few pioneers found them by themselves; the others have seen no example from their own work.",
        (
            Remedy("Let the people who use agents show how, in a meeting that exists already", TRACK),
            Remedy("Agree with one team on two or three tasks that agents do from now on", AGENT_TEAMS),
        ),
        TRACK,
        "agent-share",
        low_agent_usage,
    ),
    Symptom(
        "low-feature-variety",
        "low_feature_variety",
        "several ways to chat",
        "one chat mode gets nearly all prompts",
        "Nearly all prompts go to one chat mode, and it is no agent: people have not tried the others.",
        "People know one way to use chat and were not shown the others.",
        (
            Remedy("Show when to ask, edit, plan or hand work to an agent, with one example of each", TRACK),
            Remedy("Point to GitHub's own advice on which tool fits which task", PRACTICES),
        ),
        TRACK,
        "chat-modes",
        low_feature_variety,
    ),
    Symptom(
        "low-acceptance",
        "low_acceptance",
        "enough suggestions are accepted",
        "few Copilot suggestions are accepted",
        "Little of what Copilot suggests is taken over. GitHub gives no limit for this; the one used is a setting.",
        "Copilot lacks context: instructions are missing, the wrong files are open, or the language suits it badly.",
        (
            Remedy("Check IDE and plugin versions first when the share fell suddenly", RECONCILE),
            Remedy("Add custom instructions that tell Copilot the conventions of the repository", PRACTICES),
            Remedy("Show how to give context and to take a suggestion word by word", PRACTICES),
        ),
        RECONCILE,
        "completion-acceptance",
        low_acceptance,
    ),
)
