"""GitHub from outside: a client for each token, and downloads of signed links without any.

`client` asks and sends (`connection` is its transport), `answers` says what comes back, `downloads` fetches signed
links, `streams` reads bodies within bounds, `patience` holds the time of a run, `journal` what is told of it, and
`limits` every bound.
"""

from copilot_metrics_action.github.answers import Answer, Permission, TokenSeen
from copilot_metrics_action.github.client import Client
from copilot_metrics_action.github.downloads import Downloads
from copilot_metrics_action.github.journal import Journal
from copilot_metrics_action.github.patience import Patience

__all__ = ["Answer", "Client", "Downloads", "Journal", "Patience", "Permission", "TokenSeen"]
