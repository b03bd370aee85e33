#!/bin/sh
# Portico and its tools into .venv, or nothing where that is done: .venv/installed says of what and where.
# PYTHON names the interpreter; without it the first of python3, python3.14 ... python3.11 that is new enough is taken.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    found=$(${PYTHON:-python3} --version 2>/dev/null) || found="no ${PYTHON:-python3}"
    say "Portico needs Python 3.11 or newer; here is $found."
    say 'Install one, or name it: make install PYTHON=/path/to/python3'
    exit 1
}

# Debian and Ubuntu keep what makes virtual environments with pip in a package of its own.
need_venv() {
    if "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        return
    fi
    package="python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing $package, which $1 lacks"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >&2
    else
        say "$1 cannot make virtual environments: it lacks ensurepip."
        say "On Debian and Ubuntu: sudo apt-get install $package"
        exit 1
    fi
}

# A virtual environment holds absolute paths: one that was moved, or whose Python is gone, is made anew.
wanted=$(pwd; cksum < pyproject.toml)
works() { .venv/bin/python -c 'import portico' 2>/dev/null; }
if [ "$(cat .venv/installed 2>/dev/null)" = "$wanted" ] && works; then
    exit 0
fi

python=$(find_python)
need_venv "$python"
say "Installing Portico and its tools into .venv with $("$python" --version): a minute or two"
if [ "$(head -n 1 .venv/installed 2>/dev/null)" != "$(pwd)" ] || ! works; then
    "$python" -m venv --clear .venv
fi
.venv/bin/python -m pip install --disable-pip-version-check --editable '.[dev]' >&2
printf '%s\n' "$wanted" > .venv/installed
