#!/usr/bin/env bash
# Measures the built gateway against nginx `proxy_pass`, both in front of the same site, and prints how they compare.
#
#   cargo build --profile dist && benches/nginx.sh
#   benches/nginx.sh --binary target/dist/membergate --windows 8 --seconds 4
#   benches/nginx.sh --gate http://localhost:8080 --cookie 'membergate=…'     a gateway that runs already
#
# Only ratios mean anything: each window of ours lies between two of nginx, and is divided by their mean. The site is a
# third nginx that answers 66 bytes. Both proxies use every core, keep connections to the site, send it the same header fields and write
# no access log.
# Needs nginx, wrk and curl. Everything it starts listens on loopback and ends with it.
set -euo pipefail

binary=target/dist/membergate windows=5 seconds=2 connections=64 gate= cookie=
while [ $# -gt 0 ]; do
  case $1 in
    --binary) binary=$2 ;; --windows) windows=$2 ;; --seconds) seconds=$2 ;; --connections) connections=$2 ;;
    --gate) gate=$2 ;; --cookie) cookie=$2 ;;
    *) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
  shift 2
done
for tool in nginx wrk curl; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 1; }
done

work=$(mktemp -d) running=()
finish() { for id in "${running[@]}"; do kill "$id" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT
site=18101 proxy=18102 ams=18103 port=18104

serve_nginx() { # name, workers, http section
  cat >"$work/$1.conf" <<CONF
daemon off; pid $work/$1.pid; error_log $work/$1.log; worker_processes $2;
events { worker_connections 8192; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path $work/$1.body; proxy_temp_path $work/$1.proxy;
  fastcgi_temp_path $work/$1.f; uwsgi_temp_path $work/$1.u; scgi_temp_path $work/$1.s;
$3
}
CONF
  nginx -c "$work/$1.conf" 2>"$work/$1.err" & running+=($!) nginx_id=$!
}
up() { # address
  for _ in $(seq 100); do curl -so /dev/null "$1" && return; sleep 0.1; done
  echo "nothing answers at $1" >&2; cat "$work"/*.log >&2; exit 1
}

serve_nginx site 1 "server { listen 127.0.0.1:$site reuseport; large_client_header_buffers 4 16k;
  location / { return 200 'This text stands for a page. It is as long as sixty-six bytes are.\n'; }
  location = /members/assertion { return 200 \$http_membergate_assertion; } }"
up "http://127.0.0.1:$site/"

if [ -z "$gate" ]; then
  gate=http://localhost:$port
  "$binary" sim remembers --listen 127.0.0.1:$ams >"$work/ams.log" 2>&1 & running+=($!)
  printf 'time_zone = "America/New_York"\neveryone = "subscriber"\nmember = "member"\nnon_member = "non_member"\n' >"$work/rules.toml"
  cat >"$work/membergate.toml" <<CONF
rules = "rules.toml"
[association]
name = "Benchmark"
[listen]
address = "127.0.0.1:$port"
operations = "127.0.0.1:0"
[ams]
live = "production"
[ams.production]
discovery_url = "http://127.0.0.1:$ams/Api/v1/WebApiUrl"
portal = "http://127.0.0.1:$ams"
app_name = "acmeGatewayLIVE"
app_key = "demoLiveKey00001"
user_email = "gateway_integration@acme.example"
user_password = "demoLiveKey00001-user"
[store]
path = "gate.sqlite"
secret_keys = [{ env = "MEMBERGATE_SECRET_KEY" }]
[[site]]
name = "site"
url = "$gate"
upstream = "http://127.0.0.1:$site"
[[site.access]]
path = "/members"
any_of = ["member"]
[[site.access]]
path = "/"
require = "public"
CONF
  # The credentials of the simulator open nothing else; a secret must still come from the environment.
  sed -i 's/^app_key = .*/app_key = { env = "APP_KEY" }/; s/^user_password = .*/user_password = { env = "USER_PASSWORD" }/' "$work/membergate.toml"
  up "http://127.0.0.1:$ams/"
  APP_KEY=demoLiveKey00001 USER_PASSWORD=demoLiveKey00001-user MEMBERGATE_SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 \
    "$binary" --config "$work/membergate.toml" serve >"$work/gate.log" 2>&1 & running+=($!) gateway=$!
  up "$gate/"
  # Signs in as a member, as a browser would.
  jar=$work/cookies
  form=$(curl -sLo "$work/form.html" -w '%{url_effective}' -b "$jar" -c "$jar" "$gate/_gate/login?return_to=%2Fmembers&go=1")
  landed=$(curl -so /dev/null -w '%{redirect_url}' -b "$jar" -c "$jar" "$form" \
    --data-urlencode 'ctl00$main_content$Login$txtLoginUserName=jane.marlowe@harborlabs.example' \
    --data-urlencode "ctl00\$main_content\$Login\$txtLoginPassword=$(sed -n "s/.*password is \`\([^\`]*\)\`.*/\1/p" "$work/ams.log")" \
    --data-urlencode 'ctl00$main_content$Login$LoginButton=Log in')
  curl -so /dev/null -b "$jar" -c "$jar" "$landed"
  cookie=$(awk '$6 == "membergate" { print "membergate=" $7 }' "$jar")
  [ -n "$cookie" ] || { echo "the sign-in failed" >&2; cat "$work/gate.log" >&2; exit 1; }
fi

# nginx sends as many bytes about a member as the gateway does; else its site would have less to read.
member=
if [ -n "$cookie" ]; then
  assertion=$(curl -s -H "Cookie: $cookie" "$gate/members/assertion")
  # A gateway that runs already may have another site.
  [[ $assertion =~ ^[A-Za-z0-9_.-]{300,}$ ]] || assertion=$(printf 'x%.0s' {1..700})
  member="proxy_set_header Membergate-Assertion '$assertion'; proxy_set_header Membergate-Id b3a1c0de-0001-4222-8333-000000100481;
    proxy_set_header Membergate-Name 'Jane Marlowe'; proxy_set_header Membergate-Email jane.marlowe@harborlabs.example;
    proxy_set_header Membergate-Roles member,subscriber; proxy_set_header Membergate-Member true;"
fi
forward="proxy_pass http://site; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host \$host;
    proxy_set_header X-Forwarded-For \$remote_addr; proxy_set_header X-Forwarded-Proto \$scheme;
    proxy_set_header X-Forwarded-Host \$host; proxy_set_header X-Request-Id \$request_id;"
serve_nginx proxy auto "proxy_headers_hash_max_size 2048; upstream site { server 127.0.0.1:$site; keepalive 128; }
  server { listen 127.0.0.1:$proxy reuseport; location / { $forward } location /members { $forward $member } }"
proxy_id=$nginx_id
up "http://127.0.0.1:$proxy/"

ticks() { # process: processor time of it and its children, in ticks
  local all=$1 id; all="$all $(cat /proc/"$1"/task/*/children 2>/dev/null || true)"
  for id in $all; do awk '{ print $14 + $15 }' "/proc/$id/stat" 2>/dev/null || true; done | awk '{ t += $1 } END { print t + 0 }'
}
cost() { # name, process, address, cookie: processor time for each request, which other work on the machine disturbs least
  local before after; before=$(ticks "$2"); rate "$3" "$4" >/dev/null; after=$(ticks "$2")
  awk -v n="$1" -v t="$((after - before))" -v hz="$(getconf CLK_TCK)" '/requests in/ { printf "  %s %.1f us", n, t / hz * 1e6 / $1 }' "$work/wrk"
}
rate() { # address, cookie
  wrk -t1 -c"$connections" -d"${seconds}s" ${2:+-H "Cookie: $2"} "$1" >"$work/wrk"
  if grep -qE 'Non-2xx|Socket errors' "$work/wrk"; then echo "failed answers from $1:" >&2; cat "$work/wrk" >&2; exit 1; fi
  awk '/Requests\/sec/ { print $2 }' "$work/wrk"
}
median() { sort -n | awk '{ v[NR] = $1 } END { m = int((NR + 1) / 2); printf "%s", NR % 2 ? v[m] : (v[m] + v[m + 1]) / 2 }'; }

compare() { # name, path, cookie
  [ "$(curl -so /dev/null -w '%{http_code}' ${3:+-H "Cookie: $3"} "$gate$2")" = 200 ] || { echo "$gate$2 does not answer 200" >&2; exit 1; }
  : >"$work/ours"; : >"$work/theirs"; : >"$work/ratios"
  rate "$gate$2" "$3" >/dev/null; before=$(rate "http://127.0.0.1:$proxy$2" "$3")
  for _ in $(seq "$windows"); do
    ours=$(rate "$gate$2" "$3"); after=$(rate "http://127.0.0.1:$proxy$2" "$3")
    echo "$ours" >>"$work/ours"; echo "$after" >>"$work/theirs"
    awk -v o="$ours" -v b="$before" -v a="$after" 'BEGIN { print 2 * o / (b + a) }' >>"$work/ratios"
    before=$after
  done
  sort -n "$work/ratios" | awk -v name="$1" -v ours="$(median <"$work/ours")" -v theirs="$(median <"$work/theirs")" -v ratio="$(median <"$work/ratios")" \
    '{ v[NR] = $1 } END { printf "%-14s membergate %8.0f req/s   nginx %8.0f req/s   ratio %.2f [%.2f to %.2f]\n", name, ours, theirs, ratio, v[1], v[NR] }'
  if [ -n "${gateway:-}" ]; then
    printf '  processor time for a request:'; cost membergate "$gateway" "$gate$2" "$3"; cost nginx "$proxy_id" "http://127.0.0.1:$proxy$2" "$3"; echo
  fi
}

echo "$(nproc) cores, $connections connections, $windows windows of $seconds s, median [least to most]"
compare "public" / ""
if [ -n "$cookie" ]; then compare "signed in" /members "$cookie"; else echo "signed in      not measured: give --cookie"; fi
if [ -n "${gateway:-}" ]; then awk '/VmRSS/ { printf "memory of the gateway after it: %.0f MiB\n", $2 / 1024 }' "/proc/$gateway/status"; fi
