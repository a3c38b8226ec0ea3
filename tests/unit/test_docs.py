"""The reference pages say what the code does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest
import yaml

from copilot_metrics_action.config import Settings, json_schema, read_settings

ROOT = Path(__file__).resolve().parents[2]


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("path", "text"), _generator().generated().items(), ids=lambda value: str(value)[:40])
def test_generated__is_what_is_committed(path: str, text: str) -> None:
    assert (ROOT / path).read_text("utf-8") == text, f"{path} is out of date: run `make docs`"


def test_readme__workflow_to_paste() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    workflow = re.search(r"```yaml\n(name:.*?)```", text, re.DOTALL)
    assert workflow is not None
    assert len(workflow[1].splitlines()) <= 25
    job = yaml.safe_load(workflow[1])["jobs"]["metrics"]
    assert job["permissions"] == {"contents": "write", "issues": "write"}
    inputs = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"]
    assert set(job["steps"][0]["with"]) <= set(inputs)


def test_links__point_to_files_that_exist() -> None:
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links {target}"


def test_schema__accepts_what_the_code_accepts() -> None:
    text = """
    seats: 420
    seat-price: {amount: 19, currency: EUR}
    rollout-start: {organizations/acme: "2026-09-01"}
    calendar: {working-days: [sunday, monday], quiet-periods: [{start: "2026-07-20", end: "2026-08-14"}]}
    symptoms: {flat-usage: {enabled: false}}
    """
    read_settings(text, "test")
    jsonschema.validate(yaml.safe_load(text), json_schema())


def test_example__is_the_default() -> None:
    page = (ROOT / "docs/configuration.md").read_text("utf-8")
    example = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert example is not None
    assert example[1].startswith("# yaml-language-server: $schema=https://")
    assert read_settings(example[1], "example") == Settings()
    given = {key for key, value in yaml.safe_load(example[1]).items() if value is not None}
    assert given >= {"symptoms", "calendar", "issues", "report", "seats", "settled-days"}


def test_schema__refuses_an_unknown_key() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"setled-days": "keep"}, json_schema())
