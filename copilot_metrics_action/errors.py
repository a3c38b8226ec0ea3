"""What went wrong, told so that an administrator can act: where, what, what to do next."""

from __future__ import annotations

from collections.abc import Sequence


class ActionError(Exception):
    """Something the user can mend.

    where  the input, key, file, scope or permission it is about
    what   what happened, one clause
    hint   what to do next; empty when `what` says it already

    Its text is one line, `where: what; hint`, and becomes one `::error` annotation.
    """

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        self.where = where
        self.what = what
        self.hint = hint
        super().__init__(where, what, hint)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.hint}" if self.hint else f"{self.where}: {self.what}"


class ConfigError(ActionError):
    """An input or a key of the configuration is not usable."""


class ConfigErrors(ConfigError):
    """Every problem of the inputs and the configuration at once."""

    def __init__(self, problems: Sequence[ConfigError]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(first.where, first.what, first.hint)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class ApiError(ActionError):
    """GitHub refused, failed, or could not be reached.

    status   the HTTP status; None when there was no answer, so that a write may or may not have taken effect
    message  GitHub's own sentence, empty without one
    kind     which of `refusals.REFUSALS` it is, empty when it is no refusal
    """

    def __init__(
        self, where: str, what: str, hint: str = "", *, status: int | None = None, message: str = "", kind: str = ""
    ) -> None:
        super().__init__(where, what, hint)
        self.status = status
        self.message = message
        self.kind = kind

    def about(self, where: str) -> ApiError:
        """The same failure, told of another place."""
        return ApiError(where, self.what, self.hint, status=self.status, message=self.message, kind=self.kind)

    @property
    def uncertain(self) -> bool:
        """Whether a write that ended so may have taken effect all the same."""
        return self.status is None or self.status >= 500


class ReportError(ActionError):
    """A downloaded report is not what GitHub documents; nothing of it is stored."""


class HistoryError(ActionError):
    """A stored file cannot be used; it is left as it is."""

    @classmethod
    def damaged(cls, path: str, error: Exception) -> HistoryError:
        """A file of a day that is not what a run once wrote."""
        return cls(
            path,
            f"the file is damaged ({error})",
            "restore it from the branch's history, then run again; nothing was changed",
        )


class StoreError(ActionError):
    """The data branch, or the folder in its place, cannot be read or written."""


class TemplateError(ActionError):
    """A template cannot be rendered; names the template, the line and the name."""


class IssueError(ActionError):
    """An adoption issue cannot be read or written."""
