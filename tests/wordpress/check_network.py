"""Multisite: accounts are shared, roles are not, and nobody but the network's administrator decides whom to believe."""
import re

from kit import Browser, check


def run(site):
    site.php("foreach ([1, 2] as $b) { switch_to_blog($b); add_role('member','Member',['read'=>true]); restore_current_blog(); } return 1;")
    two = Browser(site)
    first = Browser(site).who(site.token(sub="nora", roles=["member"]))
    check("a member gets an account on the first site", first["id"] > 0 and first["roles"] == ["member"] and first["blog"] == 1, first)
    second = two.get("/two/?probe=1", site.token(sub="nora", roles=["subscriber"])).json()
    check("the second site knows the same account and is believed by the main site's settings", second["id"] == first["id"] and second["blog"] == 2, second)
    check("with roles of its own", second["roles"] == ["subscriber"], second)
    back = Browser(site).who(site.token(sub="nora", roles=["member"]))
    check("the first site's roles are not those of the second", back["roles"] == ["member"], back)
    check("she enters the second site's /wp-admin/", two.get("/two/wp-admin/", site.token(sub="nora", roles=["subscriber"])).status == 200)
    check("and not the network's", two.get("/wp-admin/network/", site.token(sub="nora")).status in (302, 403))
    staff = site.user("elsewhere", "subscriber")
    site.php(f"add_user_to_blog(2, {staff}, 'editor'); return 1;")
    who = Browser(site).who(site.token(sub="thief", email="elsewhere@people.example"))
    check("an account that is an editor on another site is not linked by e-mail", who["id"] not in (0, staff), who)
    chief = Browser(site).who(site.token(sub="thief-2", email="admin@site.example"))
    check("nor the network's administrator", chief["id"] > 1, chief)
    plain = site.user("plain", "subscriber")
    check("a reader of both sites is", Browser(site).who(site.token(sub="plain-id", email="plain@people.example"))["id"] == plain)
    site.php(f"update_user_status({plain}, 'spam', 1); return 1;")
    who = Browser(site).who(site.token(sub="plain-id", email="plain@people.example"))
    check("an account that the network closed stays closed", who["id"] == 0 and who["why"] == "account_closed", who)
    local = site.user("local", "subscriber")
    site.php(f"add_user_to_blog(2, {local}, 'administrator'); return 1;")
    admin = Browser(site)
    admin.sign_in_by_password("local", "local-pass-1")
    page = admin.get("/two/wp-admin/options-general.php?page=membergate")
    check("the administrator of one site sees the status and no form", page.status == 200 and "Only a network administrator" in page.text and "membergate_settings[jwks]" not in page.text, page)
    nonce = re.search(r'"nonce":"(\w+)"', page.text)
    saved = admin.post("/two/wp-admin/options.php", {"option_page": "membergate", "action": "update", "_wpnonce": nonce.group(1) if nonce else "", "membergate_settings[jwks]": site.jwks("z")})
    check("and cannot set the keys", saved.status in (400, 403) and site.php("return get_blog_option(2, 'membergate_settings');") in (False, None), saved)
    page = admin.get(f"/two/wp-admin/profile.php")
    check("nor link an account", page.status == 200 and "membergate_id" not in page.text, page.status)
    left = site.php("define('WP_UNINSTALL_PLUGIN','x'); include WP_PLUGIN_DIR.'/membergate/uninstall.php'; global $wpdb;"
                    "return [(int) $wpdb->get_var(\"SELECT COUNT(*) FROM $wpdb->usermeta WHERE meta_key LIKE 'membergate%' OR meta_key LIKE 'membership%'\"), get_blog_option(1,'membergate_settings'), get_blog_option(2,'membergate_keys'), count(get_users(['blog_id'=>0])) > 3];")
    check("uninstalling leaves accounts and nothing of ours", left == [0, False, False, True], left)
