#!/bin/sh
# Runs the tests of package kernels as an ARM processor would, in an emulator: NEON, and pure Go on another architecture,
# whose compiler joins multiplications and additions. Arguments go to the tests.
set -e
cd "$(dirname "$0")"
emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || {
	echo "kernels: qemu-aarch64 is missing: install qemu-user (Debian, Ubuntu: apt-get install qemu-user)" >&2
	exit 1
}
test=$(mktemp)
trap 'rm "$test"' EXIT
GOARCH=arm64 CGO_ENABLED=0 go test -c -o "$test" .
"$emulator" "$test" -test.short "$@"
