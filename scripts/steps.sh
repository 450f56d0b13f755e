#!/bin/sh
# Runs steps of the Makefile one after the other and says at the end what each has cost, also when one is red.
#   scripts/steps.sh STEP...
# The table goes to the terminal and to target/steps.md; docs/checks.md keeps one from a quiet machine.
set -u
folder=${CARGO_TARGET_DIR:-target}
mkdir -p "$folder"
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
begun=$(date +%s)
red=
for step in "$@"; do
    printf '\n== %s\n' "$step"
    start=$(date +%s)
    "${MAKE:-make}" --no-print-directory "$step" || red=$step
    printf '| %-12s | %7d | %-5s |\n' "$step" "$(($(date +%s) - start))" "${red:+red}" >>"$rows"
    [ -z "$red" ] || break
done
{
    printf '| %-12s | %7s | %-5s |\n' step seconds ''
    printf '|%s|%s:|%s|\n' -------------- -------- -------
    cat "$rows"
    printf '| %-12s | %7d | %-5s |\n' all "$(($(date +%s) - begun))" ''
} >"$folder/steps.md"
printf '\n'
cat "$folder/steps.md"
if [ -n "$red" ]; then
    printf '\nred: %s; `make %s` runs it alone\n' "$red" "$red" >&2
    exit 1
fi
