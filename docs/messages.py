"""Every message of the action with its cause and its remedy: the table of the README, by `make docs`.

What GitHub itself refuses comes from the code's own catalogue; the rest stands here. Tests compare both with the code.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from copilot_metrics_action.refusals import REFUSALS


class Message(Struct, frozen=True):
    """One row.

    said    the message as it stands in the log, `…` for what differs from case to case
    words   what of it stands in the code: a message that holds one of them is this one
    """

    said: str
    cause: str
    remedy: str
    words: tuple[str, ...]


def _refusals() -> tuple[Message, ...]:
    return tuple(
        Message(
            one.said,
            one.cause,
            (_remedy(one.remedy) + (f" ({one.page})" if one.page and one.page not in one.remedy else "")).strip(),
            one.signs or tuple(f"GitHub answered {status}" for status in one.status),
        )
        for one in REFUSALS
    )


def _remedy(text: str) -> str:
    """A remedy of the catalogue for whichever of the two tokens it is about."""
    for said, shown in (
        ("`{input}` needs {needs}", "the message names the [permission](#tokens) that is missing"),
        (", and that `{input}` has {needs}", ", and the [permission](#tokens) that the message names"),
        ("`{input}` is wrong, expired or revoked: ", ""),
        ("the token of `{input}`", "the token"),
        (" as `{input}`, with {needs}", ", with the [permission](#tokens) that the message names"),
    ):
        text = text.replace(said, shown)
    if "{" in text:
        raise ValueError(f"docs/messages.py has no general words for: {text}")
    return text or "report it, with the line of the log"


GROUPS: Final[tuple[tuple[str, tuple[Message, ...]], ...]] = (
    (
        "Tokens and permissions",
        (
            *_refusals(),
            Message(
                "copilot-token: it is empty",
                "the secret is not set, spelt differently, or withheld from the event (a fork's pull request)",
                "store the token as a secret of this repository or organization, and pass it by that name",
                ("it is empty",),
            ),
            Message(
                "github-token: it is empty",
                "a secret is passed that is not set; on a terminal there is no token of a workflow",
                "leave the input out, or set the secret; on a terminal set `GITHUB_TOKEN`",
                ("github-token: it is empty",),
            ),
            Message(
                "copilot-token: there is no line for …",
                "there are lines, but none for this scope",
                "add the line that the message shows",
                ("there is no line for", "there is no token for", "a line is not `organizations/"),
            ),
            Message(
                "the token holds a space or an unprintable character",
                "something else was pasted with it",
                "paste the token again, alone",
                ("the token holds a space",),
            ),
            Message(
                "GitHub's rate limit is used up (…)",
                "many workflows share the token",
                "nothing is lost: the next run catches up",
                ("rate limit is used up", "is too long for one run"),
            ),
        ),
    ),
    (
        "Reports and seats",
        (
            Message(
                "GitHub answered 404 for its reports",
                "the slug is misspelt, or the token sees nothing of it",
                "check both; `mode: check` asks without changing anything",
                ("GitHub answered 404 for its reports",),
            ),
            Message(
                "GitHub has no report for it yet",
                "the policy was enabled in the last days",
                "wait for tomorrow's run",
                ("GitHub has no report for it yet",),
            ),
            Message(
                "GitHub could not make its report just now (502)",
                "GitHub has trouble, which mostly passes",
                "run again, or wait for tomorrow's run (githubstatus.com)",
                ("could not make its report just now",),
            ),
            Message(
                "the report is not ready yet; the newest stored day is …",
                "GitHub is late; this is a notice, and the run is green for a week",
                "nothing",
                ("the report is not ready yet",),
            ),
            Message(
                "the newest report is of …, more than 7 days ago",
                "the policy was switched off, or GitHub is late",
                "check the policy and githubstatus.com",
                ("the newest report is of",),
            ),
            Message(
                "users reports: GitHub answers 404 for them, although it has the other reports",
                "the token may not read the reports about people",
                "give it the right, or set `people: none`",
                ("although it has the other reports",),
            ),
            Message(
                "report …: the file is empty, is not JSON, holds another day, is about single people, …",
                "GitHub's file is not what it documents; nothing of it is stored",
                "it is asked for again on the next run; if it lasts, report it to GitHub's support",
                (
                    "the file is empty",
                    "is not JSON",
                    "it holds another day",
                    "it is about single people",
                    "has no usable day",
                    "not a record",
                    "not a list of records",
                    "lines are of another day",
                    "lines cannot be read",
                    "a line of it is over",
                ),
            ),
            Message(
                "the link points to …, which is not a documented host of Copilot reports",
                "GitHub serves reports from a new host",
                "if its documentation names the host, add it to `download-hosts`",
                ("which is not a documented host", "is not a host", "would let in too many hosts"),
            ),
            Message(
                "the link is …://, uses port …, carries a user name, is none",
                "GitHub gave a link that this Action does not follow; nothing was sent",
                "run again; if it lasts, look for a proxy that changes GitHub's answers",
                ("the link is", "the link uses port", "the link carries a user name", "gave a link that is none"),
            ),
            Message(
                "the download broke off, took over … s, the host answered …, the file is over … bytes",
                "the download failed, or is larger than any report",
                "the next run asks again",
                (
                    "the download broke off",
                    "the download took over",
                    "the host answered",
                    "the file is over",
                    "not what its compression says",
                    "file … of …",
                ),
            ),
            Message(
                "as-of: GitHub's reports … begin on …, or: GitHub gives reports … from … on",
                "`as-of` lies before everything that GitHub still has",
                "use a later day",
                ("reports of {", "gives reports of", "begin on"),
            ),
        ),
    ),
    (
        "The repository and its branches",
        (
            Message(
                "a branch protection or ruleset forbids the update (…)",
                "a rule covers every branch",
                "exclude the branch from it; `mode: check` names the rule",
                ("a branch protection or ruleset forbids",),
            ),
            Message(
                "it could not be updated in 5 tries",
                "another run writes at the same time",
                "give all workflows that write there one `concurrency` group",
                ("it could not be updated in",),
            ),
            Message(
                "… is public, so everybody could read the figures",
                "the repository is public",
                "use a private one, or set `allow-public: true`",
                ("is public, so everybody",),
            ),
            Message(
                "'…' is the default branch, or: it is the data branch",
                "`data-branch` or `charts-branch` names a branch that has another use",
                "choose a branch used for nothing else",
                ("is the default branch", "it is the data branch"),
            ),
            Message(
                "repository: … is now called …",
                "the repository was renamed or moved",
                "use the new name",
                ("is now called",),
            ),
            Message(
                "the file is damaged (…)",
                "somebody edited a stored file; it is left as it is, and its scope stops",
                "restore it from the branch's history; what is derived is made again",
                ("the file is damaged", "the stored file is damaged", "it belongs to", "its lines are not"),
            ),
            Message(
                "it has format …, and this release knows formats up to …",
                "a newer release wrote it",
                "use that release again; nothing was changed",
                ("it has format", "is old"),
            ),
            Message(
                "the folder holds too many files to be listed",
                "something else is stored on the branch",
                "keep the branch for this Action alone",
                ("too many files to be listed",),
            ),
            Message(
                "the archive … does not hold this file as it is on the branch",
                "a `.gitattributes` keeps files out of archives",
                "remove it from the data branch",
                ("does not hold this file",),
            ),
            Message(
                "this run has made as many writes as GitHub takes",
                "a first run with very many issues or files",
                "the next run does the rest",
                ("as many writes as GitHub takes",),
            ),
            Message(
                "what was to be sent holds a token of this run",
                "a token got into the configuration or into a template of your own; nothing was sent",
                "take it out there, and revoke it",
                ("holds a token of this run",),
            ),
            Message(
                "issues: the time of this run was over, or an issue cannot be read",
                "there was more to do than time, or GitHub's answer is odd",
                "the next run does the rest",
                ("the time of this run was over", "an issue that cannot be read", "is not an issue"),
            ),
        ),
    ),
    (
        "Inputs and configuration",
        (
            Message(
                "….yml: …: there is no such key; did you mean …?",
                "a slip of the pen",
                "every problem is listed at once, each with its place",
                ("there is no such key", "stands where keys belong", "it is missing"),
            ),
            Message(
                "….yml: …: … is not …",
                "the value is of another kind, or outside its bounds",
                "the message says what would be right; [docs/configuration.md](docs/configuration.md) has every key",
                (
                    "is not one of",
                    "is not between",
                    "has another form",
                    "`end` is before `start`",
                    "there is no section",
                    "the limit that closes must lie",
                    "it is longer than",
                ),
            ),
            Message(
                "….yml:…: it is not YAML (…)",
                "indentation, quotes, a key that stands twice",
                "mend that line",
                ("it is not YAML", "stands twice", "half a character", "there is no day"),
            ),
            Message(
                "organization: '…' is not a slug; mode, repository, branch, day, address …: '…' is not …",
                "an input is not what it should be",
                "the message shows the form",
                (
                    "is not a slug",
                    "is not one of",
                    "is not a day",
                    "is not a branch name",
                    "is not a repository; write",
                    "is not the address of an API",
                    "it is not known",
                ),
            ),
            Message(
                "config-file: there is no …; the defaults are used",
                "the file is neither in the workspace nor in the repository at the commit of the run; no failure",
                "mend the path, or leave the input out",
                ("the defaults are used",),
            ),
            Message(
                "…: this run does not serve organizations/…",
                "the configuration names an organization or enterprise that the inputs do not; no failure",
                "mend the slug, or name it as `organization` or `enterprise`",
                ("this run does not serve",),
            ),
            Message(
                "as-of: … is in the future",
                "reports are about the past",
                "use today or an earlier day",
                ("is in the future",),
            ),
            Message(
                "it leads out of the workspace",
                "a path or a link points to another place of the machine",
                "store the file itself in the repository",
                ("leads out of",),
            ),
            Message(
                "it is over … bytes, is not a text file, cannot be read",
                "a configuration file or template that is none",
                "store it as UTF-8 text",
                ("it is over", "is not a text file", "it cannot be read"),
            ),
            Message(
                "calendar.country: the package `holidays` knows no '…'",
                "the code of the country or its part is another",
                "list the days under `calendar.days-off`",
                ("the package `holidays` knows no",),
            ),
            Message(
                ".github/copilot-metrics/….j2:…: '…' is undefined",
                "one of your own templates is broken",
                "mend it or remove it; until then the shipped ones are used",
                ("syntax error", "an undefined name"),
            ),
            Message(
                ".github/copilot-metrics/….j2: no template has this name",
                "a file below `.github/copilot-metrics/` replaces nothing; no failure",
                "name it like the template below `templates/` that it is to replace",
                ("no template has this name",),
            ),
            Message(
                "ca-certificates: it is neither PEM text nor a file of the workspace",
                "the file is not there, most likely since nothing was checked out",
                "check out the repository first, or pass the PEM text",
                ("neither PEM text nor a file",),
            ),
        ),
    ),
    (
        "What only `mode: check` tells",
        (
            Message(
                "rule '…' on …: changes must come through a pull request, nobody may update the branch, …",
                "a ruleset covers the branch, and would stop the commit of a run",
                "exclude the branch from the rule, or put the App of `github-token` on its bypass list",
                ("exclude `", "does not match", "must match", "commits must be signed", "files ending in"),
            ),
            Message(
                "writing the branches, writing issues: only writing shows it, and a check changes nothing",
                "GitHub does not tell beforehand whether a token may write",
                "compare the `permissions` of the job with [the table](#tokens)",
                ("a check changes nothing",),
            ),
            Message(
                "copilot-token and github-token: the two tokens look swapped, or both are the workflow's own",
                "a token was passed as the wrong input",
                "leave `github-token` out, and pass the secret as `copilot-token`",
                ("look swapped", "both are the workflow's own token"),
            ),
            Message(
                "copilot-token: it ends on …",
                "the token expires within 14 days",
                "make a new one and update the secret, or use an App, whose tokens renew themselves",
                ("it ends on",),
            ),
            Message(
                "copilot-token: a classic token with the scopes …, that may do more than it needs: …",
                "the scopes are others than [the table](#tokens) names",
                "make a token with the scopes named there alone",
                ("that may do more than it needs", "with the scopes: "),
            ),
            Message(
                "… reports: GitHub has no report yet (204, 200)",
                "the policy was enabled in the last days; until the first report a run fails",
                "wait up to three days",
                ("has no report yet",),
            ),
            Message(
                "… people: figures of so few are figures of persons",
                "fewer than five people were active in 28 days",
                "tell them, or report on a larger organization",
                ("figures of so few",),
            ),
            Message(
                "issues.assignees: … cannot be assigned here; issues.milestone: … it is closed",
                "the login is misspelt or may not write in the repository; the milestone was closed",
                "mend the configuration; until then issues are opened without them",
                ("cannot be assigned here", "issues are opened without it"),
            ),
            Message(
                "repository …: it is archived, it has no issues, it is public and `allow-public` is set",
                "the repository is not as a run needs it",
                "unarchive it, turn issues on or set `issues: false`, use a private one",
                ("it is archived", "repository has no issues", "is public and"),
            ),
            Message(
                "github-token: whoever the token belongs to may not write here",
                "a person's token was passed, and that person only reads the repository",
                "give them write access, or leave `github-token` out",
                ("may not write here",),
            ),
        ),
    ),
    (
        "Network and runner",
        (
            Message(
                "GitHub did not answer (SSLError)",
                "a proxy with a certificate authority of its own stands in between",
                "give it as `ca-certificates`",
                ("GitHub did not answer",),
            ),
            Message(
                "GitHub did not answer (ProxyError, ConnectionError, Timeout)",
                "the runner cannot reach GitHub",
                "check HTTPS_PROXY and NO_PROXY of the runner, and githubstatus.com",
                ("GitHub did not answer",),
            ),
            Message(
                "GitHub's answer is not JSON, is not a list, could not be read, …",
                "something in between answered, or GitHub is degraded",
                "run again; if it lasts, look at the proxy",
                (
                    "GitHub's answer",
                    "it is not a tar archive",
                    "GitHub is still preparing its answer",
                ),
            ),
            Message(
                "the … minutes of this run were over",
                "there was more to read than time",
                "the next run goes on from there; `run-minutes` allows more",
                ("of this run were over",),
            ),
            Message(
                "it cannot be written (…)",
                "the disk is full, or a folder belongs to another user",
                "check the folder",
                ("it cannot be written",),
            ),
            Message(
                "an unexpected error; please report it …",
                "a mistake of ours",
                "report it with the lines above it; they hold no token",
                ("an unexpected error",),
            ),
        ),
    ),
)


def table() -> str:
    """The groups as headings and Markdown tables."""
    parts = []
    for title, messages in GROUPS:
        rows = "\n".join(f"| {_code(one.said)} | {_cell(one.cause)} | {_cell(one.remedy)} |" for one in messages)
        parts.append(f"**{title}**\n\n| message | cause | remedy |\n|:--|:--|:--|\n{rows}\n")
    return "\n".join(parts)


def found(said: str) -> list[Message]:
    """The rows in which somebody with this message finds it."""
    lower = said.lower()
    return [one for _, messages in GROUPS for one in messages if any(word.lower() in lower for word in one.words)]


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
