"""Where a command finds the data: a folder with the files of the data branch, or the branch itself."""

from __future__ import annotations

import argparse
import os
from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from copilot_metrics_action import connect, own_files
from copilot_metrics_action.config import read_inputs
from copilot_metrics_action.errors import ConfigError
from copilot_metrics_action.github import Client, Patience, Permission
from copilot_metrics_action.store import Branch, Folder, Store


class Place(Struct, frozen=True):
    """A store with what is needed to write to it.

    is_folder  files go there one by one; else all of them are one commit
    prefix     of the commit's message
    name       for a person
    people     counts over people may be stored there
    """

    store: Store
    patience: Patience
    is_folder: bool
    prefix: str
    name: str
    people: bool = True


def add_place(parser: argparse.ArgumentParser) -> None:
    """The options that name a place."""
    parser.add_argument(
        "--folder", type=Path, default=Path(), help="folder with the files of the data branch (default: here)"
    )
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", help="take the data branch of this repository instead of a folder"
    )
    parser.add_argument("--data-branch", default="", metavar="NAME", help="its data branch (default: copilot-metrics)")
    parser.add_argument("--github-token", default="", metavar="TOKEN", help="better given as the variable GITHUB_TOKEN")


def place_of(options: argparse.Namespace, today: date, *, writing: bool) -> Place:
    """The place that the options name. Raises ActionError when it cannot be used."""
    if not options.repository:
        if not options.folder.is_dir():
            raise ConfigError("--folder", f"there is no folder {options.folder}", "check out the data branch there")
        return Place(Folder(options.folder), Patience(), True, "", str(options.folder))
    token = options.github_token or os.environ.get("GITHUB_TOKEN", "")
    if not token:
        raise ConfigError("--repository", "there is no token for it", "set the variable GITHUB_TOKEN")
    environment = {
        **os.environ,
        "INPUT_MODE": "demo",  # the one that asks for no Copilot token
        "INPUT_REPOSITORY": options.repository,
        "INPUT_DATA-BRANCH": options.data_branch,
        "INPUT_GITHUB-TOKEN": token,
    }
    inputs = read_inputs(environment, today)
    patience = Patience()
    client = Client(
        inputs.api_url,
        inputs.github_token,
        Permission("GITHUB_TOKEN", "the permission 'Contents' of the repository", f"repository {inputs.repository}"),
        verify=connect.certificates(inputs),
        patience=patience,
    )
    facts = connect.repository_facts(client, inputs)
    if not inputs.sha:
        # On a terminal there is no commit of the run: the configuration is that of the default branch.
        inputs = replace(inputs, sha=str(facts.get("default_branch") or ""), run_repository=inputs.repository)
    settings, _ = own_files.configuration(inputs, client)
    if writing:
        connect.check_repository(facts, inputs, settings)
    branch = Branch(client, inputs.repository, inputs.data_branch)
    name = f"branch {inputs.data_branch} of {inputs.repository}"
    return Place(branch, patience, False, settings.commit_message_prefix, name, settings.people_wanted != "none")
