"""`copilot-metrics completions`: what a shell needs to complete the command, made from its grammar."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from copilot_metrics_action.runner import Runner

PROGRAM: Final = "copilot-metrics"


class Command(Struct, frozen=True):
    """A command: what it is for, and its options with what each is for."""

    help: str
    options: Mapping[str, str]


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = commands.add_parser(
        "completions",
        help="print what a shell needs to complete this command",
        description="Prints a script for your shell.",
        epilog='bash: eval "$(copilot-metrics completions bash)" in ~/.bashrc. '
        "zsh: copilot-metrics completions zsh > _copilot-metrics in a folder of $fpath. "
        "fish: copilot-metrics completions fish > ~/.config/fish/completions/copilot-metrics.fish",
    )
    one.add_argument("shell", choices=sorted(SHELLS), help="whose script to print")
    one.set_defaults(command=_completions, grammar=commands)


def _completions(options: argparse.Namespace, runner: Runner) -> int:
    print(SHELLS[options.shell](grammar_of(options.grammar)), end="")
    return 0


def grammar_of(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> dict[str, Command]:
    """The commands by name, in the order of the help."""
    helps = {action.dest: action.help or "" for action in commands._choices_actions}
    return {
        name: Command(
            helps[name],
            {
                option: _plain(action.help or "")
                for action in parser._actions
                for option in action.option_strings
                if option.startswith("--")
            },
        )
        for name, parser in commands.choices.items()
    }


def _plain(text: str) -> str:
    return text.replace("%(default)s", "").replace(" (default: )", "")


def _bash(grammar: Mapping[str, Command]) -> str:
    cases = "\n".join(f'    {name}) words="{" ".join(command.options)}" ;;' for name, command in grammar.items())
    return f"""_copilot_metrics() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{" ".join(grammar)} --help --version" -- "$current"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}}
complete -o filenames -F _copilot_metrics {PROGRAM}
"""


def _zsh(grammar: Mapping[str, Command]) -> str:
    commands = "\n".join(f"    {_quoted(f'{name}:{_for_zsh(command.help)}')}" for name, command in grammar.items())
    cases = "\n".join(f"    {name}) _arguments {_specs(one)} '*:file:_files' ;;" for name, one in grammar.items())
    return f"""#compdef {PROGRAM}
_copilot_metrics() {{
  local -a commands=(
{commands}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local chosen="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$chosen" in
{cases}
  esac
}}
# The first time, a file of $fpath is run in place of its function; sourced, it only says whose completion it is.
if [ "$funcstack[1]" = "_{PROGRAM}" ]; then
  _copilot_metrics "$@"
else
  compdef _copilot_metrics {PROGRAM}
fi
"""


def _specs(command: Command) -> str:
    return " ".join(_quoted(f"{option}[{_for_zsh(said)}]") for option, said in command.options.items())


def _fish(grammar: Mapping[str, Command]) -> str:
    start = f"complete -c {PROGRAM}"
    lines = [f"{start} -n __fish_use_subcommand -a {name} -d {_quoted(one.help)}" for name, one in grammar.items()]
    lines += [
        f"{start} -n '__fish_seen_subcommand_from {name}' -l {option[2:]} -d {_quoted(said)}"
        for name, one in grammar.items()
        for option, said in one.options.items()
    ]
    return "\n".join(lines) + "\n"


def _for_zsh(text: str) -> str:
    return text.replace("[", "(").replace("]", ")").replace(":", " ")


def _quoted(text: str) -> str:
    """A word for bash, zsh and fish alike."""
    return "'" + text.replace("\\", " ").replace("'", "’") + "'"


SHELLS: Final[Mapping[str, Callable[[Mapping[str, Command]], str]]] = {"bash": _bash, "fish": _fish, "zsh": _zsh}
