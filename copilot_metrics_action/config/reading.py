"""Reads the configuration file. Every problem is told at once, each with its path and what would be right."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Sequence
from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec
import yaml
from msgspec import Meta, Struct
from yaml.constructor import ConstructorError

from copilot_metrics_action.config.settings import Settings
from copilot_metrics_action.errors import ConfigError, ConfigErrors
from copilot_metrics_action.escape import visible

MAX_CONFIG_BYTES: Final = 256 * 1024
MOST: Final = 10**15
_BRIEF: Final = reprlib.Repr()
_BRIEF.maxlevel, _BRIEF.maxstring = 3, 60


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which refuses what would be lost in silence or break later."""

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        try:
            # An escaped character beyond U+FFFF comes as two halves, as JSON writes it; a lone half is none.
            return value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise ConstructorError(None, None, "half a character", node.start_mark) from None

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> date | datetime:
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError:
            raise ConstructorError(None, None, f"there is no day {node.value}", node.start_mark) from None

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        return _countable(super().construct_yaml_int(node), node)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        return _countable(super().construct_yaml_float(node), node)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise ConstructorError(None, None, f"the key {key.value!r} stands twice", key.start_mark)
                seen.add(key.value)
        super().flatten_mapping(node)
        # Of a key that was merged in more than once the last one counts. With all of them a mapping would grow tenfold
        # with each level of merges.
        last = {
            (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key): (key, value)
            for key, value in node.value
        }
        node.value = list(last.values())


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)

N = TypeVar("N", int, float)


def _countable(value: N, node: yaml.ScalarNode) -> N:
    """The number, unless sums and averages of such ones have no value."""
    if not -MOST <= value <= MOST:
        raise ConstructorError(None, None, "a number that nobody can count to", node.start_mark)
    return value


def read_settings(text: str, name: str) -> Settings:
    """The configuration file, checked whole. Raises ConfigErrors with every problem, each with its path."""
    if len(text) > MAX_CONFIG_BYTES:
        raise ConfigErrors([ConfigError(name, f"the file is over {MAX_CONFIG_BYTES:,} bytes")])
    try:
        document = _Loader(text).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}:{mark.line + 1}" if mark else name
        what = str(getattr(error, "problem", None) or type(error).__name__)
        # Of a value that is none the words say enough; only a broken form needs a hint where to look.
        hint = "mend that line" if isinstance(error, ConstructorError) else "check the indentation and quotes there"
        raise ConfigErrors([ConfigError(place, f"it is not YAML ({what})", hint)]) from None
    problems: list[ConfigError] = []
    settings: Any = _read({} if document is None else document, Settings, "", problems)
    if settings is not None:
        problems += _host_problems(settings.download_hosts)
    if problems:
        raise ConfigErrors(
            [ConfigError(f"{name}: {problem.where}", problem.what, problem.hint) for problem in problems]
        )
    return msgspec.convert(settings, Settings)


_HOST: Final = re.compile(r"[a-z0-9:]([a-z0-9.:-]*[a-z0-9])?", re.IGNORECASE)
_HOST_PATTERN: Final = re.compile(r"[a-z0-9*-]*\*[a-z0-9*-]*(\.[a-z0-9-]+){3,}", re.IGNORECASE)


def _host_problems(hosts: Sequence[str]) -> list[ConfigError]:
    """Why some of `download-hosts` cannot be used: a wildcard must not let in whom nobody knows."""
    problems = []
    for number, host in enumerate(hosts, 1):
        path = f"download-hosts[{number}]"
        if "*" in host and not _HOST_PATTERN.fullmatch(host):
            hint = "put three more labels behind the wildcard, as in '*.reports.example.com', or name each host"
            problems.append(ConfigError(path, f"{_shown(host)} would let in too many hosts", hint))
        elif "*" not in host and not _HOST.fullmatch(host):
            problems.append(ConfigError(path, f"{_shown(host)} is not a host", "write it without https:// and path"))
    return problems


def _read(value: object, kind: Any, path: str, problems: list[ConfigError]) -> Any:
    """The value as its type says; problems are collected, so that all are told at once."""
    bare = _bare(kind)
    if isinstance(bare, type) and issubclass(bare, Struct):
        return _read_struct(value, bare, path, problems)
    if get_origin(bare) is tuple and isinstance(value, list):
        inner = get_args(bare)[0]
        return tuple(_read(item, inner, f"{path}[{number}]", problems) for number, item in enumerate(value, 1))
    mapping = next((part for part in (bare, *get_args(bare)) if get_origin(part) is dict), None)
    if mapping is not None and isinstance(value, dict):
        inner = get_args(mapping)[1]
        return {str(key): _read(item, inner, f"{path}.{visible(key)}", problems) for key, item in value.items()}
    try:
        return msgspec.convert(value, type=kind)
    except msgspec.ValidationError:
        problems.append(ConfigError(path, *_wrong(value, kind, bare)))
        return None


def _wrong(value: object, kind: Any, bare: Any) -> tuple[str, str]:
    """What is wrong about a value, and what would be right, in the words of who wrote it."""
    try:
        msgspec.convert(value, type=bare)
    except msgspec.ValidationError:
        pass
    else:  # of the right type: a bound is crossed
        return f"{_shown(value)} {_bound(value, _metas(kind))}", _as_share(value, kind) or _example(kind)
    if type(value) is int and value < 0 and int in map(_bare, get_args(bare)):
        return f"{_shown(value)} is less than 0", "use 0 or more"
    if bare is str and isinstance(value, bool):
        return f"{_shown(value)} is not text", "YAML reads NO, yes, on and off as true or false: put it in quotes"
    said = f"{_shown(value)} is not {describe(kind)}"
    if get_origin(bare) is tuple:
        one = isinstance(value, str | int | float)
        return said, f"put it in brackets: [{_shown(value)}]" if one else _example(kind)
    if get_origin(bare) is Literal and isinstance(value, str):
        near = difflib.get_close_matches(value, map(str, get_args(bare)), 1, 0.5)
        return said, f"did you mean `{near[0]}`?" if near else ""
    if bare in (int, float) and isinstance(value, str) and re.fullmatch(r"-?[0-9.]+", value):
        return said, f"leave the quotes out: {value}"
    if bare is float and isinstance(value, str) and (percent := re.fullmatch(r"(-?[0-9]+(?:\.[0-9]+)?) ?%", value)):
        return said, _as_share(float(percent[1]), kind) or f"leave the sign out: {percent[1]}"
    return said, _example(kind)


def _as_share(value: object, kind: Any) -> str:
    """`write it as 0.6` for 60 where a share belongs; empty for other values and keys."""
    share = any((meta.ge, meta.le) == (0, 1) for meta in _metas(kind))
    return f"write it as {value / 100:g}" if share and isinstance(value, int | float) and 0 <= value <= 100 else ""


def _bound(value: object, metas: Sequence[Meta]) -> str:
    """How a value of the right type lies outside its bounds."""
    for meta in metas:
        least, most = meta.ge if meta.ge is not None else meta.gt, meta.le if meta.le is not None else meta.lt
        if least is not None and most is not None:
            return f"is not between {least:g} and {most:g}" + (", a share: 58 % is 0.58" if most == 1 else "")
        if least is not None:
            return f"is less than {least:g}" if meta.ge is not None else f"is not more than {least:g}"
        if most is not None:
            return f"is more than {most:g}" if meta.le is not None else f"is not less than {most:g}"
        if meta.min_length and not value:
            return "is empty"
        if meta.max_length is not None and isinstance(value, str) and len(value) > meta.max_length:
            return f"has {len(value)} characters, of which {meta.max_length} are the most"
        if meta.pattern is not None:
            return "has another form than this key takes"
    return "is not what this key takes"


def _metas(kind: Any) -> tuple[Meta, ...]:
    found: tuple[Meta, ...] = ()
    while get_origin(kind) is Annotated:
        kind, *rest = get_args(kind)
        found += tuple(one for one in rest if isinstance(one, Meta))
    return found


def _example(kind: Any) -> str:
    """`write it as …`, by the first example of a key; empty without one."""
    example = next((meta.examples[0] for meta in _metas(kind) if meta.examples), None)
    return "" if example is None else f"write it as {flow(example)}"


def flow(value: object) -> str:
    """A value as YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("\n").removesuffix("\n...").strip()


def _read_struct(value: object, kind: type[Struct], path: str, problems: list[ConfigError]) -> Struct | None:
    fields = {entry.encode_name: entry for entry in msgspec.structs.fields(kind)}
    if not isinstance(value, dict):
        what = f"{_shown(value)} stands where keys belong"
        off = "to turn it off, write {enabled: false}; " if value is False and "enabled" in fields else ""
        problems.append(ConfigError(path or "the file", what, f"{off}its keys are {', '.join(fields)}"))
        return None
    before = len(problems)
    read = {}
    for key, inner in value.items():
        shown = visible(key)  # a key may be anything, and a problem is one line
        inner_path = f"{path}.{shown}" if path else shown
        entry = fields.get(str(key))
        if entry is None:
            near = difflib.get_close_matches(str(key).replace("_", "-"), fields, 1, 0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(fields)}"
            problems.append(ConfigError(inner_path, "there is no such key", hint))
        elif inner is None and not entry.required:
            continue  # a key without a value: its default
        else:
            read[entry.name] = _read(inner, entry.type, inner_path, problems)
    for name, entry in fields.items():
        if entry.required and name not in value:
            problems.append(ConfigError(f"{path}.{name}" if path else name, "it is missing", _example(entry.type)))
    if len(problems) > before:
        return None
    try:
        return kind(**read)
    except ValueError as error:
        problems.append(ConfigError(path, str(error)))
        return None


def _bare(kind: Any) -> Any:
    """The type without its annotations and without `None`."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        rest = [part for part in get_args(kind) if part is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else kind
    return kind


def describe(kind: Any) -> str:
    """A type in words: "a whole number", "one of keep, update"."""
    bare = _bare(kind)
    origin = get_origin(bare)
    if origin is Literal:
        values = get_args(bare)
        return f"one of {', '.join(str(value) for value in values if value != '')}"
    if origin in (Union, UnionType):
        return " or ".join(describe(part) for part in get_args(bare) if part is not type(None))
    if origin is tuple:
        return f"a list of which each is {describe(get_args(bare)[0])}"
    if origin is dict:
        return f"a mapping of names, each to {describe(get_args(bare)[1])}"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text", date: "a day (2026-11-17)"}
    return words.get(bare, "a mapping")


def _shown(value: object) -> str:
    if value is None or isinstance(value, bool):
        return flow(value)  # as it is written, not as Python shows it
    # Lists and mappings of YAML may hold the same alias over and over: whole, they would fill the memory.
    shown = _BRIEF.repr(value) if isinstance(value, str | list | dict) else str(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration file, for editors."""
    schema = msgspec.json.schema(Settings)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of copilot-metrics-action",
        **schema,
    }
