"""Accounts to which a forum or a shop gives a role by itself; addresses that WordPress rewrites; names; and the page on which an
administrator links many accounts after a preview."""
import re

from kit import Browser, check


def run(site):
    site.php("update_option('forum', 1); return 1;")
    try:
        plugins(site)
        powers(site)
        addresses(site)
        names(site)
        membership(site)
        page(site)
    finally:
        site.php("update_option('forum', 0); return 1;")


def come(site, login, email=None, **claims):
    return Browser(site).who(site.token(sub=f"{login}-id", email=email or f"{login}@people.example", **claims))


def plugins(site):
    anna = site.user("anna", "subscriber")
    check("the forum gave a role by itself", "bbp_participant" in site.php(f"return (new WP_User({anna}))->roles;"))
    who = come(site, "anna")
    check("an account to which a forum gave its role is linked", who["id"] == anna and "bbp_participant" in who["roles"], who)
    bert = site.user("bert", "customer")
    check("one that a shop made is linked", come(site, "bert")["id"] == bert)
    new = come(site, "fresh")
    check("a new account gets the forum's role beside those of the association", sorted(new["roles"]) == ["bbp_participant", "subscriber"], new)
    check("and keeps it", sorted(come(site, "fresh", roles=[])["roles"]) == ["bbp_participant"])
    site.setting(common_roles="subscriber")
    carl = site.user("carl2", "subscriber")
    check("the roles can be taken off the list", come(site, "carl2")["id"] != carl)
    site.setting(common_roles="bbp_*, customer")
    dora = site.user("dora", "customer")
    check("or be named by their beginning", come(site, "dora")["id"] == dora)


def powers(site):
    """Whoever can set an address in the association must not get what runs the site, whatever the list of roles says."""
    site.php("add_role('minutes','Minutes',['read'=>true,'edit_posts'=>true]); add_role('bbp_boss','Boss',['read'=>true,'manage_options'=>true]); add_role('bbp_ed','Ed',['read'=>true,'edit_others_pages'=>true]); add_role('shop_manager','Shop',['read'=>true,'manage_woocommerce'=>true]); return 1;")
    site.setting(common_roles="bbp_*, customer, shop_manager, administrator, editor, author, contributor, minutes")
    for role in ("bbp_moderator", "bbp_keymaster", "bbp_boss", "bbp_ed", "shop_manager", "administrator", "editor", "author", "contributor", "minutes"):
        login = "power-" + role.replace("_", "-")
        account = site.user(login, role)
        site.php(f"update_user_meta({account}, 'membergate_approved', '1'); return 1;")
        who = come(site, login, managed_roles=[role])
        check(f"{role} is never linked by an address, not even if listed, managed and approved", who["id"] not in (0, account), who)
    hidden = site.user("hidden", "customer")
    site.php(f"(new WP_User({hidden}))->add_cap('activate_plugins'); update_user_meta({hidden}, 'membergate_approved', '1'); return 1;")
    check("nor an account with such a right of its own", come(site, "hidden")["id"] != hidden)
    site.php("foreach (['bbp_boss','bbp_ed','shop_manager'] as $r) { remove_role($r); } return 1;")
    bad = site.php("return array_map('Membergate\\is_bad_role_pattern', ['administrator', '*', 'a*', 'ab*', 'x y', '<b>', 'bbp_*', 'customer', 'a*b']);")
    check("the settings do not take a name of the staff or a bare star", bad == [True, True, True, True, True, True, False, False, True], bad)
    site.php("$s = get_option('membergate_settings'); unset($s['common_roles']); update_option('membergate_settings', $s); return 1;")


ODD = ["r&d@people.example", "o'neil@people.example", "plus+tag@people.example", "a&amp@people.example", "all!#$%&'*+/=?^_`{|}~.-x@people.example", "UPPER&Case@People.example"]


def addresses(site):
    for number, email in enumerate(ODD):
        who = come(site, f"odd{number}", email)
        stored = site.php(f"return Membergate\\stored_email({php_text(email)});")
        check(f"a person with the address {email} gets an account with it", who["id"] > 0 and who["email"] == stored, who)
        again = come(site, f"odd{number}", email)
        check(f"and keeps it ({email})", again["id"] == who["id"] and again["email"] == stored, again)
        claims = f"['name'=>'Jane Doe','given_name'=>'','family_name'=>'','email'=>{php_text(email)},'membership_type'=>'Corporate Gold','membership_code'=>'','membership_expires'=>'2027-12-31']"
        writes = site.php("$n = 0; add_filter('query', function($q) use (&$n) { if (preg_match('/^\\s*(UPDATE|INSERT|DELETE)/i', $q)) { $n++; } return $q; });"
                          f"Membergate\\follow_profile(get_userdata({who['id']}), {claims}); return $n;")
        check(f"without a write on each request ({email})", writes == 0, writes)
        other = come(site, f"clash{number}", email)
        check(f"nobody else gets the address or the account ({email})", other["id"] not in (0, who["id"]) and other["email"] == "", other)
        for form, spelling in (("as WordPress stores it", email), ("as it is written", email)):
            local = email.replace("@", f".{len(form)}@")
            account = site.user(f"local-{number}-{len(form)}", "subscriber", local)
            if form == "as it is written":
                site.php(f"global $wpdb; $wpdb->update($wpdb->users, ['user_email'=>{php_text(local)}], ['ID'=>{account}]); clean_user_cache({account}); return 1;")
            found = come(site, f"local-{number}-{len(form)}", local)
            check(f"an account with it is linked, {form} ({email})", found["id"] == account, found)
        moved = come(site, "mover", email.replace("@", ".moved@"))
        check(f"a change to it is followed ({email})", moved["email"] == site.php(f"return Membergate\\stored_email({php_text(email.replace('@', '.moved@'))});"), moved)
    for email in ("rené@people.example", "x@é.example", "\"a b\"@people.example", "a@b@people.example", "x" * 90 + "@people.example"):
        who = come(site, "no" + str(len(email.encode())), email)
        check(f"an address that WordPress cannot hold keeps nobody out ({email[:20]})", who["id"] > 0 and (who["email"] == "" or who["email"] == email), who)


def php_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def names(site):
    def held(sub):
        return site.php(f"$u = get_userdata(Membergate\\linked_account('{sub}-id')); return [$u->first_name, $u->last_name, $u->nickname, $u->display_name];")

    come(site, "nia", name="Nia O'Neil & Co", given_name="Nia", family_name="O'Neil & Co")
    check("first name, last name and nickname come from the association", held("nia") == ["Nia", "O'Neil &amp; Co", "Nia O'Neil &amp; Co", "Nia O'Neil &amp; Co"], held("nia"))
    come(site, "nia", name="Nia Ng", given_name="Nia", family_name="Ng")
    check("and follow it", held("nia") == ["Nia", "Ng", "Nia Ng", "Nia Ng"], held("nia"))
    come(site, "nia", name="Nia Ng", given_name=None, family_name="")
    check("one that is not told stays", held("nia")[:2] == ["Nia", "Ng"], held("nia"))
    site.php("update_user_meta(Membergate\\linked_account('nia-id'), 'nickname', 'Captain'); return 1;")
    come(site, "nia", name="Nia Nu", given_name="Nia", family_name="Nu")
    check("a nickname that somebody chose stays", held("nia") == ["Nia", "Nu", "Captain", "Nia Nu"], held("nia"))
    come(site, "noname", name="", given_name="Una", family_name="Vale")
    check("without a display name it is made of both", held("noname")[3] == "Una Vale", held("noname"))
    odd = come(site, "badname", given_name=["x"], family_name="a\nb")
    check("a name that cannot be used keeps nobody out", odd["id"] > 0 and held("badname")[:2] == ["", ""], odd)
    old = site.user("oldacc", "subscriber")
    come(site, "oldacc", name="Ola Dahl", given_name="Ola", family_name="Dahl")
    check("a linked account gets them as well", site.php(f"$u = get_userdata({old}); return [$u->first_name, $u->nickname];") == ["Ola", "Ola Dahl"])


def membership(site):
    site.php("add_role('board','Board',['read'=>true]); wp_insert_post(['post_type'=>'page','post_status'=>'publish','post_title'=>'Types','post_name'=>'types','post_content'=>'"
             "[membergate membership_type=\"corporate gold, Silver & Co\"]BY-NAME[/membergate] [membergate membership_code=\"GOLD\"]BY-CODE[/membergate] "
             "[membergate membership_code=\"GOLD\" roles=\"board\"]BOTH[/membergate] [membergate membership_code=\"\"]EMPTY[/membergate] [membergate membership_kind=\"GOLD\"]TYPO[/membergate]']); return 1;")

    def sees(**claims):
        text = Browser(site).get("/types/", site.token(sub="mem-id", **claims) if claims else None).text
        return [word for word in ("BY-NAME", "BY-CODE", "BOTH", "EMPTY", "TYPO") if word in text]

    check("content for a membership by its name or its code", sees(membership_type="Corporate Gold", membership_code="gold") == ["BY-NAME", "BY-CODE"], sees(membership_type="Corporate Gold", membership_code="gold"))
    check("together with a role", sees(membership_type="x", membership_code="GOLD", roles=["board"]) == ["BY-CODE", "BOTH"])
    check("with an ampersand", sees(membership_type="Silver & Co") == ["BY-NAME"], sees(membership_type="Silver & Co"))
    check("not for part of a name, nor without one", sees(membership_type="Corporate", membership_code="GOL") == sees(membership_type=None) == sees() == [])
    code = site.php("return get_user_meta(Membergate\\linked_account('mem-id'), 'membership_code', true);")
    check("the code goes when the membership does", code == "", code)
    come(site, "coded", membership_code="GOLD")
    check("and is kept with the account", site.php("return get_user_meta(Membergate\\linked_account('coded-id'), 'membership_code', true);") == "GOLD")


def page(site):
    site.php("add_role('vip','VIP',['read'=>true,'vip'=>true]); for ($i = 0; $i < 120; $i++) { wp_insert_user(['user_login'=>sprintf('many%03d',$i),'user_pass'=>'x','user_email'=>sprintf('many%03d@people.example',$i),'role'=>'vip']); } return 1;")
    admin = Browser(site)
    admin.sign_in_by_password("admin", "admin-pass-1")
    path = "/wp-admin/users.php?page=membergate-accounts"
    check("the list is closed to others", Browser(site).get(path, site.token(sub="anna-id")).status == 403)
    first = admin.get(path + "&s=many")
    rows = re.findall(r'name="accounts\[\]" value="(\d+)"', first.text)
    check("the list has pages and a search", first.status == 200 and len(rows) == 50 and "120 items" in first.text, (first.status, len(rows)))
    last = admin.get(path + "&s=many&paged=3")
    check("down to the last", len(re.findall(r'name="accounts\[\]"', last.text)) == 20 and "many119" in last.text)
    site.user("ampersand", "vip", "this&that@people.example")
    found = admin.get(path + "&s=this%26that")
    check("an address with an ampersand is found", "ampersand" in found.text and found.text.count('name="accounts[]"') == 1, found.status)
    nonce = re.search(r'name="_wpnonce" value="(\w+)"', first.text).group(1)

    def caps():
        return site.php("global $wpdb; return $wpdb->get_col(\"SELECT meta_value FROM $wpdb->usermeta WHERE meta_key IN ('wp_capabilities','membergate_id','membergate_approved') ORDER BY umeta_id\");")

    def ask(url=path, **form):
        return admin.post(url, {"_wpnonce": nonce, **form})

    def answer(preview, **more):
        """Presses the button of the preview."""
        fields = dict(re.findall(r'name="(action|deed|accounts|_wpnonce)" value="([^"]*)"', preview.text[preview.text.index("membergate-preview"):]))
        return admin.post("/wp-admin/admin-post.php", {**fields, **more})

    before = caps()
    preview = ask(path + "&s=many", everything="1")
    check("the preview says what would happen to all that were found", "Linked when their person comes: 120" in preview.text and preview.text.count("many") >= 120, re.findall(r"membergate-preview\">([^<]*)", preview.text))
    check("and changes nothing", caps() == before)
    check("it needs its nonce", ask(everything="1", _wpnonce="0123456789").status == 403)
    check("nor is anything done without", admin.post("/wp-admin/admin-post.php", {"action": "membergate_link_accounts", "accounts": rows[0]}).status == 403 and caps() == before)
    done = answer(preview)
    check("then it is done", done.status == 302 and "approve=120" in done.location and "Approved: 120" in admin.get(done.location.replace(site.origin, "")).text, done)
    many = site.php("return get_user_by('login', 'many007')->ID;")
    who = come(site, "many007")
    check("an approved account is linked when its person comes, with its role", who["id"] == many and "vip" in who["roles"], who)
    check("and leaves the list", 'name="accounts[]"' not in admin.get(path + "&s=many007").text)
    preview = ask(action="withdraw", **{"accounts": str(site.php("return get_user_by('login', 'many008')->ID;"))})
    answer(preview)
    check("an approval can be withdrawn", come(site, "many008")["id"] != site.php("return get_user_by('login', 'many008')->ID;"))

    # Its person came before the decision and has a second account: the link moves.
    vera = site.user("vera2", "vip")
    second = come(site, "vera2", roles=["subscriber"])
    check("a person came and got a second account", second["id"] not in (0, vera), second)
    wanted = admin.get(path + "&view=wanted&s=vera2")
    check("the list says who", "vera2" in wanted.text and second["login"] in wanted.text, wanted.status)
    preview = ask(action="preview", accounts=str(vera))
    check("the preview too", "Linked at once: 1" in preview.text and second["login"] in preview.text)
    answer(preview)
    who = come(site, "vera2", roles=["subscriber"])
    check("the person uses the old account with its role", who["id"] == vera and sorted(who["roles"]) == ["bbp_participant", "subscriber", "vip"], who)
    left = site.php(f"$u = new WP_User({second['id']}); return [Membergate\\is_linked($u->ID), array_values($u->roles)];")
    check("and nobody the second", left == [False, ["bbp_participant"]], left)

    # The staff: never with others, and alone only with the word that goes with it.
    boss = site.user("boss", "editor")
    second = come(site, "boss")
    both = ask(action="preview", accounts=f"{boss},{site.user('plainvip', 'vip')}")
    check("staff is left out of a selection", "Nothing happens: 1" in both.text and "even_staff" not in both.text, re.findall(r"membergate-preview\">([^<]*)", both.text))
    answer(both, even_staff="1")
    check("whatever is posted", come(site, "boss")["id"] == second["id"])
    alone = ask(action="preview", accounts=str(boss))
    check("alone it asks for a word", "even_staff" in alone.text and "with all its rights" in alone.text)
    answer(alone)
    check("without which nothing happens", come(site, "boss")["id"] == second["id"])
    answer(alone, even_staff="1")
    who = come(site, "boss")
    check("with it the account is linked", who["id"] == boss and "editor" in who["roles"], who)
    notice = admin.get("/wp-admin/users.php")
    check("the notice is short and leads to the list", notice.text.count("was made for a person") <= 3 and "membergate-accounts" in notice.text)
