#!/usr/bin/env bash
# Counts commits and fsyncs a step of a chain: `fsyncs.sh [N]`, N steps (1,000 unless told otherwise).
# Prints the workload's line, then the figures per step. Installs strace where it is not there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
n=${1:-1000}

command -v strace >/dev/null || { apt-get update -qq && apt-get install -y -qq strace; }

cargo bench --quiet -p durable-runtime --bench workloads --no-run
program=$(cargo bench -p durable-runtime --bench workloads --no-run 2>&1 |
    sed -n 's/.*Executable.*(\(.*\))$/\1/p')

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# strace writes each call to the log before it returns to the program, which reads the log around
# the work only.
line=$(WORKLOADS_FSYNC_LOG=$log strace -f -qq -e trace=fsync,fdatasync -o "$log" \
    "$program" w1 --n "$n")
echo "$line"
for what in commits fsyncs; do
    count=$(sed -n "s/.*\"$what\":\([0-9]*\).*/\1/p" <<<"$line")
    awk -v what="$what" -v count="$count" -v n="$n" \
        'BEGIN { printf "%s per step: %.3f\n", what, count / n }'
done
