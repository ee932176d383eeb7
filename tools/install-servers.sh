#!/usr/bin/env bash
# Installs the servers that tests start through `sandbox/`, on Debian and its like, as root. The packages' own services are not started.
set -eu
missing=()
has() { command -v "$1" >/dev/null || [ -n "$(find /usr/lib/postgresql /usr/lib/jvm -name "$1" -print -quit 2>/dev/null)" ]; }
has rabbitmq-server || missing+=(rabbitmq-server)
has initdb || missing+=(postgresql)
has redis-server || missing+=(redis-server)
has java || missing+=(openjdk-17-jre-headless)
has openssl || missing+=(openssl)
[ ${#missing[@]} -gt 0 ] || exit 0

# dpkg asks this before it starts a service; 101 means no.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}"
