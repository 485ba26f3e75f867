#!/bin/sh
# Makes the speech data: make_data.sh [WORK_DIR]   (default: build/, not committed)
# Needs: apt-get install --no-install-recommends espeak-ng python3-numpy python3-scipy
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "${PYTHON:-/usr/bin/python3}" "$here/make_data.py" "${1:-$here/build}"
