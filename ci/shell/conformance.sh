#!/bin/sh
# Installs the suite into a virtual environment, runs it, and ends with the exit code of the run.
#
#     COMMIT_CONFORMANCE_TARGET=https://upload.staging.example/api/2.0 SHARDS=4 ci/shell/conformance.sh --effort thorough
#
# Settings of the run come from COMMIT_CONFORMANCE_... variables, from a profile, or as arguments, which every run gets.
# The token is one of these variables or in a file, and never an argument.
#
#   SHARDS   how many runs share the rules, at the same time; without it there is one run
#   OUT      folder for log and reports (reports/conformance); those of a shard are in shard-N below it
#   REPORTS  reports to write (html,junit,markdown,sarif)
#   SUITE    what pip installs (the checkout that holds this script): a folder, a wheel, or a URL that pip takes
#   EXTRAS   its extras, such as oauth,schemathesis
#   VENV     the virtual environment (.conformance-venv); one that is there is used as it is
#   PYTHON   the interpreter that makes it (python3), 3.11 or newer

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
suite=${SUITE:-$here}
extras=${EXTRAS:+[$EXTRAS]}
venv=${VENV:-.conformance-venv}
out=${OUT:-reports/conformance}
reports=${REPORTS:-html,junit,markdown,sarif}
shards=${SHARDS:-1}

case $shards in
'' | *[!0-9]* | 0*)
    echo "SHARDS '$shards' is not a number from 1 on" >&2
    exit 2
    ;;
*) ;;
esac

# The command comes last into an environment: without it, an installation was cut short.
if [ ! -x "$venv/bin/commit-conformance" ]; then
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$suite$extras"
fi
run=$venv/bin/commit-conformance

if [ "$shards" -eq 1 ]; then
    exec "$run" run --out "$out" --report "$reports" "$@"
fi

# Each shard cleans up behind itself when it is told to stop.
running=
trap 'kill -TERM $running 2>/dev/null || :' INT TERM
i=0
while [ "$i" -lt "$shards" ]; do
    i=$((i + 1))
    mkdir -p "$out/shard-$i"
    "$run" run --quiet --shard "$i/$shards" --out "$out/shard-$i" --report none "$@" >"$out/shard-$i/output.txt" 2>&1 &
    running="$running $!"
done

# What a shard ends with is in its log, and so in the whole; all but wrong use, which leaves none.
i=0
for each in $running; do
    i=$((i + 1))
    code=0
    wait "$each" || code=$?
    # A signal ends the waiting, not the shard.
    while kill -0 "$each" 2>/dev/null; do
        code=0
        wait "$each" || code=$?
    done
    echo "shard $i of $shards ended with $code"
    if [ "$code" -ne 0 ] && [ "$code" -ne 1 ] && [ "$code" -ne 3 ]; then
        cat "$out/shard-$i/output.txt" >&2
        wrong=$code
    fi
done
if [ -n "${wrong:-}" ]; then
    exit "$wrong"
fi

set --
i=0
while [ "$i" -lt "$shards" ]; do
    i=$((i + 1))
    set -- "$@" "$out/shard-$i"
done
"$run" merge "$@" --out "$out" --format "$reports"
