"""Downloads of signed links: a session without any token, https only, known hosts only, no redirects, bounded."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from copilot_metrics_action.errors import ActionError, ReportError
from copilot_metrics_action.github import limits
from copilot_metrics_action.github.journal import Journal
from copilot_metrics_action.github.patience import Patience
from copilot_metrics_action.github.streams import bounded, fetched, plain_session

# GitHub's Copilot allowlist reference names these hosts of report links; `*.SUBDOMAIN.ghe.com` is added for GHE.com.
DOWNLOAD_HOSTS: Final = (
    "copilot-reports.github.com",
    "copilot-reports-*.b01.azurefd.net",
    "usagereports*.blob.core.windows.net",
)

# Readers of addresses disagree on what else a host may hold: urllib takes `a.example\.b.example` for one host, and
# urllib3 connects to a.example.
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")


class Downloads:
    """Fetches signed links: a session without any token, https only, known hosts only, no redirects, bounded.

    The links are secrets: they are never part of a message.
    """

    def __init__(
        self,
        api_url: str,
        hosts: Sequence[str] = (),
        *,
        verify: bool | str = True,
        patience: Patience | None = None,
        journal: Journal | None = None,
    ) -> None:
        api = urlsplit(api_url)
        self._plain_allowed = api.scheme == "http"
        host = api.hostname or ""
        ghe = (f"*.{host.removeprefix('api.')}",) if host.endswith(".ghe.com") else ()
        self._hosts = (*DOWNLOAD_HOSTS, *ghe, host, *(name.lower() for name in hosts))
        self._verify = verify
        self._patience = patience or Patience()
        self._journal = journal or Journal()
        self._session = plain_session()

    def read(self, link: str) -> bytes:
        """The whole decoded file. Raises ReportError; nothing of a broken download is returned."""
        return b"".join(self.pieces(link))

    def pieces(self, link: str) -> Iterator[bytes]:
        """The decoded file as it arrives. Raises as `read` does, maybe after some pieces, which are then no use."""
        where = f"report download from {self._check(link)}"
        pieces = fetched(self._session, link, where, self._verify, self._patience)
        return self._told(where, bounded(pieces, "report download", limits.MAX_DECODED_BYTES))

    def _told(self, where: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        begun, size = time.perf_counter(), 0
        try:
            for piece in pieces:
                size += len(piece)
                yield piece
        except ActionError as error:
            self._journal.request("GET", where, begun, error.what)
            raise
        self._journal.request("GET", where, begun, f"{size:,} bytes")

    def _check(self, link: str) -> str:
        try:
            parts = urlsplit(link)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise ReportError("report download", "GitHub gave a link that is none", "run again") from None
        if parts.scheme != "https" and not (self._plain_allowed and parts.scheme == "http"):
            raise ReportError(
                "report download", f"the link is {parts.scheme or 'no'}://, not https", "nothing was sent"
            )
        if parts.username or parts.password:
            raise ReportError("report download", "the link carries a user name", "nothing was sent")
        if not _HOST.fullmatch(host):
            raise ReportError("report download", "GitHub gave a link that is none", "run again")
        if not any(fnmatchcase(host, pattern) for pattern in self._hosts):
            raise ReportError(
                "report download",
                f"the link points to {host}, which is not a documented host of Copilot reports",
                f"if GitHub's allowlist reference names it, add it to `download-hosts`: [{host}]",
            )
        if port not in (None, 443) and not self._plain_allowed:
            raise ReportError("report download", f"the link uses port {port}", "nothing was sent")
        return host
