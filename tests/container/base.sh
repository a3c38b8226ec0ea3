#!/bin/sh
# Makes a stand-in for the base image where no registry of images is reached: Debian 13 with its own Python 3.13.
#
#     tests/container/base.sh base.tar
#
# Needs root and mmdebstrap (see tools.sh). The certificates of this machine go in, so that pip trusts what it trusts.
set -eu

target="${1:?name the file to write: base.sh base.tar}"

if ! command -v mmdebstrap >/dev/null; then
    echo "base.sh: mmdebstrap is missing; as root on Debian: sh tests/container/tools.sh" >&2
    exit 3
fi

mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates \
    --customize-hook='copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs' \
    --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/usr/share/doc/* "$1"/usr/share/man/*' \
    trixie "$target"
