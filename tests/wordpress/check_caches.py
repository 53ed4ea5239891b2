"""A page cache of nginx before WordPress, set as many are: it keeps everything, whatever WordPress says about caching.

The lines that should put it right are taken from the plugin's readme.txt, and those that ask the gateway from deploy/nginx.
"""
import re
import shutil
import socket
import subprocess
import time

from kit import HERE, Browser, check

READ_ME = HERE / "../../deploy/wordpress/membergate/readme.txt"
NGINX = (HERE / "../../deploy/nginx").resolve()
ASKING = NGINX / "membergate-fastcgi.conf"
PUBLIC = HERE / "../../docs/wordpress.md"

# Where nginx asks the gateway itself, with the lines of readme.txt and without; and where the gateway stands before nginx.
ASKS, FORGOT, BEHIND = "127.0.0.2", "127.0.0.3", "127.0.0.4"


def run(site):
    early(site)
    varnish(site)
    nginx = start(site)
    try:
        asking(site)
        forgotten(site)
        behind(site)
        files_only(site)
    finally:
        nginx.terminate()
        nginx.wait(timeout=10)


HOOKS = ["plugins_loaded", "init", "wp_loaded", "parse_request", "template_redirect"]


def each_early(more=""):
    return [f"/?early={hook}&how={how}{more}" for hook in HOOKS for how in ("echo", "die", "redirect", "public")] + [
        f"/?feed=rss2{more}", f"/wp-json/wp/v2/posts?x=1{more}", f"/?rest_route=/&x=1{more}", f"/wp-json/?early=rest_api_init&how=public{more}",
        f"/wp-admin/admin-ajax.php?action=nothing{more}", f"/wp-admin/admin-ajax.php?early=init&how=public{more}", f"/wp-login.php?x=1{more}",
        f"/wp-login.php?early=init&how=public{more}", f"/nothing-here/?x=1{more}", f"/?p=1{more}", f"/robots.txt?x=1{more}", f"/wp-sitemap.xml?x=1{more}",
        f"/xmlrpc.php?rsd{more}", f"/wp-admin/{more.replace('&', '?', 1)}"]


def early(site):
    """Whoever answers, however early: what a signed-in person gets is theirs alone."""
    for path in each_early():
        for what, token in (("a member", site.token(sub="cache-a")), ("a refused assertion", site.token(sub="cache-a", aud="shop"))):
            said = ", ".join(Browser(site).get(path, token).headers.get_all("Cache-Control") or [])
            check(f"{what}'s answer is private ({path})", "private" in said and "no-store" in said and "public" not in said, said)
        stranger = Browser(site).get(path)
        check(f"and a stranger's is only for strangers ({path})", "Membergate-Assertion" in ", ".join(stranger.headers.get_all("Vary") or []), stranger.headers.get_all("Vary"))
    check("a stranger's answer keeps what it says about caching", "max-age=3600" in Browser(site).get("/?early=init&how=public").headers["Cache-Control"])


def varnish(site):
    """A real Varnish as it is delivered, between the gateway and WordPress: it decides by cookies, and members have none."""
    program = shutil.which("varnishd") or shutil.which("varnishd", path="/usr/sbin:/usr/local/sbin")
    check("Varnish is here", program is not None)
    if program is None:
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = subprocess.Popen([program, "-F", "-a", f"127.0.0.1:{port}", "-b", f"127.0.0.1:{site.port}", "-n", str(site.root / "run/varnish"), "-s", "malloc,16m", "-t", "60", "-p", "feature=+no_coredump"], stdout=subprocess.DEVNULL, stderr=(site.root / "log/varnish").open("w"))
    try:
        for _ in range(200):
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)

        def ask(path, token=None):
            browser = Browser(site)
            browser.port = port
            return browser.get(path, token)

        first, again = ask("/?early=init&how=public&v=0"), ask("/?early=init&how=public&v=0")
        check("Varnish keeps what strangers get", " " not in first.headers["X-Varnish"] and " " in again.headers["X-Varnish"], (first.headers["X-Varnish"], again.headers["X-Varnish"]))
        for number, path in enumerate(each_early("&v=1")):
            member, stranger = site.token(sub="cache-a"), None
            one = ask(path, member)
            two = ask(path, stranger)
            other = ask(path, site.token(sub="cache-b"))
            three = ask(path, member)
            kept = [answer.headers["X-Varnish"] for answer in (one, two, other, three)]
            check(f"Varnish gives no member's answer to another, nor a stranger's to a member ({path})", not any(" " in one for one in (kept[0], kept[2], kept[3])), kept)
            if "how=echo" in path or "how=public" in path:
                ids = [answer.json()["id"] for answer in (one, two, other, three)]
                check(f"each gets their own ({path})", ids[0] == ids[3] and ids[0] not in (0, ids[2]) and ids[1] == 0, ids)
    finally:
        started.terminate()
        started.wait(timeout=10)


def lines(variable):
    """What readme.txt tells people to write for this variable."""
    return " ".join(re.findall(rf"fastcgi_(?:cache_bypass|no_cache) \${variable};", READ_ME.read_text()))


def start(site):
    root = site.root
    gate = f"""
      auth_request /_gate/verify; include {NGINX}/membergate-protect.conf;
      location = /_gate/verify {{
        internal; auth_request off; proxy_pass http://unix:{root}/run/gate.sock; proxy_set_header Cookie $http_cookie;
      }}"""

    def server(at, more, outside=""):
        zone = "pages" + at[-1]
        return f"""
    fastcgi_cache_path {root}/run/{zone} keys_zone={zone}:1m;
    server {{
      listen {at}:{site.port}; root {root}/www; index index.php; {outside}
      location / {{ try_files $uri $uri/ /index.php?$args; }}
      location ~ \\.php$ {{
        include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; {more}
        fastcgi_pass unix:{root}/run/fpm.sock; fastcgi_buffers 16 16k; fastcgi_buffer_size 32k; add_header X-Cache $upstream_cache_status always;
        fastcgi_cache {zone}; fastcgi_cache_key $request_uri; fastcgi_cache_valid any 1m;
        fastcgi_ignore_headers Cache-Control Expires Vary Set-Cookie;
      }}
    }}"""

    public = re.search(r"^location \^~ /public .*$", PUBLIC.read_text(), re.M)
    (root / "caches.conf").write_text(f"""
  pid {root}/run/caches.pid; error_log {root}/log/caches; worker_processes 1; user www-data; daemon off;
  events {{ worker_connections 256; }}
  http {{
    include {NGINX}/membergate.conf;
    access_log off; large_client_header_buffers 4 32k; proxy_buffer_size 32k; proxy_buffers 4 32k;
    client_body_temp_path {root}/run/c1; proxy_temp_path {root}/run/c2; fastcgi_temp_path {root}/run/c3; uwsgi_temp_path {root}/run/c4; scgi_temp_path {root}/run/c5;
    {server(ASKS, f"include {ASKING};" + lines("membergate_assertion"), gate)}
    {server(FORGOT, f"include {ASKING};", gate)}
    {server(BEHIND, "fastcgi_param HTTP_HOST $http_host;" + lines("http_membergate_assertion"), public.group(0) if public else "")}
    server {{  # In place of the gateway: who brings an assertion as a cookie is signed in.
      listen unix:{root}/run/gate.sock;
      location / {{ add_header Membergate-Assertion $cookie_gate; add_header Cookie $http_cookie; return 200; }}
    }}
  }}""")
    nginx = subprocess.Popen(["nginx", "-c", root / "caches.conf"], stderr=subprocess.PIPE, text=True)
    for _ in range(100):
        try:
            Browser(site, at=ASKS).get("/wp-login.php")
            return nginx
        except OSError:
            if nginx.poll() is not None:
                raise SystemExit(f"nginx: {nginx.stderr.read()}")
            time.sleep(0.05)
    raise SystemExit("nginx does not listen")


def at_gate(site, at, sub):
    """A browser in which somebody is signed in at the gateway that nginx asks."""
    browser = Browser(site, at=at)
    browser.cookies = {"gate": site.token(sub=sub)}
    return browser


def asking(site):
    path = "/?probe=1&cache=asks"
    member = at_gate(site, ASKS, "cache-a").get(path)
    check("where nginx asks the gateway, a member is known behind a page cache", member.json()["id"] > 0, member)
    forged = Browser(site, at=ASKS).get(path, site.token(sub="cache-a"))
    check("and a header of the visitor is nothing", forged.json()["id"] == 0, forged)
    stranger = Browser(site, at=ASKS).get(path)
    check("a stranger after the member gets a stranger's page", stranger.json()["id"] == 0, stranger)
    check("which is kept", stranger.headers["X-Cache"] == "HIT" and forged.headers["X-Cache"] == "MISS", (forged.headers["X-Cache"], stranger.headers["X-Cache"]))
    again = at_gate(site, ASKS, "cache-a").get(path)
    check("a member after the stranger gets their own page", again.json()["id"] == member.json()["id"] and again.headers["X-Cache"] == "BYPASS", again)
    other = at_gate(site, ASKS, "cache-b").get(path)
    check("and another member another", other.json()["id"] not in (0, member.json()["id"]), other)


def forgotten(site):
    nonce = at_gate(site, FORGOT, "cache-a").get("/?probe=1&cache=nonce").json()["nonce"]
    for path in ("/?probe=1&cache=forgot", f"/wp-json/wp/v2/users/me?_wpnonce={nonce}", "/?p=99999999&cache=forgot", "/feed/?cache=forgot", "/wp-admin/profile.php", "/wp-login.php"):
        member = at_gate(site, FORGOT, "cache-a").get(path)
        stranger = Browser(site, at=FORGOT).get(path)
        check(f"without the lines a member's answer is not kept all the same ({path})", stranger.headers["X-Cache"] == "MISS", (member.headers["X-Cache"], stranger))
    check("nginx keeps to itself what it was told", "X-Accel-Expires" not in member.headers)


def behind(site):
    path = "/?probe=1&cache=behind"
    member = Browser(site, at=BEHIND).get(path, site.token(sub="cache-a"))
    stranger = Browser(site, at=BEHIND).get(path)
    again = Browser(site, at=BEHIND).get(path, site.token(sub="cache-a"))
    check("where the gateway stands in front, a stranger after a member gets a stranger's page", member.json()["id"] > 0 and stranger.json()["id"] == 0, stranger)
    check("and a member after the stranger their own", again.json()["id"] == member.json()["id"], again)


def files_only(site):
    """WordPress brings any page at any address that reaches it, so what is public at the gateway must not reach it."""
    number = site.php("wp_set_current_user(1); return wp_insert_post(['post_type'=>'page','post_status'=>'publish','post_title'=>'Two addresses','post_name'=>'two-addresses','post_content'=>'PAGE-TEXT']);")
    for path in (f"/?page_id={number}", "/index.php/two-addresses/", f"/wp-json/wp/v2/pages/{number}", f"/index.php/wp-json/wp/v2/pages/{number}",
                 f"/wp-content/themes/none.css?rest_route=/wp/v2/pages/{number}", f"/wp-login.php/x?rest_route=/wp/v2/pages/{number}", "/?s=PAGE-TEXT"):
        check(f"WordPress has the page at {path} too", "PAGE-TEXT" in Browser(site).read(path).text.replace("s=PAGE-TEXT", ""))
    folder = site.root / "www/public"
    folder.mkdir()
    (folder / "index.html").write_text("WELCOME")
    check("a public folder of files is served", Browser(site, at=BEHIND).get("/public/").text == "WELCOME")
    for path in ("/public", "/public/", "/public/none", "/public/index.php", "/publicity"):
        answer = Browser(site, at=BEHIND).get(f"{path}?rest_route=/wp/v2/pages/{number}")
        check(f"and never answered by WordPress ({path})", "PAGE-TEXT" not in answer.text and answer.status in (200, 301, 404) and "wp-json" not in str(answer.headers), answer)
