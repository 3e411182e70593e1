#!/usr/bin/env bash
# Remakes assets/screenshot.png, the README's picture, from the real window. Needs what .ci/run installs.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build
export SOCKEYE="$PWD/target/debug/sockeye"
exec /usr/bin/python3 -B tests/e2e/session.py --without-portal screenshot "$PWD/assets/screenshot.png"
