#!/usr/bin/env bash
# run.sh [SECONDS]: how many requests async_http_api answers, and how fast, with 64 connections: status
# and start, alone, beside a client that nobody wants, and beside 2,000 that hold connections and hardly
# send anything. The service may open 1,024 files. Each run has a hub of its own. Needs wrk and python3.
# Fails if an answer was an error, or a connection was lost for another reason than slow clients.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
seconds=${1:-30}
cargo build --quiet --release -p durable-examples --bin async_http_api \
    --manifest-path "$here/../Cargo.toml"
service=$here/../../target/release/async_http_api
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
order='{"order_id":"order-1","customer_id":"7","date":"1997-01-01","cds":30,"dollars":"440.10"}'

# measure NAME alone|abuse|slow WRK-ARGUMENTS…, the last of which is a path.
measure() {
    local name=$1 beside=$2 path=${*: -1} abuse=
    shift 2
    rm -rf "${folder:?}"/*
    (
        ulimit -n 1024
        exec "$service" --db "sqlite://$folder/load.db" --listen 127.0.0.1:0 >"$folder/out"
    ) &
    local pid=$!
    until grep -qs listening "$folder/out"; do
        kill -0 "$pid"
        sleep 0.1
    done
    local address
    address=$(sed 's/listening on //' "$folder/out")
    curl -sf -o "$folder/order" "$address/orders" --json "$order"
    if [ "$beside" != alone ]; then
        python3 "$here/$beside.py" "${address%:*}" "${address#*:}" $((seconds + 4)) &
        abuse=$!
        sleep 2
    fi
    wrk -t2 -c64 "-d${seconds}s" --latency "${@:1:$#-1}" "http://$address$path" >"$folder/wrk"
    echo "$name, $beside: $(awk '
        /Requests\/sec/ { rate = $2 } /50%/ { half = $2 } /99%/ { most = $2 }
        END { print rate " requests/s, p50 " half ", p99 " most }' "$folder/wrk")"
    # Beside slow clients an idle connection may be closed to make room; its client connects again.
    local wrong='Non-2xx'
    if [ "$beside" = slow ]; then
        grep 'Socket errors' "$folder/wrk" || true
    else
        wrong+='|Socket errors'
    fi
    if grep -E "$wrong" "$folder/wrk"; then exit 1; fi
    [ -z "$abuse" ] || wait "$abuse"
    kill "$pid"
    wait "$pid"
}

for beside in alone abuse slow; do
    measure status "$beside" /durable/instances/order-1
    measure start "$beside" -s "$here/start.lua" /durable/orchestrators/process_order
done
