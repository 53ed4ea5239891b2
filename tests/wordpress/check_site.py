"""Sign-in, pages and caches: what a person can do once WordPress knows them, and what nobody can."""
import re
import urllib.parse

from kit import Browser, check


def run(site):
    site.php("add_role('member','Member',['read'=>true]); add_role('board','Board',['read'=>true,'edit_posts'=>true,'publish_posts'=>true]); return 1;")
    admin_area(site)
    rest(site)
    other_ways_in(site)
    login_page(site)
    logout(site)
    content(site)
    caches(site)
    settings_page(site)
    profile_page(site)


def board(site, **claims):
    return site.token(sub="bea", name="Bea Board", roles=["board"], **claims)


def admin_area(site):
    away = Browser(site).get("/wp-admin/")
    check("a stranger is sent to the login page", away.status == 302 and "/wp-login.php?redirect_to=" in away.location, away)
    page = Browser(site).get("/wp-admin/", board(site))
    check("a signed-in person enters /wp-admin/ without a WordPress cookie", page.status == 200 and "Bea Board" in page.text, page)
    check("and gets none", "Set-Cookie" not in page.headers or "wordpress_" not in str(page.headers.get_all("Set-Cookie")), page.headers)
    check("but not where the role does not reach", Browser(site).get("/wp-admin/users.php", board(site)).status == 403)
    refused = Browser(site).get("/wp-admin/", board(site, aud="shop"))
    check("a refused assertion leads to the login page, not in a circle", refused.status == 302 and "wp-login.php" in refused.location, refused)
    local = Browser(site)
    local.sign_in_by_password("admin", "admin-pass-1")
    check("an administrator by password works where no assertion is present", local.get("/wp-admin/users.php").status == 200)
    check("with an assertion, the assertion wins", local.who(board(site))["name"] == "Bea Board")
    check("in /wp-admin/ too", local.get("/wp-admin/users.php", board(site)).status == 403)
    check("a refused assertion does not lock the administrator out", local.get("/wp-admin/users.php", board(site, aud="shop")).status == 200)
    check("nor open anything to whom it names", local.who(board(site, aud="shop"))["login"] == "admin")


def rest(site):
    post, body, kind = "/wp-json/wp/v2/posts", '{"title":"Hello","status":"draft"}', ("Content-Type", "application/json")
    no_nonce = Browser(site).post(post, token=board(site), body=body, headers=[kind])
    check("the REST API asks for the nonce", no_nonce.status == 401, no_nonce)
    nonce = Browser(site).who(board(site))["nonce"]
    made = Browser(site).post(post, token=board(site), body=body, headers=[kind, ("X-WP-Nonce", nonce)])
    check("and works with it", made.status == 201, made)
    wrong = Browser(site).post(post, token=board(site), body=body, headers=[kind, ("X-WP-Nonce", "0123456789")])
    check("and not with a wrong one", wrong.status == 403, wrong)
    stolen = Browser(site).post(post, token=board(site, aud="shop"), body=body, headers=[kind, ("X-WP-Nonce", nonce)])
    check("a nonce without a good assertion is nothing", stolen.status in (401, 403), stolen)
    me = Browser(site).get("/wp-json/wp/v2/users/me", board(site), headers=[("X-WP-Nonce", nonce)])
    check("the REST API knows who is asking", me.status == 200 and me.json()["name"] == "Bea Board", me)
    ajax = Browser(site).post("/wp-admin/admin-ajax.php", {"action": "heartbeat"}, board(site))
    check("admin-ajax asks for its own nonce", '"success":true' not in ajax.text, ajax)


def other_ways_in(site):
    bea = site.php("$id = Membergate\\linked_account('bea'); wp_set_password('known-pass-1', $id); return get_userdata($id)->user_login;")
    # WordPress ends the sessions of an account whose password changed; the link remains.

    def xmlrpc(login, password, token=None):
        call = ("<?xml version='1.0'?><methodCall><methodName>wp.getUsersBlogs</methodName><params>"
                f"<param><value>{login}</value></param><param><value>{password}</value></param></params></methodCall>")
        return Browser(site).post("/xmlrpc.php", token=token, body=call, headers=[("Content-Type", "text/xml")])

    check("XML-RPC refuses the password of a linked account", "faultCode" in xmlrpc(bea, "known-pass-1").text)
    check("an assertion does not help there", "faultCode" in xmlrpc(bea, "wrong", board(site)).text)
    check("a local administrator's still works", "isAdmin" in xmlrpc("admin", "admin-pass-1").text)
    secrets = site.php("$o = []; foreach ([Membergate\\linked_account('bea'), 1] as $id) { $o[] = WP_Application_Passwords::create_new_application_password($id, ['name'=>'t'])[0]; } return $o;")

    def by_application_password(login, secret):
        import base64
        basic = base64.b64encode(f"{login}:{secret}".encode()).decode()
        return Browser(site).get("/wp-json/wp/v2/users/me?context=edit", headers=[("Authorization", f"Basic {basic}")])

    check("an application password of a linked account is refused", by_application_password(bea, secrets[0]).status == 401)
    check("a local administrator's still works too", by_application_password("admin", secrets[1]).status == 200)
    check("wp-login.php refuses a linked account", "belongs to the association" in Browser(site).sign_in_by_password(bea, "known-pass-1").text)
    reset = Browser(site).post("/wp-login.php?action=lostpassword", {"user_login": bea})
    check("no new password is sent to a linked account", "not allowed" in reset.text, reset)


def login_page(site):
    def button(path, token=None):
        page = Browser(site).get(path, token)
        found = re.search(r'href="([^"]*/_gate/login\?return_to=[^"]*)"', page.text)
        return page, found and urllib.parse.unquote(found.group(1).split("return_to=")[1])

    page, back = button("/wp-login.php")
    check("the login page has the button and the form", back == "/" and 'name="pwd"' in page.text and "Sign in with your association account" in page.text, back)
    inside = urllib.parse.quote(site.origin + "/members/?a=1&b=2", safe="")
    check("the button returns to the page that was asked for", button(f"/wp-login.php?redirect_to={inside}")[1] == "/members/?a=1&b=2", button(f"/wp-login.php?redirect_to={inside}")[1])
    for evil in ("https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", site.origin + ".evil.example/", site.origin + "@evil.example/"):
        back = button("/wp-login.php?redirect_to=" + urllib.parse.quote(evil, safe=""))[1]
        check(f"and never to {evil}", back is not None and back.startswith("/") and not back.startswith("//") and "\\" not in back and ":" not in back, back)
    script = Browser(site).get("/wp-login.php?redirect_to=" + urllib.parse.quote('/"><script>alert(1)</script>'))
    check("what was asked for is escaped", "<script>alert(1)" not in script.text)
    page, back = button("/wp-login.php", board(site))
    check("whom the gateway signed in is told so", back is None and "signed in as Bea Board" in page.text and "/_gate/logout" in page.text, page)
    page, back = button("/wp-login.php", board(site, aud="shop"))
    check("a refused assertion is explained, without a button that leads back here", back is None and "could not confirm it (audience)" in page.text, page)
    check("and leaves the form for the administrator", 'name="pwd"' in page.text)
    check("over an editor the button opens a window of its own", 'target="_blank"' in button("/wp-login.php?interim-login=1")[0].text)
    check("other pages of wp-login.php have no button", button("/wp-login.php?action=lostpassword")[1] is None)


def logout(site):
    page = Browser(site).get("/wp-admin/", board(site))
    link = re.search(r'href=[\'"]([^\'"]*action=logout[^\'"]*)[\'"]', page.text).group(1).replace("&amp;", "&").replace("&#038;", "&")
    out = Browser(site).get(link[len(site.origin):], board(site))
    check("WordPress's logout goes on to the gateway's", out.status == 302 and out.location == site.origin + "/_gate/logout", out)
    asked = Browser(site).get("/wp-login.php?action=logout", board(site))
    check("another website cannot log people out through WordPress", asked.status == 403 and not asked.location, asked)
    browser = Browser(site)
    check("when the gateway's session is over, nothing is left here", browser.who(board(site))["id"] > 0 and browser.who()["id"] == 0 and browser.get("/wp-admin/").status == 302)
    local = Browser(site)
    local.sign_in_by_password("admin", "admin-pass-1")
    page = local.get("/wp-admin/")
    link = re.search(r'href=[\'"]([^\'"]*action=logout[^\'"]*)[\'"]', page.text).group(1).replace("&amp;", "&").replace("&#038;", "&")
    out = local.get(link[len(site.origin):])
    check("a local administrator's logout stays local", out.status == 302 and "wp-login.php?loggedout=true" in out.location, out)


def content(site):
    text = ("[membergate roles=\"member, board\"]FOR-EITHER[/membergate] [membergate]FOR-ALL[/membergate] [membergate role=\"member\"]TYPO[/membergate]"
            " [membergate roles=\"\"]NOBODY[/membergate] [membergate roles=\"member\"]<b>BOLD</b> [membergate_x][/membergate]\n"
            "<!-- wp:paragraph {\"membergateRoles\":\"board\"} --><p>BLOCK-BOARD</p><!-- /wp:paragraph -->"
            "<!-- wp:paragraph {\"membergateRoles\":\"\"} --><p>BLOCK-FREE</p><!-- /wp:paragraph -->"
            "<!-- wp:paragraph {\"membergateRoles\":[\"board\"]} --><p>BLOCK-ODD</p><!-- /wp:paragraph -->"
            "<!-- wp:group {\"membergateRoles\":\"board\"} --><div><!-- wp:paragraph --><p>BLOCK-INNER</p><!-- /wp:paragraph --></div><!-- /wp:group -->")
    site.php("wp_insert_post(['post_title'=>'Private','post_name'=>'for-members','post_status'=>'publish','post_content'=>" + php_text(text) + "]); return 1;")
    words = ["FOR-EITHER", "FOR-ALL", "TYPO", "NOBODY", "BOLD", "BLOCK-BOARD", "BLOCK-FREE", "BLOCK-ODD", "BLOCK-INNER"]

    def sees(who, expected, token, path="/for-members/"):
        page = Browser(site).get(path, token)
        check(f"{who} sees {' '.join(expected)}", page.status == 200 and [w for w in words if w in page.text] == expected, [w for w in words if w in page.text] or page)

    member = site.token(sub="mia", roles=["member"])
    sees("a stranger", ["BLOCK-FREE"], None)
    sees("a member", ["FOR-EITHER", "FOR-ALL", "BOLD", "BLOCK-FREE"], member)
    sees("the board", ["FOR-EITHER", "FOR-ALL", "BLOCK-BOARD", "BLOCK-FREE", "BLOCK-INNER"], board(site))
    sees("whom the association gave nothing", ["FOR-ALL", "BLOCK-FREE"], site.token(sub="mia", roles=[]))
    sees("a refused assertion", ["BLOCK-FREE"], site.token(sub="mia", roles=["member"], aud="shop"))
    sees("a feed reader", ["BLOCK-FREE"], None, "/feed/")
    sees("the REST API of a stranger", ["BLOCK-FREE"], None, "/wp-json/wp/v2/posts?slug=for-members")
    editor = Browser(site).get("/wp-admin/post-new.php", board(site))
    check("the editor has the field, and the roles of this site for it", "block-condition.js" in editor.text and re.search(r'window.membergateRoles = \["administrator",[^]]*"board"', editor.text), editor.status)


def php_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def caches(site):
    page = Browser(site).get("/for-members/", board(site))
    check("a page for a person is theirs alone", "private" in page.headers["Cache-Control"] and "no-store" in page.headers["Cache-Control"], page.headers["Cache-Control"])
    check("in /wp-admin/ too", "no-store" in Browser(site).get("/wp-admin/", board(site)).headers["Cache-Control"])
    stranger = Browser(site).get("/for-members/")
    check("a page for strangers may be cached", "Cache-Control" not in stranger.headers, stranger.headers.get("Cache-Control"))
    check("and says by what it varies", "Membergate-Assertion" in stranger.headers.get("Vary", ""), stranger.headers.get("Vary"))
    check("page-cache plugins are told", Browser(site).who(board(site))["no_cache"] and not Browser(site).who()["no_cache"])
    rest = Browser(site).get("/wp-json/wp/v2/posts", board(site))
    check("answers of the REST API vary too", "Membergate-Assertion" in ", ".join(rest.headers.get_all("Vary") or []), rest.headers.get_all("Vary"))


def settings_page(site):
    path = "/wp-admin/options-general.php?page=membergate"
    check("the settings are closed to others", Browser(site).get(path, board(site)).status == 403)
    Browser(site).who(site.token(sub="mia", managed_roles=["member", "choir"]))
    admin = Browser(site)
    admin.sign_in_by_password("admin", "admin-pass-1")
    page = admin.get(path)
    check("an administrator sees the status", page.status == 200 and "Last visitor accepted" in page.text and "choir" in page.text, page)
    check("and the role names to write in pages", re.search(r"Role names for blocks and shortcodes: administrator, [^<]*\bmember\b", page.text))
    site.php("$n = Membergate\\notes(); $n['refused'] = 'audience'; $n['refused_at'] = $n['accepted_at'] + 61; Membergate\\keep_notes($n); return 1;")
    refused = admin.get(path)
    check("a refusal after the last acceptance is explained", "Needs attention" in refused.text and "compare the site name" in refused.text, refused)
    site.php("$n = Membergate\\notes(); $n['refused_at'] = $n['accepted_at'] + 59; Membergate\\keep_notes($n); return 1;")
    check("one among acceptances is not", "compare the site name" not in admin.get(path).text)
    why = site.php("return [Membergate\\refusal_text('issuer'), Membergate\\refusal_text('signature')];")
    check("each refusal says what to do", "public address" in why[0] and "not made by a gateway" in why[1], why)

    def deed(name, nonce):
        return admin.post("/wp-admin/admin-post.php", {"action": name, "_wpnonce": nonce})

    check("a button needs its nonce", deed("membergate_create_roles", "0123456789").status == 403 and site.php("return get_role('choir');") is None)
    nonce = re.search(r'value="membergate_create_roles">.*?name="_wpnonce" value="(\w+)"', page.text, re.S).group(1)
    check("with it the missing roles are made", deed("membergate_create_roles", nonce).status == 302 and site.php("return get_role('choir') !== null;"))
    check("nobody else may press it", Browser(site).post("/wp-admin/admin-post.php", {"action": "membergate_create_roles", "_wpnonce": nonce}, board(site)).status == 403)
    before = site.php("return get_option('membergate_settings');")
    save = re.search(r'name="_wpnonce" value="(\w+)"', page.text[page.text.index("options.php"):]).group(1)

    said = []

    def saved(**changed):
        form = {"option_page": "membergate", "action": "update", "_wpnonce": save, "_wp_http_referer": path}
        form.update({f"membergate_settings[{name}]": value for name, value in changed.items()})
        admin.post("/wp-admin/options.php", form)
        said.append(admin.get(path + "&settings-updated=true").text)
        return site.php("return get_option('membergate_settings');")

    now = saved(site="www", meta_type="wp_capabilities", meta_expires="membership_until", origin="javascript:alert(1)", jwks="{}", jwks_url=before["jwks_url"], link_by_email="1", bind_address="1", create="1", button_label="<b>In</b>")
    check("a value that could do harm is not taken", (now["meta_type"], now["origin"], now["jwks"]) == ("membership_type", "", ""), now)
    check("and is called by the name on the page", '"Public address" cannot be used' in said[0].replace("&quot;", '"').replace("&#8220;", '"'), re.findall(r"cannot be used[^<]*", said[0]))
    check("one that cannot is", (now["meta_expires"], now["button_label"]) == ("membership_until", "In"), now)
    check("the renamed user meta is written", Browser(site).who(site.token(sub="mia"))["id"] > 0 and site.php("return get_user_meta(Membergate\\linked_account('mia'), 'membership_until', true);") == "2027-12-31")
    site.php("update_option('membergate_settings', " + "['site'=>'www','jwks_url'=>" + php_text(before["jwks_url"]) + "]); return 1;")
    again = "Membergate\\note_conflict('email_taken', 1, 2); return 1;"
    site.php(again)
    page = admin.get("/wp-admin/users.php")
    check("conflicts are shown where an administrator comes by", "membergate-conflicts" in page.text and "new e-mail address" in page.text, page.status)
    nonce = re.search(r'value="membergate_forget_conflicts">.*?name="_wpnonce" value="(\w+)"', page.text, re.S).group(1)
    deed("membergate_forget_conflicts", nonce)
    site.php(again)
    check("and put away for good", "membergate-conflicts" not in admin.get("/wp-admin/users.php").text)


def profile_page(site):
    staff = site.user("pat", "editor", "pat@people.example")
    admin = Browser(site)
    admin.sign_in_by_password("admin", "admin-pass-1")
    page = admin.get(f"/wp-admin/user-edit.php?user_id={staff}")
    core = re.search(r'id="_wpnonce" name="_wpnonce" value="(\w+)"', page.text).group(1)
    ours = re.search(r'name="membergate_link_nonce" value="(\w+)"', page.text).group(1)

    def save(association_id, nonce=ours):
        return admin.post("/wp-admin/user-edit.php", {"action": "update", "user_id": staff, "_wpnonce": core, "email": "pat@people.example", "nickname": "pat", "display_name": "pat", "role": "editor", "membergate_id": association_id, "membergate_link_nonce": nonce})

    save("pat-id", "0123456789")
    check("an account is not linked by hand without the nonce", site.php("return Membergate\\linked_account('pat-id');") == 0)
    save("pat-id")
    who = Browser(site).who(site.token(sub="pat-id"))
    check("an administrator links an editor by hand", who["id"] == staff and "editor" in who["roles"], who)
    answer = save("mia")
    check("but not with somebody else's id", "linked with another account" in answer.text and site.php("return Membergate\\linked_account('pat-id');") == staff, answer)
    save("")
    check("and takes the link away", site.php("return Membergate\\linked_account('pat-id');") == 0)
    check("other people do not see the field", "membergate_id" not in Browser(site).get("/wp-admin/profile.php", board(site)).text)
