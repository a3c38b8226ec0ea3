"""A stand-in for GitHub on a loopback socket, over a real bare repository, for tests of the whole action."""

from .faults import Fault
from .population import Usage
from .reports import make_record
from .runner import ActionResult, run_action
from .server import GitHub
from .wire import Request
from .world import Repository, Scope, World

__all__ = [
    "ActionResult",
    "Fault",
    "GitHub",
    "Repository",
    "Request",
    "Scope",
    "Usage",
    "World",
    "make_record",
    "run_action",
]
