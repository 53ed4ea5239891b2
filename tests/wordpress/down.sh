#!/bin/bash
# Ends what up.sh ROOT started, by the process ids that it wrote, and removes ROOT.
root=$(realpath "$1") || exit 0
[ -f "$root/nginx.conf" ] || [ -d "$root/db" ] || { echo "not a folder of up.sh: $root" >&2; exit 2; }
ids=$(cat "$root"/run/{nginx,fpm,db}.pid 2>/dev/null)
for id in $ids; do kill "$id" 2>/dev/null; done
for _ in $(seq 100); do
  left=; for id in $ids; do [ -d "/proc/$id" ] && left=1; done
  [ -z "$left" ] && break; sleep 0.05
done
rm -rf "$root"
