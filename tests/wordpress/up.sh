#!/bin/bash
# Starts a private WordPress with the plugin on a loopback port, from Debian's packages. As root; takes a few seconds.
#
#   up.sh ROOT [PORT] [PUBLIC_ORIGIN] [SITE]
#
#   ROOT           a scratch folder that does not exist yet; www-data must be able to reach it
#   PORT           where the inner site listens on 127.0.0.1 (default 8091)
#   PUBLIC_ORIGIN  what people see, scheme://host[:port] (default http://127.0.0.1:PORT); the gateway listens there
#   SITE           the site's name at the gateway, the `aud` of assertions (default www)
#
# Environment: JWKS_URL  where the plugin fetches the keys (default: on PUBLIC_ORIGIN; needed when PHP cannot resolve that name,
#              as with *.localhost; a loopback address, for WordPress is kept from calling anywhere else)
#              FAKE_GATE=1  serve ROOT/gate/ at /_gate/, and run PHP that is posted to /_eval: for tests without a gateway
#              MULTISITE=1  a network of two sites in folders: / and /two/
#              WP_SRC, WP_CONTENT  another WordPress than the one in /usr/share/wordpress
#
# Prints `name=value` lines that say how to reach the site. For a story with the whole gateway: start this with the
# gateway's public origin, then give the gateway `inner` as the upstream of SITE. Stop with down.sh ROOT.
set -eu
trap 'echo "up.sh failed at line $LINENO; logs in ${root:-?}/log" >&2; tail -n 3 "${root:-/nowhere}"/log/* >&2 2>/dev/null || true' ERR
here=$(cd "$(dirname "$0")" && pwd)
mkdir "$1"; root=$(realpath "$1"); port=${2:-8091}; origin=${3:-http://127.0.0.1:$port}; site=${4:-www}
source=${WP_SRC:-/usr/share/wordpress}; content=${WP_CONTENT:-/var/lib/wordpress/wp-content}
as_web() { setpriv --reuid=www-data --regid=www-data --clear-groups "$@"; }
wait_for() { for _ in $(seq 1200); do "$@" >/dev/null 2>&1 && return; sleep 0.05; done; echo "gave up: $*" >&2; exit 1; }

mkdir "$root"/{db,run,log,www,gate}; chmod 755 "$root"; chown www-data: "$root"/{db,run,log}

# A database of our own, reachable by its socket only. On a busy machine the installer was seen to fail once; it is tried a second time.
install_db() {
  mariadb-install-db --no-defaults --user=www-data --datadir="$root/db" --auth-root-authentication-method=normal --skip-test-db --innodb-use-native-aio=0 >>"$root/log/db-install" 2>&1
}
install_db || { rm -rf "$root/db"; mkdir "$root/db"; chown www-data: "$root/db"; install_db; }
as_web setsid mariadbd --no-defaults --datadir="$root/db" --socket="$root/run/db.sock" --pid-file="$root/run/db.pid" --skip-networking \
  --innodb-use-native-aio=0 --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 >"$root/log/db" 2>&1 </dev/null &
wait_for mariadb-admin --no-defaults -uroot -S "$root/run/db.sock" ping
mariadb --no-defaults -uroot -S "$root/run/db.sock" -e "CREATE DATABASE wp CHARACTER SET utf8mb4; CREATE USER wp@localhost IDENTIFIED BY 'wp'; GRANT ALL ON wp.* TO wp@localhost"

# The package's tree is full of links into /usr/share, so it is copied through them.
cp -rL "$source/." "$root/www/" 2>"$root/log/copy" || true
rm -rf "$root/www/wp-content"; mkdir -p "$root/www/wp-content/mu-plugins" "$root/www/wp-content/plugins"
cp -rL "$content/." "$root/www/wp-content/" 2>>"$root/log/copy" || true
cp -r "$here/../../deploy/wordpress/membergate" "$root/www/wp-content/plugins/"
cp "$here"/site/{probe,forum,closed,plugins}.php "$root/www/wp-content/mu-plugins/"
cat >"$root/www/wp-config.php" <<P
<?php
define('DB_NAME', 'wp'); define('DB_USER', 'wp'); define('DB_PASSWORD', 'wp'); define('DB_HOST', 'localhost:$root/run/db.sock'); define('DB_CHARSET', 'utf8mb4');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as \$k) { define(\$k.'_KEY', hash('sha256', "key \$k")); define(\$k.'_SALT', hash('sha256', "salt \$k")); }
define('WP_HOME', '$origin'); define('WP_SITEURL', '$origin');
// The gateway may speak to us by another name; the name that people use comes in a header, believed from this machine only.
if (in_array(\$_SERVER['REMOTE_ADDR'] ?? '', ['127.0.0.1', '::1'], true)) {
  if (isset(\$_SERVER['HTTP_X_FORWARDED_HOST'])) { \$_SERVER['HTTP_HOST'] = \$_SERVER['HTTP_X_FORWARDED_HOST']; }
  if ('https' === (\$_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '')) { \$_SERVER['HTTPS'] = 'on'; }
}
define('WP_ENVIRONMENT_TYPE', 'local'); define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_HTTP_BLOCK_EXTERNAL', true); define('WP_ACCESSIBLE_HOSTS', '127.0.0.1,localhost,*.localhost');
define('WP_DEBUG', true); define('WP_DEBUG_DISPLAY', false); define('WP_DEBUG_LOG', '$root/log/php');
\$table_prefix = 'wp_';
if (is_file(__DIR__.'/network.php')) { require __DIR__.'/network.php'; }
if (!defined('ABSPATH')) { define('ABSPATH', __DIR__.'/'); }
require_once ABSPATH.'wp-settings.php';
P
chown -R www-data: "$root/www/wp-content" "$root/gate"
export WP_ROOT=$root WP_ORIGIN=$origin WP_SITE=$site WP_JWKS_URL=${JWKS_URL:-} WP_MULTI=${MULTISITE:-}
as_web php "$here/site/install.php" >"$root/log/install"
if [ -n "${MULTISITE:-}" ]; then
  host=${origin#*://}
  cat >"$root/www/network.php" <<P
<?php
define('WP_ALLOW_MULTISITE', true); define('MULTISITE', true); define('SUBDOMAIN_INSTALL', false); define('DOMAIN_CURRENT_SITE', '$host');
define('PATH_CURRENT_SITE', '/'); define('SITE_ID_CURRENT_SITE', 1); define('BLOG_ID_CURRENT_SITE', 1);
P
fi
as_web php "$here/site/activate.php" >>"$root/log/install"

cat >"$root/fpm.conf" <<P
[global]
pid = $root/run/fpm.pid
error_log = $root/log/fpm
[www]
user = www-data
group = www-data
listen = $root/run/fpm.sock
listen.owner = www-data
pm = static
pm.max_children = 6
P
"php-fpm$(php -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')" -y "$root/fpm.conf" -D
cp "$here/site/eval.php" "$root/eval.php"
run_php="location = /_eval { include /etc/nginx/fastcgi_params; fastcgi_param HTTP_HOST \$http_host; fastcgi_param SCRIPT_FILENAME $root/eval.php; fastcgi_pass unix:$root/run/fpm.sock; access_log off; }"
gate=; [ -n "${FAKE_GATE:-}" ] && gate="$run_php location ^~ /_gate/ { alias $root/gate/; default_type application/json; access_log $root/log/gate; }"
multi=; [ -n "${MULTISITE:-}" ] && multi='rewrite ^/two/(wp-(admin|includes|content)/.*|[^/]*\.php)$ /$1; rewrite ^/two/wp-admin$ /two/wp-admin/ permanent;'
cat >"$root/nginx.conf" <<P
pid $root/run/nginx.pid; error_log $root/log/nginx; worker_processes 1; user www-data;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types; access_log $root/log/access; large_client_header_buffers 4 32k; client_max_body_size 8m;
  client_body_temp_path $root/run/t1; proxy_temp_path $root/run/t2; fastcgi_temp_path $root/run/t3; uwsgi_temp_path $root/run/t4; scgi_temp_path $root/run/t5;
  server {
    listen 127.0.0.1:$port; server_name _; root $root/www; index index.php; $gate $multi
    location / { try_files \$uri \$uri/ /index.php?\$args; }
    location ~ \.php\$ {
      try_files \$uri =404; include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
      fastcgi_param HTTP_HOST \$http_host;   # Debian's fastcgi_params leaves the port out, and WordPress would redirect for ever
      fastcgi_pass unix:$root/run/fpm.sock; fastcgi_buffers 16 16k; fastcgi_buffer_size 32k;
    }
  }
}
P
nginx -c "$root/nginx.conf" 2>>"$root/log/nginx"
wait_for curl -sf -o /dev/null -H "Host: ${origin#*://}" "http://127.0.0.1:$port/wp-login.php"
echo "inner=http://127.0.0.1:$port"
echo "origin=$origin"
echo "site=$site"
echo "administrator=admin admin-pass-1"
echo "logs=$root/log"
tail -1 "$root/log/install"
