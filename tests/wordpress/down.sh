#!/bin/bash
# Ends what up.sh ROOT started, by the process ids that it wrote, and removes ROOT.
root=$(realpath "$1") || exit 0
[ -f "$root/nginx.conf" ] || [ -d "$root/db" ] || { echo "not a folder of up.sh: $root" >&2; exit 2; }
ids=
for file in "$root"/run/{nginx,fpm,db}.pid; do
  # One file at a time: not each of them ends with a line break. Only a process that names our folder is ours.
  id=$(tr -dc 0-9 <"$file" 2>/dev/null) && [ -n "$id" ] && tr '\0' ' ' <"/proc/$id/cmdline" 2>/dev/null | grep -qF "$root" && ids="$ids $id"
done
for id in $ids; do kill "$id" 2>/dev/null; done
for _ in $(seq 200); do
  left=; for id in $ids; do [ -d "/proc/$id" ] && left=1; done
  [ -z "$left" ] && break; sleep 0.05
done
rm -rf "$root"
