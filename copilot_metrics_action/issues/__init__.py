"""The adoption issues on GitHub: reads those with our marker, applies the plan."""

from copilot_metrics_action.errors import IssueError
from copilot_metrics_action.issues.comments import Written, comments, may_write
from copilot_metrics_action.issues.reading import Client, read, strays
from copilot_metrics_action.issues.writing import Applied, apply

__all__ = ["Applied", "Client", "IssueError", "Written", "apply", "comments", "may_write", "read", "strays"]
