"""The configuration file: every key with its type, default, meaning and example."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct, field

from copilot_metrics_action.effects import is_share
from copilot_metrics_action.metrics import Scope
from copilot_metrics_action.report import SECTIONS
from copilot_metrics_action.symptoms import Thresholds
from copilot_metrics_action.triage import SNOOZE

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)


class Setting(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A mapping of the configuration file; keys are kebab-case."""


class QuietPeriod(Setting, frozen=True, kw_only=True):
    """A planned break; its days are left out of trends."""

    start: Annotated[date, Meta(description="First day of the break.", examples=["2026-07-20"])]
    end: Annotated[date, Meta(description="Last day of the break.", examples=["2026-08-14"])]
    name: Annotated[str, Meta(description="What it is called on charts.", examples=["Summer break"])] = ""

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("`end` is before `start`")


class CalendarSettings(Setting, frozen=True, kw_only=True):
    """Which days are expected to be quiet."""

    working_days: Annotated[
        tuple[Weekday, ...],
        Meta(description="Days of the working week; empty = learned from the data.", examples=[["sunday", "monday"]]),
    ] = ()
    days_off: Annotated[
        tuple[date, ...], Meta(description="Single days without work, such as holidays.", examples=[["2026-12-25"]])
    ] = ()
    quiet_periods: Annotated[tuple[QuietPeriod, ...], Meta(description="Planned breaks, such as a summer break.")] = ()
    country: Annotated[
        str,
        Meta(
            description="Country whose public holidays are days off (ISO code, a subdivision after a hyphen).",
            examples=["DE-BY"],
            pattern="^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$",
        ),
    ] = ""
    year_end: Annotated[bool, Meta(description="Treat 21 December to 4 January as a planned break.")] = True


class IssueSettings(Setting, frozen=True, kw_only=True):
    """How adoption issues are routed."""

    labels: Annotated[
        tuple[str, ...],
        Meta(
            description="Further labels for new issues; `{scope}`, `{kind}`, `{slug}` and `{symptom}` stand for the "
            "issue's own.",
            examples=[["ai-adoption", "copilot-{symptom}"]],
        ),
    ] = ()
    assignees: Annotated[
        tuple[str, ...], Meta(description="Who new issues are assigned to, by login.", examples=[["monalisa"]])
    ] = ()
    mentions: Annotated[
        tuple[str, ...], Meta(description="Who is mentioned in new issues, by login or team.", examples=[["acme/ai"]])
    ] = ()
    milestone: Annotated[str, Meta(description="Milestone of new issues, by title.", examples=["Rollout"])] = ""
    max_new: Annotated[
        int, Meta(description="At most so many new issues a run; the rest come on later days.", ge=0, le=50)
    ] = 3
    digest: Annotated[
        bool, Meta(description="Keep one rolling issue with the week's figures, with one comment a week.")
    ] = False

    def __post_init__(self) -> None:
        if any(label.strip().casefold().startswith(SNOOZE) for label in self.labels):
            raise ValueError(f"`labels` holds {SNOOZE}, which would silence every issue from its first day on")


class ReportSettings(Setting, frozen=True, kw_only=True):
    """What the summary shows."""

    sections: Annotated[
        tuple[str, ...], Meta(description="Sections of the summary; empty = all.", examples=[["headline", "symptoms"]])
    ] = ()
    people: Annotated[bool, Meta(description="Show logins in the summary; needs `people: logins`.")] = False

    def __post_init__(self) -> None:
        unknown = [name for name in self.sections if name not in SECTIONS]
        if unknown:
            raise ValueError(f"there is no section {unknown[0]!r}; there are {', '.join(SECTIONS)}")


class PriceSettings(Setting, frozen=True, kw_only=True):
    """What one seat costs a month."""

    amount: Annotated[float, Meta(description="Price of a seat a month.", ge=0, examples=[19])]
    currency: Annotated[str, Meta(description="ISO code of the currency.", pattern="^[A-Z]{3}$", examples=["USD"])] = (
        "USD"
    )


class Intervention(Setting, frozen=True, kw_only=True):
    """Something that was done for adoption: marked on the charts, and judged 28 settled days later."""

    day: Annotated[date, Meta(description="The day it happened.", examples=["2026-10-05"])]
    what: Annotated[str, Meta(description="What was done.", min_length=1, max_length=200, examples=["Prompt workshop"])]
    scope: Annotated[str, Meta(description="`organizations/<slug>`; empty = all.", examples=["organizations/acme"])] = (
        ""
    )
    team: Annotated[str, Meta(description="Slug of a team; empty = everybody.")] = ""
    outcome: Annotated[
        Literal["", "daily-active-users", "agent-share", "interactions-per-user", "acceptance"],
        Meta(
            description="What it was meant to move: people on a working day (the default), the share of active people "
            "who use agents, prompts of a person and day, or the share of outputs accepted.",
            examples=["agent-share"],
        ),
    ] = ""


class TargetSettings(Setting, frozen=True, kw_only=True):
    """What is to be reached by when."""

    metric: Annotated[
        Literal["daily-active-users", "monthly-active-users", "seats-in-use", "agent-share"],
        Meta(description="People on a working day, people in 28 days, or a share.", examples=["seats-in-use"]),
    ]
    value: Annotated[float, Meta(description="What it shall be; a share is written as 0.6.", gt=0, examples=[0.6])]
    by: Annotated[date, Meta(description="The day by which.", examples=["2027-03-31"])]
    scope: Annotated[
        str, Meta(description="`organizations/<slug>`; empty = each.", examples=["organizations/acme"])
    ] = ""

    def __post_init__(self) -> None:
        if self.value > 1 and is_share(self.metric):
            raise ValueError(f"`value` of {self.metric} is a share: 0.6 is 60 %")


class Settings(Setting, frozen=True, kw_only=True):
    """The configuration file, `.github/copilot-metrics.yml`. Every key has a default."""

    symptoms: Annotated[Thresholds, Meta(description="Limits and parameters of each symptom.")] = field(
        default_factory=Thresholds
    )
    calendar: CalendarSettings = field(default_factory=CalendarSettings)
    issues: IssueSettings = field(default_factory=IssueSettings)
    report: ReportSettings = field(default_factory=ReportSettings)
    people: Annotated[
        Literal["none", "counts", "logins"] | None,
        Meta(
            description="How far the per-user reports are read: not at all, for counts (also without this key, as far "
            "as the token allows), or for tables with logins in `output-dir` as well.",
            examples=["counts"],
        ),
    ] = None
    teams: Annotated[
        bool, Meta(description="Read the team reports; 28 of them on the first run and about once a week.")
    ] = False
    repositories: Annotated[
        bool, Meta(description="Store the repositories reports, which hold the names of private repositories.")
    ] = False
    seats: Annotated[
        Literal["auto", "none"] | Annotated[int, Meta(ge=0)],
        Meta(
            description="Seats: `auto` reads them, `none` does without, a number is taken as it is.",
            examples=["auto", 420],
        ),
    ] = "auto"
    seat_price: Annotated[PriceSettings | None, Meta(description="Price of a seat, for the cost of idle ones.")] = None
    rollout_start: Annotated[
        date | dict[str, date] | None,
        Meta(description="First day of the rollout, or one for each scope.", examples=["2026-09-01"]),
    ] = None
    settled_days: Annotated[
        Literal["keep", "update"],
        Meta(description="What happens when GitHub restates a settled day: it is only said, or rewritten too."),
    ] = "keep"
    allow_public: Annotated[bool, Meta(description="Allow the data branch in a public repository.")] = False
    download_hosts: Annotated[
        tuple[str, ...],
        Meta(
            description="Further hosts from which reports may be downloaded; a `*` needs three more labels behind it.",
            examples=[["reports.example"]],
        ),
    ] = ()
    run_minutes: Annotated[
        int,
        Meta(
            ge=1,
            le=300,
            description="How long a run may take. Then it stores what has come and leaves the rest to the next run. "
            "Keep it below the workflow's `timeout-minutes`.",
        ),
    ] = 10
    commit_message_prefix: Annotated[
        str, Meta(description="Text before the message of each commit.", max_length=50, examples=["chore(data): "])
    ] = ""
    interventions: Annotated[tuple[Intervention, ...], Meta(description="What was done for adoption.")] = ()
    targets: Annotated[tuple[TargetSettings, ...], Meta(description="What is to be reached by when.")] = ()

    @property
    def people_wanted(self) -> Literal["none", "counts", "logins"]:
        """What `people` comes to; without the key counts, and then a refusal is no error."""
        return self.people or "counts"

    def rollout_of(self, scope: Scope) -> date | None:
        return self.rollout_start.get(scope.path) if isinstance(self.rollout_start, dict) else self.rollout_start
