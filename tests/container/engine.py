"""Builds and runs images with whatever this machine has: a Docker engine, podman with runc, or buildah.

Where neither the pinned base nor another registry is reached, the base is made from Debian's packages (base.sh).
"""

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LOCAL_BASE = "localhost/copilot-metrics-base:trixie"
IMAGE = "localhost/copilot-metrics-action:test"
# Where there are no control groups to set limits with, podman's own defaults would end each run.
NO_LIMITS = "[containers]\ndefault_ulimits = []\n"


class Unavailable(Exception):
    """What is missing here, and what would help."""


@dataclass(frozen=True)
class Mount:
    """A folder of this machine at a path of the container."""

    source: Path
    target: str


@dataclass(frozen=True)
class Finished:
    """A container that has ended: its exit status, what it printed, and how long it took."""

    status: int
    output: str
    seconds: float


@dataclass
class Engine:
    """One way to build and run images."""

    name: str
    scratch: Path
    environment: dict[str, str] = field(default_factory=dict)

    def call(self, *arguments: str, timeout: float = 900, check: bool = True) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [self.name, *arguments],
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        if check and result.returncode != 0:
            raise RuntimeError(f"{self.name} {arguments[0]}: exit status {result.returncode}\n{result.stdout[-4000:]}")
        return result

    # ---- the base

    def base(self) -> str:
        """The name of a base image that is here: the pinned one when a registry gives it, else our own."""
        pinned = pinned_base()
        try:
            self.call("pull", f"docker.io/library/{pinned}", timeout=300)
            return f"docker.io/library/{pinned}"
        except (RuntimeError, subprocess.TimeoutExpired):
            pass
        if self.call("inspect", "--type", "image", LOCAL_BASE, check=False).returncode != 0:
            archive = self.scratch / "base.tar"
            made = subprocess.run(["sh", Path(__file__).with_name("base.sh"), archive], capture_output=True, text=True)
            if made.returncode != 0:
                raise Unavailable(f"the base image cannot be pulled, and not be made: {made.stderr.strip()[-400:]}")
            self.load(archive)
            archive.unlink()
        return LOCAL_BASE

    def load(self, archive: Path) -> None:
        self.call("import", str(archive), LOCAL_BASE)

    # ---- the image

    def build(self, base: str) -> None:
        self.call("build", "--network", "host", "--build-arg", f"BASE={base}", "--tag", IMAGE, str(CHECKOUT))

    def run(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        mounts: Sequence[Mount] = (),
        workdir: str | None = None,
        network: str = "none",
        entrypoint: str | None = None,
        hardened: bool = False,
    ) -> Finished:
        """Run the image to its end. `hardened`: read-only root, no capability, only /tmp to write to."""
        options = ["--rm", "--network", network]
        for name, value in (environment or {}).items():
            options += ["--env", f"{name}={value}"]
        for mount in mounts:
            options += ["--volume", f"{mount.source}:{mount.target}"]
        if workdir:
            options += ["--workdir", workdir]
        if entrypoint:
            options += ["--entrypoint", entrypoint]
        if hardened:
            options += ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "all"]
        begun = time.monotonic()
        result = self.call(*self.global_options(), "run", *options, IMAGE, *arguments, check=False)
        return Finished(result.returncode, result.stdout, time.monotonic() - begun)

    def global_options(self) -> list[str]:
        return []

    def layers(self, image: str) -> list[str]:
        """The digests of the image's layers, lowest first."""
        described = json.loads(self.call("inspect", "--type", "image", image).stdout)
        return list(described[0]["RootFS"]["Layers"])

    def compressed_size(self, base: str) -> int:
        """Bytes that a machine that has the base pulls, each layer compressed as a registry would have it."""
        archive = self.scratch / "image.tar"
        self.call("save", "--output", str(archive), IMAGE)
        below = len(self.layers(base))
        total = 0
        with tarfile.open(archive) as image:
            manifest = json.load(read(image, "manifest.json"))
            for layer in manifest[0]["Layers"][below:]:
                packed = io.BytesIO()
                with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6) as target:
                    shutil.copyfileobj(read(image, layer), target)
                total += packed.tell()
        archive.unlink()
        return total


class Docker(Engine):
    """A Docker engine. Its older builder pulls a base even where another is chosen, so the choice is written down."""

    def build(self, base: str) -> None:
        recipe = self.scratch / "Dockerfile"
        recipe.write_text((CHECKOUT / "Dockerfile").read_text().replace(f"FROM {pinned_base()} ", f"FROM {base} "))
        self.call("build", "--network", "host", "--file", str(recipe), "--tag", IMAGE, str(CHECKOUT))


class Podman(Engine):
    """Podman with runc, without control groups, builds in a plain chroot: works inside most containers."""

    def build(self, base: str) -> None:
        self.call(
            *("build", "--isolation", "chroot", "--network", "host", "--build-arg", f"BASE={base}"),
            *("--tag", IMAGE, str(CHECKOUT)),
        )

    def global_options(self) -> list[str]:
        return ["--runtime", "runc"]


class Buildah(Engine):
    """Buildah alone: the image is built and run in a plain chroot, so it is neither cut off nor read-only."""

    def load(self, archive: Path) -> None:
        container = self.call("from", "scratch").stdout.strip()
        self.call("add", container, str(archive), "/")
        self.call("commit", "--rm", container, LOCAL_BASE)

    def build(self, base: str) -> None:
        self.call("bud", "--isolation", "chroot", "--build-arg", f"BASE={base}", "--tag", IMAGE, str(CHECKOUT))

    def run(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        mounts: Sequence[Mount] = (),
        workdir: str | None = None,
        network: str = "none",
        entrypoint: str | None = None,
        hardened: bool = False,
    ) -> Finished:
        options = ["--isolation", "chroot"]
        for name, value in (environment or {}).items():
            options += ["--env", f"{name}={value}"]
        for mount in mounts:
            options += ["--volume", f"{mount.source}:{mount.target}"]
        if workdir:
            options += ["--workingdir", workdir]
        container = self.call("from", "--pull-never", IMAGE).stdout.strip()
        try:
            configured = json.loads(self.call("inspect", container).stdout)["OCIv1"]["config"]
            command = [entrypoint] if entrypoint else configured["Entrypoint"]
            begun = time.monotonic()
            result = self.call("run", *options, container, "--", *command, *arguments, check=False)
            return Finished(result.returncode, result.stdout, time.monotonic() - begun)
        finally:
            self.call("rm", container)

    def layers(self, image: str) -> list[str]:
        described = json.loads(self.call("inspect", "--type", "image", image).stdout)
        return list(described["OCIv1"]["rootfs"]["diff_ids"])

    def compressed_size(self, base: str) -> int:
        target = self.scratch / "image"
        self.call("push", IMAGE, f"dir:{target}")
        manifest = json.loads((target / "manifest.json").read_text())
        return sum(layer["size"] for layer in manifest["layers"][len(self.layers(base)) :])


def read(archive: tarfile.TarFile, name: str) -> io.BufferedIOBase:
    member = archive.getmember(name)
    # podman writes equal layers once, and links the rest to them
    if member.issym():
        name = os.path.normpath(os.path.join(os.path.dirname(name), member.linkname))
    content = archive.extractfile(name)
    if content is None:
        raise RuntimeError(f"the saved image has no file '{name}'")
    return content  # type: ignore[return-value]


def pinned_base() -> str:
    match = re.search(r"^FROM (python:\S+@sha256:[0-9a-f]{64}) ", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
    if match is None:
        raise RuntimeError("the Dockerfile pins no base")
    return match.group(1)


def find_engine(scratch: Path) -> Engine:
    """The first engine that answers. Raises Unavailable with a word on what would help."""
    if shutil.which("docker"):
        docker = Docker("docker", scratch)
        if docker.call("info", timeout=60, check=False).returncode == 0:
            return docker
    if os.geteuid() == 0 and shutil.which("podman") and shutil.which("runc"):
        limits = scratch / "containers.conf"
        limits.write_text(NO_LIMITS)
        return Podman("podman", scratch, {"CONTAINERS_CONF": str(limits)})
    if os.geteuid() == 0 and shutil.which("buildah"):
        return Buildah("buildah", scratch)
    raise Unavailable("no Docker engine, and no podman with runc; as root on Debian: sh tests/container/tools.sh")
