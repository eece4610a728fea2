#!/bin/sh
# run.sh seconds target …: runs each fuzz target for so long, with the corpus of its
# name; one TAP line each. What a run adds to the corpus stays in the build folder,
# as does the input of a failure.
set -u

seconds=$1
shift
echo "1..$#"

n=0
failed=0
for target; do
    n=$((n + 1))
    name=${target##*/fuzz_}
    work=${target%/*}/run/$name
    mkdir -p "$work/corpus"
    if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
        -print_final_stats=1 -artifact_prefix="$work/" \
        "$work/corpus" "t/fuzz/corpus/$name" > "$work/log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
        echo "ok $n - fuzz $name ($runs runs)"
    else
        failed=1
        echo "not ok $n - fuzz $name"
        tail -n 40 "$work/log" | sed 's/^/# /'
    fi
done

exit $failed
