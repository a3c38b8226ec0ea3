"""Whether what was done worked: interventions, their effects, and targets.

Core: what was noted where comes in as values, and what is to be written goes out as values.
"""

from copilot_metrics_action.effects.judge import Against, Effect, groups, judge, teams_of
from copilot_metrics_action.effects.measure import AFTER_DAYS
from copilot_metrics_action.effects.outcomes import OUTCOMES, outcome, outcome_of
from copilot_metrics_action.effects.record import PATH, Intervention, Seen, distinct, dump, identity, load, marks, merge
from copilot_metrics_action.effects.targets import AIMS, Progress, Target, is_share, progress
from copilot_metrics_action.effects.words import lines

__all__ = [
    "AFTER_DAYS",
    "AIMS",
    "OUTCOMES",
    "PATH",
    "Against",
    "Effect",
    "Intervention",
    "Progress",
    "Seen",
    "Target",
    "distinct",
    "dump",
    "groups",
    "identity",
    "is_share",
    "judge",
    "lines",
    "load",
    "marks",
    "merge",
    "outcome",
    "outcome_of",
    "progress",
    "teams_of",
]
