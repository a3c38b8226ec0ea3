"""Templates are compiled once, and never from what is out of date."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import Environment

from copilot_metrics_action.template_cache import TemplateCache
from copilot_metrics_action.templates import Templates


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the templates that were compiled, in a process that may write byte code."""
    names: list[str] = []
    generate = Environment._generate

    def noting(environment: Environment, source: object, name: str, *more: object, **rest: object) -> object:
        names.append(name)
        return generate(environment, source, name, *more, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Environment, "_generate", noting)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return names


def render(folder: Path, text: str) -> str:
    return Templates({"a.md.j2": text}, compiled=TemplateCache(folder)).render("a.md.j2")


def test_cache__the_second_run_compiles_nothing(tmp_path: Path, compiled: list[str]) -> None:
    assert [render(tmp_path / "cache", "{{ 1 + 1 }} days") for _ in range(3)] == ["2 days"] * 3
    assert compiled == ["a.md.j2"]


def test_cache__a_changed_template_is_compiled_again(tmp_path: Path, compiled: list[str]) -> None:
    assert render(tmp_path, "{{ 1 + 1 }} days") == "2 days"
    assert render(tmp_path, "{{ 1 + 2 }} days") == "3 days"
    assert compiled == ["a.md.j2"] * 2


def test_cache__a_user_s_template_of_the_same_name(tmp_path: Path, compiled: list[str]) -> None:
    assert render(tmp_path, "ours") == "ours"
    own = Templates({"a.md.j2": "ours"}, {"a.md.j2": "mine"}, TemplateCache(tmp_path))
    assert (own.render("a.md.j2"), own.shipped().render("a.md.j2")) == ("mine", "ours")


def test_cache__damaged(tmp_path: Path, compiled: list[str]) -> None:
    assert render(tmp_path, "{{ 1 + 1 }} days") == "2 days"
    for file in tmp_path.iterdir():
        file.write_bytes(b"nothing that Jinja2 wrote")
    assert render(tmp_path, "{{ 1 + 1 }} days") == "2 days"


def test_cache__cannot_be_written(tmp_path: Path, compiled: list[str]) -> None:
    (tmp_path / "file").touch()
    assert render(tmp_path / "file" / "cache", "some days") == "some days"


def test_cache__no_byte_code_is_wanted(tmp_path: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert render(tmp_path / "cache", "some days") == "some days"
    assert not (tmp_path / "cache").exists()


def test_compile__every_template(tmp_path: Path, compiled: list[str]) -> None:
    Templates({"a.md.j2": "a", "b/c.md.j2": "c"}, compiled=TemplateCache(tmp_path)).compile()
    assert compiled == ["a.md.j2", "b/c.md.j2"]
    assert len(list(tmp_path.iterdir())) == 2
