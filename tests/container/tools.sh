#!/bin/sh
# Installs what builds and runs images where there is no Docker engine. As root, on Debian or Ubuntu.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends podman buildah runc crun fuse-overlayfs netavark aardvark-dns slirp4netns uidmap mmdebstrap
