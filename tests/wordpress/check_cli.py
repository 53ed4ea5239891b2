"""`wp membergate`: status, linking from a table, and putting roles back. WP-CLI itself is a stand-in: see site/wp.php."""
import json
import time

from kit import Browser, check


def run(site):
    site.php("add_role('member','Member',['read'=>true]); add_role('board','Board',['read'=>true]); add_role('vip','VIP',['read'=>true,'vip'=>true]); return 1;")
    status(site)
    link_by_id(site)
    link_by_address(site)
    tables(site)
    sync(site)


def status(site):
    Browser(site).who(site.token(sub="stan", roles=["subscriber"], managed_roles=["subscriber"]))
    site.php("delete_option('membergate_people'); return 1;")
    code, said = site.wp("status")
    check("status says that no changes arrive yet, and what to enter", code == 0 and said.startswith("Ready") and "people_endpoint" in said and "/membergate/v1/people" in said, (code, said))
    site.tell(site.statement("stan", 1, managed_roles=["subscriber"]), "x")
    code, said = site.wp("status")
    check("or that they do, when the last came, and what was refused", code == 0 and "Changes arrive without a visit" in said and "1 × It was not made by" in said, (code, said))
    code, said = site.wp("status", "--format=json")
    told = json.loads(said)
    check("for programs too", told["ready"] and told["last_statement"] > 0 and told["told"] >= 1 and told["linked"] >= told["told"] and told["refused_statements"] == {"malformed": 1}, told)
    site.setting(site="")
    code, said = site.wp("status")
    check("and ends with 1 when something stands in the way", code == 1 and "Needs attention" in said and "site name is not set" in said, (code, said))
    site.setting(site="www")


def rows(said):
    return {line["account"]: line for line in json.loads(said)}


def table(site, text, *words):
    path = site.folder / "people.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o644)
    return site.wp("link", str(path), *words)


def link_by_id(site):
    accounts = {name: site.user(name, role) for name, role in (("lia", "subscriber"), ("lou", "vip"), ("led", "editor"), ("lin", "subscriber"), ("luz", "subscriber"), ("lot", "subscriber"))}
    site.php(f"Membergate\\link_account({accounts['lin']}, 'lin-other'); return 1;")
    came = Browser(site).who(site.token(sub="luz-id", email="luz-new@people.example"))
    site.php("delete_option('membergate_role_lists'); return 1;")
    site.tell(site.statement("luz-id", 3, roles=["member"], email="luz-new@people.example"))
    by_hand = site.user("by-hand", "subscriber")
    site.php(f"Membergate\\link_account({by_hand}, 'lot-id'); return 1;")
    # As the gateway's report writes it: more columns, a line for each role, cells that no spreadsheet takes for a formula.
    text = ("login,email,ams_id,fate,change,role,because,kept,warnings\n"
            "lia,lia@people.example,lia-id,changes,gains,member,because,,\n"
            "lia,lia@people.example,lia-id,changes,loses,board,because,,\n"
            "lou,lou@people.example,'-lou-id,stays as it is,,,,,\n"
            "led,led@people.example,led-id,stays as it is,,,,,\n"
            "lin,lin@people.example,lin-id,stays as it is,,,,,\n"
            "luz,luz@people.example,luz-id,stays as it is,,,,,\n"
            "lot,lot@people.example,lot-id,stays as it is,,,,,\n"
            "nobody,nobody@people.example,nobody-id,no record is known,,,,,\n"
            "by-hand,,lia-id,,,,,,\n")
    code, said = table(site, text, "--format=json")
    found = rows(said)
    expected = {"lia": "link", "lou": "link", "led": "left out", "lin": "left out", "luz": "link", "lot": "left out", "nobody": "left out", "by-hand": "left out"}
    check("link shows what would happen to each row", {name: row["what"] for name, row in found.items()} == expected, found)
    check("says why", "run the site" in found["led"]["why"] and "another person" in found["lin"]["why"] and "no such account" in found["nobody"]["why"].lower() and "by-hand" in found["lot"]["why"], found)
    check("and ends with 2, because some are left out", code == 2, code)
    check("nothing has changed yet", site.php(f"return array_map('Membergate\\is_linked', [{accounts['lia']}, {accounts['lou']}]);") == [False, False])
    code, said = table(site, text, "--yes")
    check("--yes links them", code == 2 and "Linked: 3. Approved: 0. As they should be already: 0. Left out: 5." in said, said)
    check("the one, the one with a role by hand, and the one whose person had got a second account",
          [site.php(f"return Membergate\\linked_account('{sub}');") for sub in ("lia-id", "-lou-id", "luz-id")] == [accounts["lia"], accounts["lou"], accounts["luz"]])
    luz = site.account("luz-id")
    check("with the roles that the gateway told, for it does not tell them again", "member" in luz["roles"] and site.tell(site.statement("luz-id", 2))[0]["outcome"] == "superseded", luz)
    check("which is left without the link", came["id"] != accounts["luz"] and site.php(f"return Membergate\\is_linked({came['id']});") is False)
    check("staff and others are left as they were", site.php(f"return [Membergate\\is_linked({accounts['led']}), Membergate\\linked_account('lin-other'), Membergate\\linked_account('lot-id')];") == [False, accounts["lin"], by_hand])
    code, said = table(site, text, "--format=json")
    check("a second time there is nothing to do for them", [rows(said)[name]["what"] for name in ("lia", "lou", "luz")] == ["as is"] * 3, said)
    [told] = site.tell(site.statement("lia-id", 1, roles=["member"], email="lia@people.example"))
    check("a statement about a linked person takes effect without a visit", told["changed"] and "member" in site.account("lia-id")["roles"], told)


def link_by_address(site):
    vip = site.user("val", "vip")
    text = "user_login;user_email;roles\nval;val@people.example;vip\nled;led@people.example;editor\n"
    code, said = table(site, text, "--format=json")
    check("without an id it comes to the same as on the page", {name: row["what"] for name, row in rows(said).items()} == {"val": "approve", "led": "left out"} and code == 2, said)
    code, said = table(site, "user_email\nval@people.example\n", "--yes")
    check("--yes approves, and a table that is all done ends with 0", code == 0 and "Approved: 1" in said and site.php(f"return get_user_meta({vip}, 'membergate_approved', true);") == "1", (code, said))
    [told] = site.tell(site.statement("val-id", 1, roles=["member"], email="val@people.example"))
    check("and the next statement about its person links it", told["outcome"] == "applied" and site.account("val-id")["id"] == vip, told)


def tables(site):
    for text, why in (("", "no column"), ("roles,name\nmember,Ann\n", "no column"), ("user_login,ams_id\n", "no users"), (b"user_login\n\xff\n", "not UTF-8")):
        code, said = table(site, text)
        check(f"a table that cannot be used says why ({text[:20]!r})", code == 1 and why in said, (code, said))
    code, said = site.wp("link", "/no/such/file.csv")
    check("as does a file that is not there", code == 1 and "cannot be read" in said, (code, said))
    code, said = site.wp("link", "-", "--format=json", stdin="﻿User Login,AMS ID\nlia,lia-id\n")
    check("standard input is a table too, with a byte order mark and other spellings", code == 0 and rows(said)["lia"]["what"] == "as is", (code, said))


def sync(site):
    # Lists of managed roles change by the minute in these checks, which the plugin does not expect of a mapping.
    site.php("delete_metadata('user', 0, 'membergate_version', '', true); delete_option('membergate_role_lists'); return 1;")
    manages = dict(managed_roles=["member", "board", "subscriber"])
    site.tell(site.statement("syd", 1, roles=["member", "board"], create=True, **manages), site.statement("sol", 1, roles=["member"], create=True, **manages))
    Browser(site).who(site.token(sub="never-told", roles=["member"], **manages))
    code, said = site.wp("sync", "--format=json")
    never = [row for row in json.loads(said) if row["what"] == "never told"]
    check("sync lists the people that the gateway never told about, and nobody else where all is well", code == 0 and len(never) == len(json.loads(said)) > 0, said)
    syd, sol = site.account("syd")["id"], site.account("sol")["id"]
    # What WordPress's own page does when an administrator edits the user.
    site.php(f"(new WP_User({syd}))->set_role('subscriber'); (new WP_User({sol}))->add_role('vip'); return 1;")
    code, said = site.wp("sync")
    check("roles that were changed here are shown, and stay", code == 2 and "Their roles differ: 1; put back: 0" in said and "Send everybody again" in said and site.account("syd")["roles"] == ["subscriber"], (code, said))
    code, said = site.wp("sync", "--yes", "--format=json")
    found = [row for row in json.loads(said) if row["what"] != "never told"]
    check("--yes puts them back", code == 0 and [row["what"] for row in found] == ["put back"] and sorted(site.account("syd")["roles"]) == ["board", "member"], (code, found))
    check("and leaves what was given by hand", sorted(site.account("sol")["roles"]) == ["member", "vip"], site.account("sol"))
    later = dict(sub="syd", roles=["member"], iat=int(time.time()) + 2)
    Browser(site).who(site.token(**later, **manages))
    code, said = site.wp("sync")
    check("a visit that knew better is not undone", code == 0 and site.account("syd")["roles"] == ["member"], (code, said))
