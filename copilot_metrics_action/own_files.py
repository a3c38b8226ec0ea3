"""What an administrator keeps in their own repository: the configuration, and templates of their own."""

from __future__ import annotations

import base64
import binascii
import difflib
from collections.abc import Sequence
from datetime import date
from typing import Final
from urllib.parse import quote

from copilot_metrics_action.config import WEEKDAYS, Inputs, Settings, read_settings
from copilot_metrics_action.errors import ConfigError
from copilot_metrics_action.github import Client
from copilot_metrics_action.templates import Templates
from copilot_metrics_action.trends import Calendar, Period, year_end_periods

TEMPLATE_FOLDER: Final = ".github/copilot-metrics"
MAX_TEXT_BYTES: Final = 256 * 1024


def configuration(inputs: Inputs, client: Client | None) -> tuple[Settings, tuple[str, ...]]:
    """The settings and what is to be said about them. Raises ConfigErrors, ApiError."""
    return settings_of(inputs, repository_file(inputs, client, inputs.config_file))


def settings_of(inputs: Inputs, text: str | None) -> tuple[Settings, tuple[str, ...]]:
    """The settings of the file's text, the defaults without one, and what is to be said. Raises ConfigErrors."""
    if text is not None:
        settings = read_settings(text, inputs.config_file)
        calendar(settings, inputs.as_of, inputs.as_of)  # a country that is none is told before anything is read
        return settings, ()
    if inputs.config_named:
        return Settings(), (f"config-file: there is no {inputs.config_file}; the defaults are used",)
    return Settings(), ()


def remarks(inputs: Inputs, settings: Settings) -> tuple[str, ...]:
    """What of the configuration has no effect: scopes that the run does not serve, names of people without a place."""
    served = [scope.path for scope in inputs.scopes]
    by_scope = settings.rollout_start if isinstance(settings.rollout_start, dict) else {}
    named = [(f"rollout-start.{path}", path) for path in by_scope]
    named += [
        (f"interventions[{number}].scope", one.scope)
        for number, one in enumerate(settings.interventions, 1)
        if one.scope
    ]
    named += [(f"targets[{number}].scope", one.scope) for number, one in enumerate(settings.targets, 1) if one.scope]
    unused = [
        f"{key}: this run does not serve {path}{_nearest(path, served)}" for key, path in named if path not in served
    ]
    if settings.people == "logins" and not inputs.output_dir and not settings.report.people:
        unused.append("people: the tables with logins go to `output-dir` alone, and it is not given")
    if settings.report.people and settings.people != "logins":
        unused.append("report.people: names are read with `people: logins` only")
    return tuple(unused)


def misnamed(templates: Templates) -> tuple[str, ...]:
    """Own templates that replace nothing, since no shipped one has their name and none of them includes it."""
    known = sorted(templates.names)
    said = "no template has this name, so nothing uses it"
    return tuple(f"{TEMPLATE_FOLDER}/{name}: {said}{_nearest(name, known)}" for name in templates.unused)


def _nearest(name: str, known: Sequence[str]) -> str:
    # Names are compared without folder and ending, which are alike in all of them.
    near = difflib.get_close_matches(_stem(name), sorted(set(map(_stem, known))), 1, 0.6)
    same = [one for one in known if near and _stem(one) == near[0]]
    return f"; did you mean `{same[0]}`?" if same else f"; there are {', '.join(known)}"


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def repository_file(inputs: Inputs, client: Client | None, path: str) -> str | None:
    """A file of the workspace when it is there, else of the repository at the commit of the run; None without."""
    local = workspace_text(inputs, path)
    if local is not None:
        return local
    if client is None or not inputs.sha:
        return None
    answer = client.request("GET", _contents(inputs, path), {"ref": inputs.sha}, allowed=(404,))
    return None if answer.status == 404 else _content(path, answer.data)


def workspace_text(inputs: Inputs, path: str) -> str | None:
    """A text file of the workspace, None when there is none.

    Raises ConfigError for what is not text, is too large, or leads out of the workspace: a link to another file of
    the machine would put that file on the pages.
    """
    local = inputs.workspace / path
    try:
        if not local.is_file():
            return None
        if not inputs.in_workspace(local):
            raise ConfigError(path, "it leads out of the workspace", "store the file itself there, not a link")
        with local.open("rb") as file:
            data = file.read(MAX_TEXT_BYTES + 1)
        if len(data) > MAX_TEXT_BYTES:
            raise ConfigError(path, f"it is over {MAX_TEXT_BYTES:,} bytes")
        return data.decode()
    except (OSError, ValueError) as error:
        raise ConfigError(path, f"it cannot be read ({type(error).__name__})", "store it as UTF-8 text") from None


def _contents(inputs: Inputs, path: str) -> str:
    # The commit of the run is one of the workflow's own repository, wherever the data live.
    return f"/repos/{inputs.run_repository}/contents/{quote(path)}"


def _content(path: str, answer: object) -> str:
    try:
        if answer["encoding"] != "base64":  # type: ignore[index]
            raise ConfigError(path, "it is over 1 MB")
        return base64.b64decode(answer["content"]).decode()  # type: ignore[index]
    except (KeyError, TypeError, binascii.Error, UnicodeDecodeError):
        raise ConfigError(path, "it is not a text file", "store it as UTF-8 text") from None


def own_templates(inputs: Inputs, client: Client | None) -> dict[str, str]:
    """The user's templates, from `.github/copilot-metrics/` of the workspace, else of the repository."""
    root = inputs.workspace / TEMPLATE_FOLDER
    if root.is_dir():
        names = [file.relative_to(root).as_posix() for file in sorted(root.rglob("*.j2")) if file.is_file()]
        return {name: workspace_text(inputs, f"{TEMPLATE_FOLDER}/{name}") or "" for name in names}
    return {} if client is None or not inputs.sha else _listed_templates(inputs, client, TEMPLATE_FOLDER)


def _listed_templates(inputs: Inputs, client: Client, folder: str) -> dict[str, str]:
    answer = client.request("GET", _contents(inputs, folder), {"ref": inputs.sha}, allowed=(404,))
    found: dict[str, str] = {}
    for entry in answer.data if answer.status == 200 and isinstance(answer.data, list) else ():
        path = str(entry.get("path", ""))
        if entry.get("type") == "dir":
            found |= _listed_templates(inputs, client, path)
        elif entry.get("type") == "file" and path.endswith(".j2"):
            text = repository_file(inputs, client, path)
            if text is not None:
                found[path.removeprefix(f"{TEMPLATE_FOLDER}/")] = text
    return found


def calendar(settings: Settings, first: date, last: date) -> Calendar:
    """The calendar of the configuration for the days from `first` to `last`. Raises ConfigError."""
    chosen = settings.calendar
    periods = tuple(Period(period.start, period.end, period.name) for period in chosen.quiet_periods)
    return Calendar(
        working_days=frozenset(WEEKDAYS.index(day) for day in chosen.working_days) if chosen.working_days else None,
        days_off=frozenset(chosen.days_off) | public_holidays(chosen.country, first, last),
        quiet_periods=periods + (year_end_periods(first, last) if chosen.year_end else ()),
    )


def public_holidays(country: str, first: date, last: date) -> frozenset[date]:
    """The public holidays of a country (`DE`, `DE-BY`), by the package `holidays`. Raises ConfigError."""
    if not country:
        return frozenset()
    import holidays  # half a second, for those who name a country

    code, _, subdivision = country.partition("-")
    try:
        found = holidays.country_holidays(code, subdiv=subdivision or None, years=range(first.year, last.year + 1))
    except (NotImplementedError, KeyError):
        said = f"the package `holidays` knows no '{country}'"
        raise ConfigError("calendar.country", said, "list the days under `calendar.days-off`") from None
    return frozenset(found)
