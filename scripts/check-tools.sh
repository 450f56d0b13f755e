#!/bin/sh
# Names each tool that is missing, and its remedy. Quiet when nothing is.
missing=0
lack() {
    echo "missing: $1" >&2
    echo "   -> $2" >&2
    missing=1
}

oldest=95
if ! command -v cargo >/dev/null 2>&1; then
    lack "cargo" "install Rust with rustup, then open a new terminal"
else
    minor=$(cargo --version | sed -n 's/^cargo 1\.\([0-9]*\)\..*/\1/p')
    if [ -n "$minor" ] && [ "$minor" -lt "$oldest" ]; then
        lack "cargo 1.$oldest or later (this is $(cargo --version | cut -d' ' -f2))" "run: rustup update"
    fi
fi
if ! command -v python3 >/dev/null 2>&1; then
    lack "python3" "install Python 3.11 or later (Debian: apt install python3 python3-venv)"
elif ! python3 -c 'import venv, ensurepip' >/dev/null 2>&1; then
    lack "python3's venv" "Debian: apt install python3-venv"
elif ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    lack "Python 3.11 or later" "this is $(python3 --version)"
fi
if ! command -v cc >/dev/null 2>&1; then
    lack "a C compiler (cc)" "Debian: apt install gcc; macOS: xcode-select --install"
fi
if ! command -v git >/dev/null 2>&1; then
    lack "git" "chapter 02 runs it; Debian: apt install git; macOS: xcode-select --install"
fi
# Chapter 02 asks the running system; macOS has no ss, and there two of its cells stay red.
if [ "$(uname)" = Linux ]; then
    command -v pgrep >/dev/null 2>&1 || lack "pgrep" "chapter 02 runs it; Debian: apt install procps"
    command -v ss >/dev/null 2>&1 || lack "ss" "chapter 02 runs it; Debian: apt install iproute2"
fi
exit $missing
