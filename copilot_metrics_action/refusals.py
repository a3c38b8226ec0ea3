"""How GitHub refuses, each way told apart: its cause, the page where it is mended, and what to do next.

One catalogue for the run's messages, for `mode: check` and for the README's table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Refusal(Struct, frozen=True):
    """One way to be refused.

    id       what it is called in the code and in tests
    status   the HTTP statuses it comes with
    signs    words of GitHub's message in lower case, of which one is enough; empty: the status says it
    said     the message as a person sees it, for the table in the README
    cause    why, one clause
    remedy   what to do next; `{input}` is the input with the token and `{needs}` what that token must be allowed
    page     the settings page, as a person walks to it; empty when there is none
    header   a header of the answer that says the same as the signs
    """

    id: str
    status: tuple[int, ...]
    signs: tuple[str, ...]
    said: str
    cause: str
    remedy: str
    page: str = ""
    header: str = ""


POLICY_PAGE: Final = (
    "organization settings → Copilot → Policies → Features → Copilot usage metrics → Enabled "
    "(inside an enterprise: AI controls → Copilot → Metrics → Enabled everywhere)"
)
WORKFLOW_PAGE: Final = "the workflow file, or repository settings → Actions → General → Workflow permissions"

# In this order: the first that applies is the answer.
REFUSALS: Final = (
    Refusal(
        "bad-credentials",
        (401,),
        (),
        "GitHub answered 401: Bad credentials",
        "the token is wrong, expired or revoked",
        "`{input}` is wrong, expired or revoked: make a new token and update the secret",
        "repository settings → Secrets and variables → Actions",
    ),
    Refusal(
        "sso",
        (403,),
        ("saml",),
        "GitHub answered 403: Resource protected by organization SAML enforcement",
        "the organization signs people in through SAML, and the token was not let in",
        "authorize the token of `{input}` for single sign-on: token settings → Configure SSO",
        "your settings → Developer settings → Personal access tokens → Configure SSO",
        header="x-github-sso",
    ),
    Refusal(
        "ip-allow-list",
        (403,),
        ("ip allow list",),
        "GitHub answered 403: … the organization has an IP allow list enabled",
        "only listed addresses are let in, and the runner's is none of them",
        "the organization only lets listed addresses in: use a runner with a listed address, or list it",
        "organization settings → Authentication security → IP allow list",
    ),
    Refusal(
        "policy-off",
        (403,),
        ("policy must be enabled",),
        "GitHub answered 403: The 'Copilot usage metrics' policy must be enabled to use this API",
        "the policy that makes GitHub write the reports is off",
        f"enable it: {POLICY_PAGE}, then run again",
        POLICY_PAGE,
    ),
    Refusal(
        "role-missing",
        (403,),
        ("requires admin, or relevant",),
        "GitHub answered 403: This endpoint requires admin, or relevant organization role access",
        "the person behind the token may not see the metrics",
        "`{input}` needs {needs}",
        "organization settings → People, or → Organization roles",
    ),
    Refusal(
        "token-kind",
        (403,),
        ("forbids access via",),
        "GitHub answered 403: … forbids access via a personal access token (classic)",
        "the organization does not let this kind of token in, or not for so long a lifetime",
        "use an App or a fine-grained token as `{input}`, with {needs}",
        "organization settings → Personal access tokens → Settings",
    ),
    Refusal(
        "archived",
        (403,),
        ("was archived",),
        "GitHub answered 403: Repository was archived so is read-only",
        "nothing can be written into an archived repository",
        "unarchive the repository, or name another one as `repository`",
        "repository settings → General → Danger Zone",
    ),
    Refusal(
        "permission",
        (403,),
        ("not accessible by",),
        "GitHub answered 403: Resource not accessible by integration (or: by personal access token)",
        "the token was made without this permission, or is not for this organization",
        "`{input}` needs {needs}",
    ),
    Refusal(
        "forbidden",
        (403,),
        (),
        "GitHub answered 403: …",
        "GitHub refuses for a reason of its own, which its sentence tells",
        "`{input}` needs {needs}",
    ),
    Refusal(
        "not-found",
        (404,),
        (),
        "GitHub answered 404: Not Found",
        "the name is misspelt, or the token sees nothing of it",
        "check the spelling, and that `{input}` has {needs}",
    ),
    Refusal(
        "issues-off",
        (410,),
        ("disabled",),
        "GitHub answered 410: Issues has been disabled in this repository",
        "the repository has no issues",
        "turn them on, or set `issues: false`",
        "repository settings → General → Features → Issues",
    ),
    Refusal(
        "retired",
        (410,),
        ("version",),
        "GitHub answered 410: The requested API version is no longer supported",
        "this release speaks a version of the API that GitHub has switched off",
        "GitHub retired the API version this release speaks: update the action",
    ),
    Refusal(
        "empty-repository",
        (409,),
        ("empty",),
        "GitHub answered 409: Git Repository is empty",
        "the repository has no commit, so no branch can be made",
        "the repository has no commit yet: push one (the workflow file is enough)",
    ),
    Refusal(
        "server-error",
        (500, 502, 503, 504),
        (),
        "GitHub answered 500 (or 502, 503): Server Error",
        "GitHub has trouble, which mostly passes",
        "GitHub has a problem of its own: run again, or wait for tomorrow's run",
        "githubstatus.com",
    ),
    Refusal(
        "unprocessable",
        (422,),
        (),
        "GitHub answered 422: …",
        "GitHub does not take what was sent; its sentence names the field",
        "",
    ),
)
OTHER: Final = Refusal(
    "other",
    (),
    (),
    "GitHub answered …",
    "an answer that GitHub does not document here",
    "run again; if it lasts, see githubstatus.com",
    "githubstatus.com",
)


def refusal(status: int, headers: Mapping[str, str], message: str) -> Refusal:
    """Which way of refusing an answer of GitHub is. `headers` have names in lower case."""
    return next((one for one in REFUSALS if _applies(one, status, headers, message.lower())), OTHER)


def _applies(one: Refusal, status: int, headers: Mapping[str, str], said: str) -> bool:
    if status not in one.status and not (status >= 500 and 500 in one.status):
        return False
    return not one.signs or any(sign in said for sign in one.signs) or (one.header != "" and one.header in headers)


def named(kind: str) -> Refusal:
    """The refusal with this id; `OTHER` when there is none."""
    return next((one for one in REFUSALS if one.id == kind), OTHER)


# Trouble of GitHub or of the network, which more questions would only make worse.
RATE_LIMIT: Final = "GitHub's rate limit is used up"
NO_ANSWER: Final = "GitHub did not answer"


def passing(said: str) -> bool:
    """Whether an error's text tells of trouble that is nobody's setting: a rate limit, silence, a server error."""
    return RATE_LIMIT in said or NO_ANSWER in said or re.search(r"GitHub answered 5\d\d", said) is not None
