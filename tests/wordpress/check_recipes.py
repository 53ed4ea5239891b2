"""What other plugins are told, and the recipes that docs/wordpress.md offers for them."""
import pathlib
import shutil
import time

from kit import Browser, check

RECIPES = pathlib.Path(__file__).parent / "../../deploy/wordpress/recipes"


def run(site):
    site.php("add_role('member','Member',['read'=>true]); add_role('board','Board',['read'=>true]); add_role('vip','VIP',['read'=>true]); return 1;")
    site.option("plugins", "1")
    for recipe in RECIPES.glob("*.php"):
        shutil.copy(recipe, site.root / "www/wp-content/mu-plugins/")
    actions(site)
    recipes(site)
    failing(site)
    site.option("plugins", "")
    for recipe in RECIPES.glob("*.php"):
        (site.root / "www/wp-content/mu-plugins" / recipe.name).unlink()


def heard(site):
    return site.php("$t = get_option('told_plugins', []); delete_option('told_plugins'); return $t;")


def actions(site):
    who = Browser(site).who(site.token(sub="ada", roles=["member"]))
    check("a visit that changes roles is told once, after it is written, when plugins are ready", heard(site) == [["roles", who["id"], [], ["member"], True, True, 1]])
    Browser(site).who(site.token(sub="ada", roles=["member"]))
    check("one that changes none is not", heard(site) == [])
    early = Browser(site).get("/?early=plugins_loaded&how=echo", site.token(sub="ada", roles=["member", "board"]))
    check("an answer that ends early does not swallow it", early.status == 200 and [one[2:5] for one in heard(site)] == [[["member"], ["member", "board"], True]])
    site.php(f"(new WP_User({who['id']}))->add_role('vip'); return 1;")
    same = site.statement("ada", 1, roles=["board"], iat=int(time.time()) + 1)
    site.tell(same)
    site.tell(same)
    check("a statement is told once, with roles given by hand on both sides", [one[2:5] for one in heard(site)] == [[["member", "board", "vip"], ["board", "vip"], True]])
    site.tell(site.statement("ada", 2, roles=["board"], name="Ada New"))
    check("another name is no change of roles", heard(site) == [])
    site.tell(site.statement("ada", 3, state="removed", roles=[]))
    site.tell(site.statement("ada", 4, state="removed", roles=[]))
    check("a removal is told once, after the roles", [one[0] for one in heard(site)] == ["roles", "removed"])


def recipes(site):
    bob = site.user("bob-r", "subscriber")
    site.php(f"Membergate\\link_account({bob}, 'bob-r'); return 1;")

    def within():
        return site.php(f"return array_map(function ($p) {{ return get_option('stand_in_'.$p, [])[{bob}] ?? []; }}, ['learndash', 'pmpro', 'buddypress']);")

    site.php(f"pmpro_changeMembershipLevel(9, {bob}); return 1;")
    site.tell(site.statement("bob-r", 1, roles=["member", "board"]))
    check("who joins is in the groups and has the levels", within() == [[101, 102], [9, 1, 2], [1, 2]], within())
    site.tell(site.statement("bob-r", 2, roles=["member"]))
    check("a lost role leaves its own", within() == [[101], [9, 1], [1]], within())
    Browser(site).who(site.token(sub="bob-r", roles=["member", "board"], iat=int(time.time()) + 2))
    check("a visit counts as well", within() == [[101, 102], [9, 1, 2], [1, 2]], within())
    site.tell(site.statement("bob-r", 3, state="removed", roles=[]))
    check("who is gone is in none, and keeps what was bought", within() == [[], [9], []], within())


def failing(site):
    site.option("failing", "profile")
    [told] = site.tell(site.statement("bob-r", 4, roles=["board"], name="Bob Other"))
    check("a name that another plugin does not take is told, and the roles follow", (told["outcome"], told["reason"], told["changed"]) == ("refused", "account", True) and site.account("bob-r")["roles"] == ["board"], told)
    site.option("failing", "database")
    [told] = site.tell(site.statement("bob-r", 5, roles=["board"]))
    check("what the database does not take is not confirmed", (told["outcome"], told["reason"]) == ("refused", "busy"), told)
    site.option("failing", "plugin")
    told = site.tell(site.statement("ada", 5, roles=["member"]), site.statement("bob-r", 5, roles=["member"]))
    check("another plugin's failure holds up nobody", [one["outcome"] for one in told] == ["applied", "applied"] and site.account("bob-r")["roles"] == ["member"], told)
    check("the log names the plugin and no person", "RuntimeException in" in site.log() and "secret-" not in site.log())
    site.option("failing", "")
    log = site.root / "log/php"
    log.write_text("".join(line for line in site.log().splitlines(True) if "a plugin failed" not in line))
