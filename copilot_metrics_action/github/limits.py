"""How much, how long and how often a run may ask of GitHub. In one place, since `docs/reliability.md` promises it."""

from __future__ import annotations

from typing import Final

# A run. What has come by then is stored in the time that is kept for it.
RUN_SECONDS: Final = 600
FINISH_SECONDS: Final = 120
LEAST_SECONDS: Final = 1  # of a request: less is no time to answer in

# A connection, and the time between two pieces of an answer.
CONNECT_SECONDS: Final = 10
READ_SECONDS: Final = 60

# Waits.
MAX_WAIT_SECONDS: Final = 300  # in one run, for all rate limits together: a job has a time limit
RATE_LIMIT_SECONDS: Final = 60  # GitHub: without Retry-After wait at least a minute, then longer
RATE_LIMIT_TRIES: Final = 3
RETRY_SECONDS: Final = (0.5, 1.5)

# Writes in a minute. GitHub: at most 80 requests that create content, and 900 points, five for each write; all in
# an hour: 500 that create content (REST API: rate limits, secondary limits; read 2026-11-21).
CREATES_A_MINUTE: Final = 80
CREATES_AN_HOUR: Final = 500
WRITES_A_MINUTE: Final = 180

# An answer of the API.
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024  # a page of a hundred issues with full bodies has 7 MB
ANSWER_SECONDS: Final = 120

# A download: a report, or an archive of the branch.
MAX_DOWNLOAD_BYTES: Final = 512 * 1024 * 1024
MAX_DECODED_BYTES: Final = 2 * 1024 * 1024 * 1024
DOWNLOAD_SECONDS: Final = 300
CHUNK_BYTES: Final = 1 << 16
