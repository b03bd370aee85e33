#!/bin/sh
# Servers that tests and measurements have at their side: names of programs, with `=` and Debian's package where that is
# called otherwise. Packages are installed where this runs as root and apt-get is there; where not, what needs them says
# NOT RUN.
set -eu

missing=
for name in "$@"; do
    PATH="$PATH:/usr/sbin:/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')" command -v "${name%=*}" >/dev/null ||
        missing="$missing ${name#*=}"
done
if [ -z "$missing" ]; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not there:$missing. What needs them will say NOT RUN." >&2
    exit 0
fi
echo "Installing:$missing" >&2
# The tests start a PostgreSQL of their own: the package is not to make and start another one.
case $missing in
*postgresql*)
    if [ ! -e /etc/postgresql-common ]; then
        mkdir /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    fi
    ;;
esac
apt-get update -qq >&2 || true # what is known of already may do
for package in $missing; do # one by one: Ubuntu has no chromium but its own way, and that shall keep no other away
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >&2 ||
        echo "Could not be installed: $package. What needs it will say NOT RUN." >&2
done
