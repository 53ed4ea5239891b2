"""Statements about people: what changes in the association changes here, without anybody's visit."""
import concurrent.futures
import json
import time

from kit import Browser, check


def run(site):
    site.php("add_role('member','Member',['read'=>true]); add_role('board','Board',['read'=>true]); add_role('vip','VIP',['read'=>true]); return 1;")
    a_year_of_a_member(site)
    order(site)
    visits(site)
    new_people(site)
    what_a_person_must_settle(site)
    not_believed(site)
    bodies(site)
    closed_api(site)
    many_and_at_once(site)
    shown(site)


def a_year_of_a_member(site):
    who = Browser(site).who(site.token(sub="yara", roles=["member"]))
    site.php(f"(new WP_User({who['id']}))->add_role('vip'); return 1;")
    [told] = site.tell(site.statement("yara", 1, roles=["member", "board"]))
    check("a statement is applied, and the answer says so", told == {"sub": "yara", "version": 1, "outcome": "applied", "changed": True}, told)
    now = site.account("yara")
    check("a new chair has the role without a visit; one given by hand stays", sorted(now["roles"]) == ["board", "member", "vip"], now)
    [told] = site.tell(site.statement("yara", 2, roles=["member"], name="Yara New", given_name="Yara", email="yara@new.example", membership_type="Student", membership_expires="2028-01-31"))
    now = site.account("yara")
    check("name, address and membership follow", (now["name"], now["first"], now["email"], now["type"], now["expires"]) == ("Yara New", "Yara", "yara@new.example", "Student", "2028-01-31"), now)
    check("and the role that was lost", sorted(now["roles"]) == ["member", "vip"], now)
    [told] = site.tell(site.statement("yara", 3, roles=[], membership_type=None, membership_expires=None, name="Yara New", email="yara@new.example"))
    now = site.account("yara")
    check("a lapse takes the role and the membership", (now["roles"], now["type"], now["expires"]) == (["vip"], "", ""), now)
    site.tell(site.statement("yara", 4, roles=["member"], name="Yara New", email="yara@new.example"))
    check("who joins again has it again", "member" in site.account("yara")["roles"])
    [told] = site.tell(site.statement("yara", 5, roles=["member", "editor", "unheard"], managed_roles=["member", "unheard"], name="Yara New", email="yara@new.example"))
    check("a role that is not managed is not given", sorted(site.account("yara")["roles"]) == ["member", "vip"], told)
    check("a role that this site lacks is noted", site.php("return Membergate\\notes()['unknown_roles'];") == ["unheard"])
    [told] = site.tell(site.statement("yara", 6, state="removed", roles=[], drop=("member", "name", "email", "membership_type", "membership_expires")))
    now = site.account("yara")
    check("who is no longer in the association loses what it gave", told["outcome"] == "applied" and told["changed"] and (now["roles"], now["type"], now["expires"]) == (["vip"], "", ""), (told, now))
    check("the account, its name and its link stay", (now["id"], now["name"], now["email"]) == (who["id"], "Yara New", "yara@new.example"), now)
    [told] = site.tell(site.statement("nobody-here", 1, state="removed", roles=[], drop=("member", "name", "email")))
    check("who was never here needs no removal", told["outcome"] == "no_account", told)


def order(site):
    site.tell(site.statement("olga", 7, roles=["member"], create=True))
    [told] = site.tell(site.statement("olga", 6, roles=["board"], create=True))
    check("an older statement changes nothing, and the answer says what is known", told == {"sub": "olga", "version": 7, "outcome": "superseded"} and site.account("olga")["roles"] == ["member"], told)
    again = site.statement("olga", 8, roles=["board"])
    first, second = site.tell(again)[0], site.tell(again)[0]
    check("the same statement sent again changes nothing", (first["changed"], second["outcome"], second["changed"]) == (True, "applied", False), (first, second))
    olga = site.account("olga")["id"]
    site.php(f"(new WP_User({olga}))->remove_role('board'); return 1;")
    site.tell(again)
    check("a copied statement does nothing, whatever has changed meanwhile", site.account("olga")["roles"] == [])
    [told] = site.tell(site.statement("olga", 8, roles=["board"]))
    check("the same state sent again puts right what was changed by hand", told["changed"] and site.account("olga")["roles"] == ["board"], told)
    site.tell(site.statement("olga", 9, roles=["member"]), site.statement("olga", 10, roles=["board"]))
    told = site.tell(again)
    check("nor does a copy after newer ones", told[0]["outcome"] == "superseded" and site.account("olga")["roles"] == ["board"], told)
    [told] = site.tell(site.statement("olga", 2**53 - 1, roles=["member"]))
    check("the greatest number is a number", told["version"] == 2**53 - 1 and told["outcome"] == "applied", told)
    site.php(f"Membergate\\link_account({olga}, 'olga-2'); return 1;")
    [told] = site.tell(site.statement("olga-2", 1, roles=["board"]))
    check("versions belong to a person: another person of the same account starts from the first version", told["outcome"] == "applied" and site.account("olga-2")["roles"] == ["board"], told)


def visits(site):
    early = site.token(sub="vera-v", roles=["member"], name="Vera Early", iat=int(time.time()) - 10, exp=int(time.time()) + 40)
    Browser(site).who(site.token(sub="vera-v", roles=["member"], name="Vera", iat=int(time.time()) - 30, exp=int(time.time()) + 20))
    site.tell(site.statement("vera-v", 1, roles=["board"], name="Vera Now"))
    who = Browser(site).who(early)
    check("an assertion made before the last statement signs in, and changes neither roles nor profile", who["id"] > 0 and who["roles"] == ["board"] and who["name"] == "Vera Now", who)
    at = int(time.time())
    site.tell(site.statement("vera-v", 2, roles=["board"], name="Vera Now", iat=at, exp=at + 50))
    who = Browser(site).who(site.token(sub="vera-v", roles=["member"], name="Vera Early", iat=at, exp=at + 50))
    check("nor does one of the same second, which may be older", who["roles"] == ["board"] and who["name"] == "Vera Now", who)
    late = at + 3
    who = Browser(site).who(site.token(sub="vera-v", roles=["board", "member"], name="Vera Late", iat=late, exp=late + 50))
    check("one made after it does", sorted(who["roles"]) == ["board", "member"] and who["name"] == "Vera Late", who)
    [told] = site.tell(site.statement("vera-v", 2, roles=["board"], name="Vera Late", iat=late - 1, exp=late + 49))
    check("what a visit knows better a repeated statement does not take back", not told["changed"] and sorted(site.account("vera-v")["roles"]) == ["board", "member"], told)
    writes = site.php("$n = 0; add_filter('query', function($q) use (&$n) { if (preg_match('/^\\s*(UPDATE|INSERT|DELETE)|GET_LOCK/i', $q)) { $n++; } return $q; });"
                      "$u = get_userdata(Membergate\\linked_account('vera-v'));"
                      "Membergate\\follow_visit($u, ['sub'=>'vera-v','iat'=>time()+9,'name'=>'Vera Late','given_name'=>'','family_name'=>'','email'=>'vera-v@people.example','roles'=>['member','board'],"
                      "'managed_roles'=>['subscriber','member','board'],'membership_type'=>'Corporate Gold','membership_code'=>'','membership_expires'=>'2027-12-31']); return $n;")
    check("a visit that changes nothing writes nothing and takes no lock", writes == 0, writes)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        old = site.token(sub="vera-v", roles=["member"], iat=int(time.time()) - 5, exp=int(time.time()) + 40)
        asked = [pool.submit(Browser(site).who, old) for _ in range(5)]
        told = pool.submit(site.tell, site.statement("vera-v", 3, roles=["board"]))
        found = [one.result() for one in asked]
    check("whichever comes first, the statement wins over assertions made before it", told.result()[0]["outcome"] == "applied" and all(one["id"] for one in found) and site.account("vera-v")["roles"] == ["board"], site.account("vera-v"))


def new_people(site):
    [told] = site.tell(site.statement("newcomer", 1, roles=["member"]))
    check("somebody unknown stays unknown", told == {"sub": "newcomer", "version": 1, "outcome": "no_account"} and site.account("newcomer") is None, told)
    [told] = site.tell(site.statement("newcomer", 1, roles=["member"], create=True))
    now = site.account("newcomer")
    check("with create an account is made", told["outcome"] == "applied" and told["changed"] and now["roles"] == ["member"] and now["email"] == "newcomer@people.example", (told, now))
    who = Browser(site).who(site.token(sub="newcomer", roles=["member"], iat=int(time.time()) + 1))
    check("which is the one at the first visit", who["id"] == now["id"], who)
    site.setting(create="")
    [told] = site.tell(site.statement("uninvited-2", 1, create=True))
    check("not where new accounts are switched off", told["outcome"] == "no_account" and site.account("uninvited-2") is None, told)
    site.setting(create="1")
    plain = site.user("pia", "subscriber")
    [told] = site.tell(site.statement("pia-id", 1, roles=["subscriber", "member"], email="pia@people.example"))
    check("an account that holds nothing of its own is linked by its address, as at a visit", told["outcome"] == "applied" and site.account("pia-id")["id"] == plain, told)
    for role in ("administrator", "editor", "vip"):
        account = site.user(f"sa-{role}", role)
        [told] = site.tell(site.statement(f"sa-{role}-id", 1, email=f"sa-{role}@people.example"))
        check(f"one with the role {role} never is", told["outcome"] == "no_account" and site.php(f"return [Membergate\\is_linked({account}), get_userdata({account})->roles];") == [False, [role]], told)
        [told] = site.tell(site.statement(f"sa-{role}-id", 1, email=f"sa-{role}@people.example", create=True))
        check(f"nor is a second account made for somebody who did not come ({role})", (told["outcome"], told["reason"]) == ("refused", "email_taken") and site.account(f"sa-{role}-id") is None, told)


def what_a_person_must_settle(site):
    site.tell(site.statement("uma", 1, roles=["member"], create=True))
    owner = site.user("uma-owner", "editor", "uma-owner@people.example")
    clash = dict(roles=["board"], name="Uma Two", email="uma-owner@people.example")
    [told] = site.tell(site.statement("uma", 2, **clash))
    now = site.account("uma")
    check("an address that another account has is left with it; all else is applied",
          (told["outcome"], told["reason"], told["changed"]) == ("refused", "email_taken", True) and (now["roles"], now["name"], now["email"]) == (["board"], "Uma Two", "uma@people.example"), (told, now))
    check("an administrator learns of it", "email_taken" in site.conflicts())
    site.php(f"wp_update_user(['ID'=>{owner},'user_email'=>'elsewhere@people.example']); return 1;")
    [told] = site.tell(site.statement("uma", 2, **clash))
    check("once that is settled the same statement is applied", told["outcome"] == "applied" and site.account("uma")["email"] == "uma-owner@people.example", told)
    others = site.php("$o = get_users(['role'=>'administrator','fields'=>'ID']); foreach ($o as $id) { (new WP_User($id))->remove_role('administrator'); } return array_map('intval', $o);")
    manages = dict(managed_roles=["administrator", "member"])
    site.tell(site.statement("uma", 3, roles=["administrator"], email="uma-owner@people.example", **manages))
    [told] = site.tell(site.statement("uma", 4, roles=["member"], email="uma-owner@people.example", **manages))
    check("the last administrator stays one, and the answer says so", (told["outcome"], told.get("reason")) == ("refused", "last_administrator") and "administrator" in site.account("uma")["roles"], (told, site.account("uma")))
    [told] = site.tell(site.statement("uma", 5, roles=[], state="removed", **manages))
    check("even when removed", told["reason"] == "last_administrator" and "administrator" in site.account("uma")["roles"] and "member" not in site.account("uma")["roles"], told)
    site.php("foreach (" + json.dumps(others) + " as $id) { (new WP_User($id))->add_role('administrator'); } return 1;")
    [told] = site.tell(site.statement("uma", 6, roles=[], email="uma-owner@people.example", **manages))
    check("with another administrator the role goes", told["outcome"] == "applied" and "administrator" not in site.account("uma")["roles"], told)


def not_believed(site):
    site.tell(site.statement("fay", 1, roles=["member"], create=True))
    now = int(time.time())

    def refused(sentence, reason, token):
        [told] = site.tell(token)
        check(f"{sentence} is refused ({reason})", told == {"outcome": "refused", "reason": reason}, told)

    good = site.statement("fay", 2, roles=["board"])
    refused("a forged statement", "signature", good[:-8] + ("A" * 8 if good[-8:] != "A" * 8 else "B" * 8))
    head, _, tail = good.split(".")
    refused("one with other claims", "signature", ".".join([head, site.statement("fay", 3, roles=["board"]).split(".")[1], tail]))
    refused("one signed by another key", "signature", site.statement("fay", 2, key="z", header={"kid": "key-a"}))
    refused("one of an unknown key", "unknown_key", site.statement("fay", 2, key="z"))
    refused("one without a signature", "malformed", site.statement("fay", 2, sign="none", header={"alg": "none"}))
    refused("one signed with the public key as a secret", "algorithm", site.statement("fay", 2, sign="hs256", header={"alg": "HS256"}))
    refused("one for another site", "audience", site.statement("fay", 2, aud="shop"))
    refused("one from another gateway", "issuer", site.statement("fay", 2, iss="https://evil.example"))
    refused("one that is over", "expired", site.statement("fay", 2, iat=now - 90, exp=now - 40))
    refused("one from the future", "not_yet_valid", site.statement("fay", 2, iat=now + 60, exp=now + 100))
    refused("one that lives too long", "lifetime", site.statement("fay", 2, iat=now, exp=now + 61))
    refused("an assertion", "algorithm", site.token(sub="fay", roles=["board"]))
    refused("an assertion with a number", "algorithm", site.token(sub="fay", roles=["board"], version=2, state="present", create=True))
    refused("a statement without a kind", "algorithm", site.statement("fay", 2, header={"typ": None}))
    for claims in ({"version": 0}, {"version": "2"}, {"version": 2**53}, {"version": 1.5}, {"version": None}, {"state": "gone"}, {"state": None}, {"create": "yes"}, {"state": "removed", "roles": ["board"]}, {"roles": None}):
        refused(f"one with {claims}", "claims", site.statement("fay", **({"version": 2} | claims)))
    refused("a text", "malformed", "hello")
    refused("a long text", "too_long", "x" * 40000)
    who = Browser(site).get("/?probe=1", site.statement("fay", 2)).json()
    check("a statement signs nobody in", who["id"] == 0 and who["why"] == "algorithm", who)
    check("nothing of all that had an effect", site.account("fay")["roles"] == ["member"], site.account("fay"))
    site.setting(site="")
    refused("where no site name is set any", "not_configured", good)
    site.setting(site="www")


def bodies(site):
    def status(body, **more):
        return site.tell_raw(body, **more).status

    good = site.statement("fay", 3, roles=["board", "member"])
    for body in ("", "[]", "{}", "null", "7", "{\"statements\": []}", "{\"statements\": \"x\"}", "{\"statements\": {\"a\": \"x\"}}", "{\"statements\": [7]}", "{\"statements\": [\"x\", null]}", "{", json.dumps({"statements": ["x"] * 101})):
        check(f"{body[:30] or 'nothing'} is no body", status(body) == 400, status(body))
    large = site.tell_raw(json.dumps({"statements": ["x" * 32000] * 34}))
    check("over 1 MiB is too large", large.status == 413 and large.json()["code"] == "membergate_too_large", large)
    check("just below is not", status(json.dumps({"statements": ["x" * 32000] * 32})) == 200)
    check("only POST is answered", Browser(site).get("/wp-json/membergate/v1/people").status == 404)
    mixed = site.tell(site.statement("fay", 2, roles=["board"], aud="shop"), good, "x", site.statement("not-here", 1))
    check("one that fails does not hold up the others, and answers come in order", [one["outcome"] for one in mixed] == ["refused", "applied", "refused", "no_account"], mixed)
    answer = site.tell_raw(json.dumps({"statements": [good]}))
    check("no cache keeps the answer", "no-store" in answer.headers["Cache-Control"] and "private" in answer.headers["Cache-Control"], answer.headers["Cache-Control"])
    check("it sets no cookie", answer.headers.get("Set-Cookie") is None)
    cookie = Browser(site)
    cookie.sign_in_by_password("admin", "admin-pass-1")
    with_cookie = cookie.ask("POST", "/wp-json/membergate/v1/people", body=json.dumps({"statements": ["x"]}), headers=[("Content-Type", "application/json")])
    check("a cookie makes no difference", with_cookie.status == 200 and with_cookie.json()["results"][0]["outcome"] == "refused", with_cookie)
    check("the route is not listed", "membergate/v1/people" not in Browser(site).get("/wp-json/").text)
    site.option("permalink_structure", "")
    told = site.tell(site.statement("fay", 4, roles=["member"]), path="/?rest_route=/membergate/v1/people")
    check("it works with pretty links off", told[0]["outcome"] == "applied", told)
    check("and the status says at which address", "rest_route=" in site.php("return Membergate\\people_url();"), site.php("return Membergate\\people_url();"))
    site.option("permalink_structure", "/%postname%/")
    (site.root / "www/.maintenance").write_text(f"<?php $upgrading = {int(time.time())};")
    paused = site.tell_raw(json.dumps({"statements": [good]}))
    check("a site in maintenance says when to come again", paused.status == 503 and paused.headers.get("Retry-After"), paused)
    (site.root / "www/.maintenance").unlink()


def closed_api(site):
    site.option("closed", "1")
    check("where the REST API is closed to strangers, it is", Browser(site).get("/wp-json/wp/v2/posts").status == 401)
    told = site.tell(site.statement("fay", 5, roles=["board"]))
    check("statements arrive all the same", told[0]["outcome"] == "applied", told)
    told = site.tell(site.statement("fay", 6, roles=["member"]), path="/?rest_route=/membergate/v1/people/")
    check("at the other address too", told[0]["outcome"] == "applied", told)
    for path in ("/wp-json/wp/v2/users?x=/membergate/v1/people", "/wp-json/membergate/v1/people/../../wp/v2/posts", "/?rest_route=/wp/v2/posts&x=/membergate/v1/people"):
        check(f"and nothing else is opened by it ({path})", site.tell_raw("{}", path=path).status in (400, 401, 403, 404, 405), site.tell_raw("{}", path=path).status)
    batch = site.tell_raw(json.dumps({"requests": [{"path": "/wp/v2/posts"}]}), path="/wp-json/batch/v1")
    check("nor by a batch", batch.status in (401, 403), batch)
    site.option("closed", "")


def many_and_at_once(site):
    tokens = [site.statement(f"crowd-{n}", 1, roles=["member"], create=True) for n in range(100)]
    began = time.monotonic()
    told = site.tell(*tokens)
    print(f"      100 accounts made by one request in {time.monotonic() - began:.1f} s", flush=True)
    in_order = len(told) == 100 and all(one.get("sub", f"crowd-{n}") == f"crowd-{n}" for n, one in enumerate(told))
    # A slow machine may leave some for the next request.
    check("100 statements in one request are all answered, in order", in_order and all(one["outcome"] == "applied" or one.get("reason") == "busy" for one in told), [one for one in told if one["outcome"] != "applied"][:3])
    tokens = [site.statement("rush", version, roles=[["member"], ["board"]][version % 2], create=True) for version in range(1, 13)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = [told[0] for told in pool.map(lambda token: site.tell(token), tokens)]
    accounts = site.php("global $wpdb; return (int) $wpdb->get_var(\"SELECT COUNT(*) FROM $wpdb->users WHERE user_email = 'rush@people.example'\");")
    check("twelve at once for one person make one account, and the newest wins", accounts == 1 and site.account("rush")["roles"] == ["member"] and all(one["outcome"] in ("applied", "superseded") for one in results), (accounts, results))
    held = concurrent.futures.ThreadPoolExecutor(1).submit(site.php, "return Membergate\\with_person_lock('rush', function() { usleep(12000000); return 'held'; }, 'busy');")
    taken = "global $wpdb; return null !== $wpdb->get_var($wpdb->prepare('SELECT IS_USED_LOCK(%s)', substr($wpdb->base_prefix . Membergate\\lookup_key('rush'), 0, 64)));"
    deadline = time.monotonic() + 20
    while not site.php(taken) and time.monotonic() < deadline:
        time.sleep(0.05)
    [told] = site.tell(site.statement("rush", 13, roles=["board"]))
    check("while another request holds the person for long, it is to be sent again", (told["outcome"], told["reason"], told["sub"]) == ("refused", "busy", "rush"), told)
    check("and nobody was overtaken", held.result() == "held" and site.account("rush")["roles"] == ["member"])
    check("then it is applied", site.tell(site.statement("rush", 13, roles=["board"]))[0]["outcome"] == "applied")


def shown(site):
    admin = Browser(site)
    admin.sign_in_by_password("admin", "admin-pass-1")
    page = admin.get("/wp-admin/options-general.php?page=membergate").text
    check("the settings page says that changes arrive, and what was refused and why", "Changes arrive without a visit" in page and "Refused changes" in page and "(email_taken)" in page and "(audience)" in page)
    notes = site.php("$n = Membergate\\people_notes(); delete_option('membergate_people'); return $n;")
    check("with the counts", notes["at"] > 0 and notes["refused"]["email_taken"] >= 4, notes)
    page = admin.get("/wp-admin/options-general.php?page=membergate").text
    check("and where none ever came, at which address they would", "give the gateway this address as people_endpoint" in page and site.origin + "/wp-json/membergate/v1/people" in page)
    for _ in range(3):
        site.tell("x")
    check("forgeries are noted once a minute", site.php("return Membergate\\people_notes()['refused'];") == {"malformed": 1}, site.php("return Membergate\\people_notes();"))
    check("nothing of a person is in PHP's error log", "people.example" not in site.log() and "@new.example" not in site.log(), [line for line in site.log().splitlines() if "example" in line][:2])
