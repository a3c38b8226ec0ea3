"""The configuration file and the user's own templates."""

from __future__ import annotations

from copilot_metrics_action.check.lines import Line, refused
from copilot_metrics_action.config import Inputs, Settings
from copilot_metrics_action.connect import shipped_templates
from copilot_metrics_action.errors import ActionError, ConfigErrors
from copilot_metrics_action.github import Client
from copilot_metrics_action.own_files import (
    TEMPLATE_FOLDER,
    misnamed,
    own_templates,
    remarks,
    repository_file,
    settings_of,
)
from copilot_metrics_action.templates import Templates


def read(inputs: Inputs, client: Client | None) -> tuple[list[Line], Settings | None]:
    """The lines of the configuration, and the settings; None when they cannot be used."""
    what = f"configuration {inputs.config_file}"
    try:
        text = repository_file(inputs, client, inputs.config_file)
        settings, told = settings_of(inputs, text)
    except ConfigErrors as error:
        return [Line.of(one) for one in error.problems], None
    except ActionError as error:
        return [refused(what, error, "`permissions: contents: read` or more in the workflow")], None
    if told:
        lines = [_of_text(one) for one in told]
    elif text is None:
        lines = [Line(what, "note", "there is no such file, and none is needed: the defaults hold")]
    else:
        lines = [Line(what, "ok", "readable")]
    return [*lines, *(_of_text(one) for one in remarks(inputs, settings))], settings


def templates(inputs: Inputs, client: Client | None) -> list[Line]:
    """The lines of the user's templates: none when there are none."""
    try:
        own = own_templates(inputs, client)
    except ActionError as error:
        return [refused(f"templates in {TEMPLATE_FOLDER}", error)]
    if not own:
        return []
    both = Templates(shipped_templates(), own)
    used = len(own) - len(both.unused)
    lines = [Line(f"templates in {TEMPLATE_FOLDER}", "ok", f"{used} in use")] if used else []
    return lines + [_of_text(one) for one in misnamed(both)]


def _of_text(text: str) -> Line:
    """A warning of a run as a line: `what: said; remedy`."""
    what, _, rest = text.partition(": ")
    said, _, remedy = rest.partition("; ")
    return Line(what, "warning", said, remedy)
