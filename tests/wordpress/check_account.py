"""The account of a person, and its roles."""
import concurrent.futures

from kit import Browser, check


def run(site):
    created(site)
    linked(site)
    not_linked(site)
    follows(site)
    roles(site)


def created(site):
    who = Browser(site).who(site.token(sub="0F3A-NEW"))
    check("an unknown person gets an account", who["id"] > 0 and who["login"].startswith("member"), who)
    check("its name to sign in by does not show the association id", "0f3a" not in who["login"].lower())
    check("name, address and membership are those of the association",
          (who["name"], who["email"], who["type"], who["expires"]) == ("Jane Doe", "0F3A-NEW@people.example", "Corporate Gold", "2027-12-31"), who)
    check("it has the granted role only", who["roles"] == ["subscriber"], who)
    check("the next request finds the same account", Browser(site).who(site.token(sub="0F3A-NEW"))["id"] == who["id"])
    check("ids differ by case as the association's do", Browser(site).who(site.token(sub="0f3a-new", email=None))["id"] != who["id"])
    nobody = Browser(site).who(site.token(sub="no-roles", roles=[]))
    check("a person without roles gets an account without roles, not WordPress's default role", nobody["id"] > 0 and nobody["roles"] == [], nobody)
    tokens = [site.token(sub="in-a-hurry") for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        ids = {found["id"] for found in pool.map(lambda token: Browser(site).who(token), tokens)}
    count = site.php("global $wpdb; return (int) $wpdb->get_var(\"SELECT COUNT(*) FROM $wpdb->users WHERE user_email = 'in-a-hurry@people.example'\");")
    check("six first requests at once make one account", len(ids) == 1 and count == 1 and 0 not in ids, (ids, count))
    odd = Browser(site).who(site.token(sub="odd", email="not an address"))
    check("an address that is none does not keep a person out", odd["id"] > 0 and odd["email"] == "", odd)
    site.php("$l = 'member'.substr(hash('sha256','login:taken'),0,12); return wp_insert_user(['user_login'=>$l,'user_pass'=>'x','user_email'=>'t@site.example']);")
    taken = Browser(site).who(site.token(sub="taken"))
    check("a name that is taken is not taken over", taken["email"] == "taken@people.example", taken)


def linked(site):
    ben = site.user("ben", "subscriber")
    browser = Browser(site)
    before = browser.sign_in_by_password("ben", "local-pass-1")
    check("an account that is not linked signs in by password", before.status == 302 and browser.who()["id"] == ben, before)
    who = Browser(site).who(site.token(sub="ben-id", email="BEN@people.example"))
    check("the one unprivileged account with the e-mail address is linked", who["id"] == ben, who)
    check("its old session by password is over", browser.who()["id"] == 0)
    after = Browser(site).sign_in_by_password("ben", "local-pass-1")
    check("its password opens nothing any more", after.status == 200 and "belongs to the association" in after.text, after)
    second = Browser(site).who(site.token(sub="other-id", email="ben@people.example"))
    check("another person with the same address does not get it", second["id"] not in (0, ben) and second["email"] == "", second)
    check("and an administrator learns of it", "not_linked" in site.conflicts(), site.conflicts())
    # A session that another plugin makes for a linked account must not count either.
    cookie = site.php(f"return [LOGGED_IN_COOKIE, wp_generate_auth_cookie({ben}, time()+600, 'logged_in', WP_Session_Tokens::get_instance({ben})->create(time()+600))];")
    browser.cookies = {cookie[0]: cookie[1].replace("|", "%7C")}
    check("a WordPress cookie of a linked account opens nothing", browser.who()["id"] == 0)
    check("beside its assertion it does no harm", browser.who(site.token(sub="ben-id"))["id"] == ben)


def not_linked(site):
    site.php("add_role('minutes','Minutes',['read'=>true,'edit_posts'=>true]); add_role('vip','VIP',['read'=>true,'vip'=>true]); return 1;")
    for role in ("administrator", "editor", "author", "contributor", "minutes"):
        account = site.user(f"staff-{role}", role)
        who = Browser(site).who(site.token(sub=f"thief-{role}", email=f"staff-{role}@people.example"))
        check(f"an account with the role {role} is never linked by e-mail", who["id"] not in (0, account) and who["email"] == "", who)
        check(f"and keeps its roles ({role})", site.php(f"return get_userdata({account})->roles;") == [role])
        # Each of them is a conflict that an administrator sees.
    admin = Browser(site).who(site.token(sub="thief", email="admin@site.example"))
    check("the administrator is not taken over by e-mail", admin["id"] > 1 and admin["roles"] == ["subscriber"], admin)
    capable = site.user("capable", "subscriber")
    site.php(f"(new WP_User({capable}))->add_cap('manage_options'); return 1;")
    who = Browser(site).who(site.token(sub="thief-cap", email="capable@people.example"))
    check("a right given to one account alone counts as well", who["id"] != capable, who)
    hand_given(site)
    twins = [site.user("twin-1", "subscriber"), site.user("twin-2", "subscriber")]
    site.php(f"global $wpdb; $wpdb->update($wpdb->users, ['user_email'=>'twin-1@people.example'], ['ID'=>{twins[1]}]); return 1;")
    who = Browser(site).who(site.token(sub="twin-id", email="twin-1@people.example"))
    check("of two accounts with the address none is linked", who["id"] not in twins and who["email"] == "", who)
    check("and an administrator learns of it too", "ambiguous" in site.conflicts(), site.conflicts())
    rene = site.user("rene", "subscriber", "rene@people.example")
    who = Browser(site).who(site.token(sub="accent", email="rené@people.example"))
    check("an accent makes another address, whatever the database thinks", who["id"] not in (0, rene), who)
    company = site.user("company", "subscriber", "a@people.example")
    for odd in ("a@evil.example@people.example", "a@people.example@evil.example", '"a@people.example"@evil.example', "a@people.example,b@people.example", "a@people.example "):
        who = Browser(site).who(site.token(sub="odd-" + str(len(odd)), email=odd))
        check(f"an address with two readings is no account's ({odd})", who["id"] not in (0, company), who)
    site.setting(link_by_email="")
    late = site.user("late", "subscriber")
    who = Browser(site).who(site.token(sub="late-id", email="late@people.example"))
    check("linking by e-mail can be switched off", who["id"] not in (0, late), who)
    site.setting(link_by_email="1")
    site.setting(create="")
    who = Browser(site).who(site.token(sub="uninvited"))
    check("making accounts can be switched off", who["id"] == 0 and who["why"] == "no_account", who)
    invited = site.user("invited", "subscriber")
    check("an account that exists is linked all the same", Browser(site).who(site.token(sub="invited-id", email="invited@people.example"))["id"] == invited)
    site.setting(create="1")
    by_hand = site.user("hand", "editor")
    site.php(f"Membergate\\link_account({by_hand}, 'hand-id'); return 1;")
    who = Browser(site).who(site.token(sub="hand-id", email="hand@people.example"))
    check("an account linked by hand is used, with the role that was given by hand", who["id"] == by_hand and "editor" in who["roles"], who)


def hand_given(site):
    """Whoever can set an e-mail address in the association gets nothing that somebody gave to one person."""
    site.php("add_role('crew','Crew',['read'=>true]); add_role('guest','Guest',['read'=>true]); add_role('gone','Gone',['read'=>true]); return 1;")

    def linked(login, prepare="", **claims):
        account = site.user(login, "subscriber")
        site.php(f"$u = new WP_User({account}); {prepare} return 1;")
        before = site.php(f"return (new WP_User({account}))->caps;")
        who = Browser(site).who(site.token(sub=f"{login}-id", email=f"{login}@people.example", **claims))
        if who["id"] != account:
            check(f"{login}'s account stays as it was", site.php(f"return (new WP_User({account}))->caps;") == before and who["email"] == "", who)
            check(f"and a notice names it ({login})", account in site.php("return array_column(Membergate\\notes()['conflicts'], 'other');"))
        return who["id"] == account

    give = "$u->set_role(''); $u->add_role('{0}');".format
    check("an account with the role subscriber is linked by e-mail", linked("sue"))
    check("one without any role is", linked("nora", "$u->set_role('');"))
    check("one with a role that the mapping manages is", linked("max", give("crew"), managed_roles=["crew"]))
    check("and loses it when the association does not give it", site.php("return get_user_by('login', 'max')->roles;") == [])
    check("one with a role given by hand is not", not linked("vera", give("vip")))
    check("nor beside the role subscriber", not linked("viola", "$u->add_role('vip');"))
    check("nor with a role that only another mapping manages", not linked("bob", give("crew"), managed_roles=["member"]))
    check("nor with two", not linked("bill", "$u->add_role('vip'); $u->add_role('crew');", managed_roles=["crew"]))
    check("nor with a right of its own that the staff does not have", not linked("cara", "$u->add_cap('see_minutes');"))
    check("nor with a right of its own that has the name of a managed role", not linked("carl", "$u->add_cap('unheard');", managed_roles=["unheard"]))
    check("nor with a role that is not there at the moment", not linked("gil", "$u->add_role('gone'); remove_role('gone');"))
    check("nor with the role guest", not linked("gus", give("guest")))
    site.php("update_option('default_role', 'guest'); return 1;")
    check("but with it where everybody who registers gets it", linked("gwen", give("guest")))
    site.php("update_option('default_role', 'editor'); return 1;")
    check("staff is never linked, whatever everybody gets", not linked("eddy", give("editor")))
    check("nor where the mapping manages it", not linked("edna", give("administrator"), managed_roles=["administrator"]))
    site.php("update_option('default_role', 'subscriber'); return 1;")
    conflict = site.php("wp_set_current_user(1); $c = Membergate\\notes()['conflicts']; return Membergate\\conflict_text(end($c));")
    check("the notice says what to do", "Not linked" in conflict and ">edna<" in conflict, conflict)


def follows(site):
    first = Browser(site).who(site.token(sub="moving", name="Ann Before"))
    after = Browser(site).who(site.token(sub="moving", name="Ann After", email="ann@new.example", membership_type=None, membership_expires=None))
    check("name and e-mail follow the association", (after["id"], after["name"], after["email"]) == (first["id"], "Ann After", "ann@new.example"), after)
    check("a membership that is over is taken away", (after["type"], after["expires"]) == ("", ""), after)
    kept = Browser(site).who(site.token(sub="moving", email=None))
    check("a missing address leaves the old one", kept["email"] == "ann@new.example", kept)
    site.user("owner", "subscriber")
    clash = Browser(site).who(site.token(sub="moving", email="owner@people.example"))
    check("an address that another account has is not taken", clash["email"] == "ann@new.example", clash)
    check("and an administrator learns of that as well", "email_taken" in site.conflicts(), site.conflicts())
    nasty = "<b>Ann</b> O'Neil & \"Co\" \\ <script>alert(1)</script>"
    Browser(site).who(site.token(sub="nasty", name=nasty))
    page = Browser(site).get("/wp-admin/", site.token(sub="nasty", name=nasty))
    check("a name with markup is text", page.status == 200 and "alert(1)" not in page.text and "O&#039;Neil" in page.text or "O'Neil" in page.text, page)
    writes = site.php("$n = 0; add_filter('query', function($q) use (&$n) { if (preg_match('/^\\s*(UPDATE|INSERT|DELETE)/i', $q)) { $n++; } return $q; });"
                      "$u = get_userdata(Membergate\\linked_account('nasty'));"
                      f"Membergate\\follow_profile($u, ['name'=>{php_text(nasty)},'email'=>'nasty@people.example','membership_type'=>'Corporate Gold','membership_code'=>'','given_name'=>'','family_name'=>'','membership_expires'=>'2027-12-31']); return $n;")
    check("and is not written again on every request", writes == 0, writes)
    long = Browser(site).who(site.token(sub="long", name="Ü" * 400))
    check("a long name is cut, not refused", long["id"] > 0 and len(long["name"]) == 100, len(long["name"] or ""))
    mails = site.php("$n = 0; add_filter('pre_wp_mail', function() use (&$n) { $n++; return true; }, 99);"
                     "Membergate\\follow_profile(get_userdata(Membergate\\linked_account('nasty')), ['name'=>'N','email'=>'n2@people.example','membership_type'=>'','membership_code'=>'','given_name'=>'','family_name'=>'','membership_expires'=>'']); return $n;")
    check("a change of address sends no mail from here", mails == 0, mails)


def php_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def roles(site):
    site.php("add_role('member','Member',['read'=>true]); add_role('board','Board',['read'=>true,'edit_posts'=>true]); return 1;")

    def holds(sentence, expected, **claims):
        who = Browser(site).who(site.token(sub="rosa", **claims))
        check(sentence, sorted(who["roles"]) == sorted(expected), who["roles"])

    holds("a granted role is added", ["subscriber", "member"], roles=["subscriber", "member"])
    holds("several are", ["subscriber", "member", "board"], roles=["subscriber", "member", "board"])
    holds("a role lost in the association is lost at the next request", ["subscriber"], roles=["subscriber"])
    rosa = site.php("return Membergate\\linked_account('rosa');")
    site.php(f"(new WP_User({rosa}))->add_role('vip'); return 1;")
    holds("a role given by hand stays", ["vip", "member"], roles=["member"])
    holds("a role that is named but not managed is not given", ["vip"], roles=["editor", "administrator"])
    holds("an editor where the mapping manages that role", ["vip", "editor"], roles=["editor"], managed_roles=["editor", "member"])
    holds("is left alone where it does not", ["vip", "editor"], roles=[], managed_roles=["member"])
    check("an editor may edit", Browser(site).get("/wp-admin/edit.php", site.token(sub="rosa", roles=["editor"], managed_roles=["editor"])).status == 200)
    holds("and is none when the association says so", ["vip"], roles=[], managed_roles=["editor", "member"])
    check("then edit.php is closed", Browser(site).get("/wp-admin/edit.php", site.token(sub="rosa", roles=[], managed_roles=["editor"])).status == 403)
    holds("a managed role that this site lacks is passed over", ["vip", "member"], roles=["member", "unheard_of"], managed_roles=["member", "unheard_of"])
    check("and shown to the administrator", site.php("return Membergate\\notes()['unknown_roles'];") == ["unheard_of"])
    made = site.php("Membergate\\create_missing_roles(); return get_role('unheard_of')->capabilities;")
    check("who can have it made, able to read only", made == {"read": True}, made)
    site.php(f"foreach (get_users(['role'=>'administrator','exclude'=>[1]]) as $u) {{ $u->remove_role('administrator'); }}"
             "Membergate\\link_account(1, 'chief'); return 1;")
    chief = dict(sub="chief", email="admin@site.example", roles=[], managed_roles=["administrator"])
    check("the last administrator is kept", "administrator" in Browser(site).who(site.token(**chief))["roles"])
    check("with a word to say so", "last_administrator" in site.conflicts(), site.conflicts())
    site.user("deputy", "administrator")
    check("and is not kept when there is another", "administrator" not in Browser(site).who(site.token(**chief))["roles"])
    site.php("Membergate\\unlink_account(1); $u = new WP_User(1); $u->set_role('administrator'); wp_set_password('admin-pass-1', 1); return 1;")
