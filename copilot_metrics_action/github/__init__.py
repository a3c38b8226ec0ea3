"""GitHub from outside: a client for each token, and downloads of signed links without any.

`client` asks and sends (`connection` is its transport), `answers` says what comes back, `downloads` fetches signed
links, `streams` reads bodies within bounds, `patience` holds the waits of a run, and `limits` holds every bound.
"""

from copilot_metrics_action.github.answers import Answer, Permission, TokenSeen
from copilot_metrics_action.github.client import Client
from copilot_metrics_action.github.downloads import Downloads, link_secrets
from copilot_metrics_action.github.patience import Patience

__all__ = ["Answer", "Client", "Downloads", "Patience", "Permission", "TokenSeen", "link_secrets"]
