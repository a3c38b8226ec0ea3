"""The settings of each rule, with what they mean: the configuration's schema and pages are made from these."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field


def _share(title: str, description: str, example: float, *, least: float = 0.0, most: float = 1.0) -> Meta:
    return Meta(title=title, description=f"{description} A ratio: 0.5 is 50 %.", ge=least, le=most, examples=[example])


def _slope(title: str, description: str, example: float, *, least: float = -20.0, most: float = 20.0) -> Meta:
    return Meta(title=title, description=f"{description} Per cent a week.", ge=least, le=most, examples=[example])


def _days(title: str, description: str, example: int, *, least: int = 1, most: int = 90) -> Meta:
    return Meta(title=title, description=f"{description} Days.", ge=least, le=most, examples=[example])


def _count(title: str, description: str, example: int) -> Meta:
    return Meta(title=title, description=description, ge=1, le=1_000_000, examples=[example])


def _errors(title: str, description: str, example: float) -> Meta:
    return Meta(title=title, description=f"{description} Standard errors.", ge=0.0, le=10.0, examples=[example])


Confirm = Annotated[int, _days("Days until it opens", "Settled days in a row that must meet the limit.", 3, most=60)]
CloseConfirm = Annotated[
    int, _days("Days until it closes", "Settled days in a row that must meet the closing limit.", 7, most=60)
]
OpensIssue = Annotated[
    bool, Meta(title="Opens an issue", description="Whether the symptom opens an issue, or is only shown.")
]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Settings that every symptom has; each symptom's own add theirs."""

    enabled: Annotated[bool, Meta(title="Judged", description="Whether the symptom is judged at all.")] = True
    issue: OpensIssue = True


HEALTHY_SIDE = "the limit that closes must lie on the healthy side of the one that opens"


def _in_order(lower: float, upper: float, names: str, why: str = HEALTHY_SIDE) -> None:
    """Raises ValueError, which becomes a problem of the configuration, when the limits cross.

    names  of the lower and of the upper one. Both values are said: one may be a default that nobody wrote
    """
    if not lower <= upper:
        first, second = names.split(", ")
        raise ValueError(f"{first} is {lower:g} and {second} is {upper:g}: {why}")


class LowActiveUsers(Rule, frozen=True, kw_only=True):
    """Seats in use: people active in 28 days / seats older than 28 days."""

    open_below: Annotated[float, _share("Opens below", "Seats in use, below which it opens.", 0.58)] = 0.58
    close_above: Annotated[float, _share("Closes above", "Seats in use, above which it closes.", 0.62)] = 0.62
    confirm_days: Confirm = 3
    close_confirm_days: CloseConfirm = 7

    def __post_init__(self) -> None:
        _in_order(self.open_below, self.close_above, "open-below, close-above")


class FlatUsage(Rule, frozen=True, kw_only=True):
    """The pace of daily use lies in a band around zero although use is weak: few seats or few days of use."""

    open_within: Annotated[
        float, _slope("Opens within", "Pace between minus and plus this, in which it opens.", 1.8, least=0.1)
    ] = 1.8
    close_above: Annotated[float, _slope("Closes above", "Growth above which it closes.", 3.0, least=0.1)] = 3.0
    close_below: Annotated[
        float, _slope("Closes below", "Fall below which it closes: that is another symptom.", -4.5, most=-0.1)
    ] = -4.5
    errors: Annotated[
        float, _errors("Caution", "The pace plus this many errors must lie within the band, too.", 0.45)
    ] = 0.45
    most_error: Annotated[
        float, _slope("Least certainty", "Error of the pace from which it is unknown.", 2.35, least=0.5, most=10.0)
    ] = 2.35
    activation_below: Annotated[
        float, _share("Weak below, seats in use", "Share of seats in use below which use is weak.", 0.6)
    ] = 0.60
    activation_above: Annotated[
        float, _share("Healthy above, seats in use", "Share of seats in use above which use is healthy.", 0.64)
    ] = 0.64
    stickiness_below: Annotated[
        float,
        _share(
            "Weak below, stickiness", "Typical working day / people active in 28 days, below which use is weak.", 0.33
        ),
    ] = 0.33
    stickiness_above: Annotated[
        float,
        _share(
            "Healthy above, stickiness",
            "Typical working day / people active in 28 days, above which it is healthy.",
            0.37,
        ),
    ] = 0.37
    confirm_days: Confirm = 4
    close_confirm_days: CloseConfirm = 14

    def __post_init__(self) -> None:
        _in_order(self.open_within, self.close_above, "open-within, close-above")
        _in_order(self.close_below, -self.open_within, "close-below, minus open-within")
        _in_order(self.activation_below, self.activation_above, "activation-below, activation-above")
        _in_order(self.stickiness_below, self.stickiness_above, "stickiness-below, stickiness-above")


class FallingUsage(Rule, frozen=True, kw_only=True):
    """A sustained loss of people: the pace of 4 to 16 weeks is negative, and surely so."""

    open_below: Annotated[float, _slope("Opens below", "Pace below which it opens.", -1.35, most=0.0)] = -1.35
    close_above: Annotated[float, _slope("Closes above", "Pace above which it closes.", -0.4)] = -0.4
    sure_below: Annotated[
        float, _slope("Surely falling below", "The pace plus its errors must lie below this, too.", -0.2, most=0.0)
    ] = -0.2
    errors: Annotated[float, _errors("Caution", "How many errors are added to the pace for that.", 1.15)] = 1.15
    least_history_days: Annotated[
        int, _days("Least history", "Settled days since the first report, below which it is unknown.", 49, least=28)
    ] = 49
    confirm_days: Confirm = 3
    close_confirm_days: CloseConfirm = 7

    def __post_init__(self) -> None:
        _in_order(self.open_below, self.close_above, "open-below, close-above")


class NoAgentUsage(Rule, frozen=True, kw_only=True):
    """Users of agents / monthly active users, on every surface that reports."""

    open_below: Annotated[float, _share("Opens below", "Agent share below which it opens.", 0.01)] = 0.01
    close_above: Annotated[float, _share("Closes above", "Agent share above which it closes.", 0.015)] = 0.015
    confirm_days: Confirm = 3
    close_confirm_days: CloseConfirm = 7

    def __post_init__(self) -> None:
        _in_order(self.open_below, self.close_above, "open-below, close-above")


class LowAgentUsage(Rule, frozen=True, kw_only=True):
    """Users of agents / monthly active users: some, but few."""

    issue: OpensIssue = False
    open_above: Annotated[
        float, _share("Opens from", "Agent share from which it opens; less is no agent usage.", 0.01)
    ] = 0.01
    open_below: Annotated[float, _share("Opens below", "Agent share below which it opens.", 0.046)] = 0.046
    close_above: Annotated[float, _share("Closes above", "Agent share above which it closes.", 0.056)] = 0.056
    confirm_days: Confirm = 3
    close_confirm_days: CloseConfirm = 7

    def __post_init__(self) -> None:
        _in_order(self.open_above, self.open_below, "open-above, open-below", "between the two it opens")
        _in_order(self.open_below, self.close_above, "open-below, close-above")


class LowFeatureVariety(Rule, frozen=True, kw_only=True):
    """The most used chat mode that is no agent mode / all prompts with a known mode, 28 days."""

    issue: OpensIssue = False
    open_above: Annotated[float, _share("Opens above", "Share of the leading mode above which it opens.", 0.91)] = 0.91
    close_below: Annotated[float, _share("Closes below", "Share below which it closes.", 0.88)] = 0.88
    least_prompts: Annotated[
        int, _count("Least prompts", "Prompts with a known mode in 28 days, below which it is unknown.", 100)
    ] = 100
    confirm_days: Confirm = 3
    close_confirm_days: CloseConfirm = 7

    def __post_init__(self) -> None:
        _in_order(self.close_below, self.open_above, "close-below, open-above")


class LowAcceptance(Rule, frozen=True, kw_only=True):
    """Accepted outputs / generated outputs, 28 days."""

    issue: OpensIssue = False
    open_below: Annotated[float, _share("Opens below", "Acceptance below which it opens.", 0.145)] = 0.145
    close_above: Annotated[float, _share("Closes above", "Acceptance above which it closes.", 0.16)] = 0.16
    least_outputs: Annotated[int, _count("Least outputs", "Outputs in 28 days, below which it is unknown.", 200)] = 200
    count_agent_edits: Annotated[
        bool,
        Meta(
            title="Counts agent edits",
            description="Whether the edits of agents, which nobody can accept, are among the outputs.",
        ),
    ] = False
    confirm_days: Confirm = 3
    close_confirm_days: CloseConfirm = 7

    def __post_init__(self) -> None:
        _in_order(self.open_below, self.close_above, "open-below, close-above")


class ReportsStopped(Rule, frozen=True, kw_only=True):
    """Age of the newest stored day on the day of the run."""

    open_above: Annotated[
        int, _days("Opens above", "Age of the newest stored day, above which it opens.", 8, least=4)
    ] = 8


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The settings of all rules, as `symptoms:` in the configuration gives them; one field a symptom."""

    low_active_users: LowActiveUsers = field(default_factory=LowActiveUsers)
    flat_usage: FlatUsage = field(default_factory=FlatUsage)
    falling_usage: FallingUsage = field(default_factory=FallingUsage)
    no_agent_usage: NoAgentUsage = field(default_factory=NoAgentUsage)
    low_agent_usage: LowAgentUsage = field(default_factory=LowAgentUsage)
    low_feature_variety: LowFeatureVariety = field(default_factory=LowFeatureVariety)
    low_acceptance: LowAcceptance = field(default_factory=LowAcceptance)
    reports_stopped: ReportsStopped = field(default_factory=ReportsStopped)
