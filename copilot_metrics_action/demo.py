"""The whole pipeline over a made-up organization, with a folder in place of the repository."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from msgspec.structs import replace

from copilot_metrics_action import connect, made_up, pipeline
from copilot_metrics_action.config import Inputs, Settings
from copilot_metrics_action.config.settings import Intervention, TargetSettings
from copilot_metrics_action.github import Patience
from copilot_metrics_action.runner import Runner
from copilot_metrics_action.store import Folder


def settings(as_of: date) -> Settings:
    """The configuration of the made-up organization: what was done there, and what is to be reached."""
    workshop = Intervention(
        day=as_of - timedelta(days=made_up.WORKSHOP),
        what="Prompt workshop in three teams",
        outcome="interactions-per-user",
    )
    target = TargetSettings(metric="seats-in-use", value=0.6, by=as_of + timedelta(days=130))
    return Settings(teams=True, interventions=(workshop,), targets=(target,))


def demo(inputs: Inputs, folder: Path, runner: Runner) -> pipeline.Result:
    """What a run over the made-up organization comes to; data, charts and issues are files of the folder."""
    edges = connect.Edges(
        source=lambda scope: made_up.MadeUp(inputs.as_of),
        store=Folder(folder),
        charts=connect.ChartsFolder(folder / inputs.charts_branch) if inputs.charts == "auto" else None,
        tracker=connect.IssuesFolder(folder / "issues") if inputs.issues else None,
        settings=settings(inputs.as_of),
        templates=connect.compiled_templates(),
        patience=Patience(),
    )
    inputs = replace(inputs, scopes=(made_up.SCOPE,), mode="demo")
    return pipeline.run(connect.Run.of(inputs, edges, runner))
