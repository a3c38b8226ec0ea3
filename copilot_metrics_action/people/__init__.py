"""From days to people: users reports to counts, without a name.

Lines are counted as they arrive (`Lines`, `Tally`), people are joined with seats and teams by their ids in memory,
and what leaves is counts of five and more (`PeopleDay`, `Window`).
"""

from copilot_metrics_action.people.counts import (
    FEW,
    WINDOW_DAYS,
    Client,
    PeopleDay,
    Window,
    due,
    fuller,
    shown,
    windows,
    without_activation,
)
from copilot_metrics_action.people.lines import Lines, RepositoryRow, TeamRow, UserRow, row_of
from copilot_metrics_action.people.series import Series
from copilot_metrics_action.people.tally import Person, Tally, UserLines
from copilot_metrics_action.people.teams import Memberships, TeamCount, TeamLines, TeamsDay, TeamTally

__all__ = [
    "FEW",
    "WINDOW_DAYS",
    "Client",
    "Lines",
    "Memberships",
    "PeopleDay",
    "Person",
    "RepositoryRow",
    "Series",
    "Tally",
    "TeamCount",
    "TeamLines",
    "TeamRow",
    "TeamTally",
    "TeamsDay",
    "UserLines",
    "UserRow",
    "Window",
    "due",
    "fuller",
    "row_of",
    "shown",
    "windows",
    "without_activation",
]
