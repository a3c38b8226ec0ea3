# The image of the Action. Only instructions that Docker's older builder, podman and buildah know as well.

# Python 3.13.16 on Debian 13, an index for amd64 and arm64. This digest is the one that adpeace/boilerio pins in its
# Dockerfile, at 91ec8dc23391814a6d7aa5d2e9bc2cdd8e5197c9. It stands in a FROM, since Dependabot does not look at an ARG
# (dependabot/dependabot-core#2057); `--build-arg BASE=<image>` builds on another one all the same.
ARG BASE=pinned
FROM python:3.13-slim-trixie@sha256:bf44cdfcb76cd3b41e879bc058fc37ec5872002ccfde7fcb765e218cde0cd79c AS pinned

# ---- build: a virtual environment with the locked dependencies and the package; pip stays behind
# hadolint ignore=DL3006
FROM ${BASE} AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1

COPY requirements.txt requirements-build.txt /src/
RUN python3 -m venv /opt/build \
    && /opt/build/bin/python -m pip install --quiet --only-binary :all: --require-hashes \
        -r /src/requirements-build.txt \
    && python3 -m venv --without-pip /opt/venv \
    && /opt/build/bin/python -m pip --python /opt/venv/bin/python install --quiet --no-compile \
        --only-binary :all: --require-hashes -r /src/requirements.txt

COPY pyproject.toml LICENSE /src/
COPY copilot_metrics_action /src/copilot_metrics_action
COPY templates /src/templates
COPY tests/container/slim.py /src/slim.py
COPY entrypoint.py /opt/action/entrypoint.py

# Matplotlib lists the fonts once, here; else each run would spend a second on it.
ENV MPLCONFIGDIR=/opt/action/matplotlib
RUN /opt/build/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /src/dist /src \
    && /opt/build/bin/python -m pip --python /opt/venv/bin/python install --quiet --no-compile --no-deps /src/dist/*.whl \
    && /opt/venv/bin/python /src/slim.py /opt/venv /opt/action /opt/stdlib

# ---- the image
# hadolint ignore=DL3006
FROM ${BASE}

LABEL org.opencontainers.image.title="copilot-metrics-action" \
      org.opencontainers.image.description="Keeps GitHub Copilot usage metrics in your repository, shows the trend each morning, and opens an issue when adoption stalls." \
      org.opencontainers.image.licenses="MIT"

# Nothing installs anything here any more.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip

COPY --from=build /opt/stdlib /
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/action /opt/action

ENV MPLCONFIGDIR=/opt/action/matplotlib

# The user stays root: the workspace and the files behind GITHUB_OUTPUT and GITHUB_STEP_SUMMARY belong to the runner's
# user, and no other user of the container may write them. There is no WORKDIR, since the runner sets its own, which is
# somebody's checkout: -P keeps it out of the import path, -E and -s keep a PYTHONPATH of the job out.
# hadolint ignore=DL3002
USER 0
ENTRYPOINT ["/opt/venv/bin/python", "-P", "-E", "-s", "-B", "-u", "/opt/action/entrypoint.py"]
