"""A long list of managed roles: told by its digest, fetched once, and what happens when it cannot be had."""
import base64
import hashlib
import json

from kit import Browser, check


def digest(slugs):
    return base64.urlsafe_b64encode(hashlib.sha256("\n".join(sorted(slugs)).encode()).digest()).decode().rstrip("=")


def run(site):
    site.php("foreach (['member','board','choir'] as $r) { add_role($r, $r, ['read'=>true]); } delete_option('membergate_role_lists'); return 1;")
    first = ["member", "board"] + [f"list-{n:04}" for n in range(1000)]
    second = first + ["choir"]
    third = second + ["zeal"]

    def roles(slugs, **claims):
        who = Browser(site).who(site.token(sub="lisa", managed_roles=None, managed_roles_digest=digest(slugs), **claims))
        check("nobody is shut out for a list", who["id"] > 0, who)
        return sorted(who["roles"])

    def problem():
        return site.php("wp_set_current_user(1); return Membergate\\role_list_problem();")

    retry = "$k = get_option('membergate_role_lists'); $k['tried_at'] -= 120; update_option('membergate_role_lists', $k); return 1;"
    # None was ever known: nothing changes.
    check("without any list no role is given", roles(first, roles=["member"]) == [])
    lisa = site.php("return Membergate\\linked_account('lisa');")
    site.php(f"(new WP_User({lisa}))->add_role('board'); return 1;")
    check("nor taken", roles(first, roles=["member"]) == ["board"])
    check("and the status says so", "none is known yet" in problem(), problem())
    # There it is, but not at once again: a failing address is asked once a minute.
    asked = site.key_fetches()
    site.serve_list(digest(first), json.dumps(sorted(first)))
    check("a failed fetch is not repeated within a minute", roles(first, roles=["member"]) == ["board"] and site.key_fetches() == asked)
    site.php(retry)
    check("a list of a thousand roles is fetched by its digest", roles(first, roles=["member"]) == ["member"])
    check("and the status is well", problem() == "", problem())
    asked = site.key_fetches()
    check("once", roles(first, roles=["member", "board"]) == ["board", "member"] and site.key_fetches() == asked)
    # The next one cannot be had: the last known one counts, and nothing outside it.
    site.php(f"(new WP_User({lisa}))->add_role('choir'); return 1;")
    check("without the new list roles are given and taken by the last", roles(second, roles=["board"]) == ["board", "choir"])
    check("and the status says that too", "last list that is known" in problem(), problem())
    for wrong in ('["member"]', "<html>", '{"a":1}', json.dumps(sorted(first)), "x" * 200000):
        site.serve_list(digest(second), wrong)
        site.php(retry)
        check(f"another answer than the list counts for nothing ({wrong[:12]})", roles(second, roles=[]) == ["choir"])
    site.serve_list(digest(second), json.dumps(sorted(second)))
    site.php(retry)
    check("with it what is outside the old list follows too", roles(second, roles=["member"]) == ["member"])
    # After a change of the mapping, assertions of old and new make turns for half a minute.
    site.serve_list(digest(third), json.dumps(sorted(third)))
    asked = site.key_fetches()
    for _ in range(3):
        roles(second, roles=["member"])
        roles(third, roles=["member"])
    check("old and new in turns cost one fetch", site.key_fetches() - asked == 1, site.key_fetches() - asked)
    writes = site.php("global $wpdb; $n = 0; add_filter('query', function($q) use (&$n) { if (preg_match('/^\\s*(UPDATE|INSERT|DELETE)/i', $q)) { $n++; } return $q; });"
                      f"foreach (['{digest(second)}','{digest(third)}','{digest(third)}'] as $d) {{ Membergate\\managed_roles(['managed_roles'=>null,'managed_roles_digest'=>$d], time()); }} return $n;")
    check("and no write", writes == 0, writes)
    short = Browser(site).who(site.token(sub="lisa", roles=["board"], managed_roles=["member", "board"]))
    check("a short list in the assertion works as ever", short["roles"] == ["board"], short)
    unknown = site.php("return count(Membergate\\notes()['unknown_roles']);")
    check("the roles that the site lacks are known, all of them", unknown == 0 or unknown >= 1000, unknown)
    roles(third, roles=[])
    check("a thousand missing roles are told and can be made", site.php("return [count(Membergate\\notes()['unknown_roles']), Membergate\\create_missing_roles()];") == [1000, 1000])
    site.php("foreach (array_keys(wp_roles()->roles) as $r) { if (0 === strpos($r, 'list-') || 'zeal' === $r) { remove_role($r); } } return 1;")
