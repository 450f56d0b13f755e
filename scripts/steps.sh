#!/bin/sh
# Runs steps of the Makefile one after the other and says at the end what each has cost, also when one is red.
#   scripts/steps.sh STEP...
# The table goes to the terminal and to target/steps.md; docs/checks.md keeps one from a quiet machine.
#
# A step that was green at this very tree (each file that git knows or would add, and the compiler) is not
# repeated, so that after a red step only the rest is left to run; `AGAIN=1` repeats all. CI begins with nothing.
set -u
folder=${CARGO_TARGET_DIR:-target}
green=$folder/green
mkdir -p "$green"
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

# What the steps look at.
tree() {
    { git ls-files --cached --others --exclude-standard -z 2>/dev/null | xargs -0 sha256sum 2>/dev/null
      rustc --version; date -u +%F; } | sha256sum | cut -d' ' -f1
}
# These say for themselves what is left to do, in seconds.
quick=" tools kernel lint "
# Where nobody can say what the tree is, nothing was green at it.
git rev-parse --is-inside-work-tree >/dev/null 2>&1 && command -v sha256sum >/dev/null || AGAIN=1

begun=$(date +%s)
red=
for step in "$@"; do
    printf '\n== %s\n' "$step"
    start=$(date +%s)
    name=$(printf '%s' "$step${STOCK:-}${BROWSER:-}" | tr -c 'a-z0-9-' '_')
    now=$(tree)
    said=
    case "$quick" in *" $step "*) again=1 ;; *) again=${AGAIN:-} ;; esac
    if [ -z "$again" ] && [ "$(cat "$green/$name" 2>/dev/null)" = "$now" ]; then
        said=green
        echo "green at this very tree; \`make $step\` repeats it, \`make test AGAIN=1\` all"
    elif "${MAKE:-make}" --no-print-directory "$step"; then
        # A step may write files: what it leaves is what it was green at.
        tree >"$green/$name"
    else
        rm -f "$green/$name"
        red=$step said=red
    fi
    printf '| %-12s | %7d | %-5s |\n' "$step" "$(($(date +%s) - start))" "$said" >>"$rows"
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
