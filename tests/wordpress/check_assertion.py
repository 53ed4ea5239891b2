"""Which assertions open the site, and which do not."""
import time

from kit import Browser, check


def flipped(token, part):
    """The same token with one bit of one part changed."""
    parts = token.split(".")
    text = parts[part]
    middle = len(text) // 2
    parts[part] = text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1:]
    return ".".join(parts)


def run(site):
    accepted(site)
    refused(site)
    replay(site)
    keys(site)


def accepted(site):
    visitor = Browser(site)
    for sentence, claims in [
        ("an assertion with every claim is accepted", {}),
        ("one without e-mail is accepted", {"email": None}),
        ("one without membership is accepted", {"membership_type": None, "membership_expires": None, "member": False}),
        ("one that has just ended is accepted", {"iat": int(time.time()) - 40, "exp": int(time.time()) - 1}),
        ("one from a clock 3 seconds ahead is accepted", {"iat": int(time.time()) + 3, "exp": int(time.time()) + 60}),
        ("one without roles is accepted", {"roles": [], "managed_roles": []}),
        ("one with four hundred roles, of more than 8 KB, is accepted", {"roles": [f"committee-{n:04}" for n in range(400)]}),
    ]:
        who = visitor.who(site.token(**claims))
        check(sentence, who["id"] > 0, who)
    twice = site.token()
    check("the same assertion is good again for the same address", visitor.who(twice)["id"] == visitor.who(twice)["id"] > 0)


def refused(site):
    now, good = int(time.time()), site.token()
    public = {"kid": "key-a"}
    table = [
        ("expired", "expired", site.token(iat=now - 70, exp=now - 10)),
        ("from the future", "not_yet_valid", site.token(iat=now + 30, exp=now + 60)),
        ("living too long", "lifetime", site.token(exp=now + 600)),
        ("ending before it begins", "lifetime", site.token(iat=now, exp=now - 1)),
        ("without an end", "lifetime", site.token(drop=["exp"])),
        ("without a beginning", "lifetime", site.token(drop=["iat"])),
        ("with its end as text", "lifetime", site.token(exp=str(now + 60))),
        ("for another site", "audience", site.token(aud="shop")),
        ("for a list of sites", "audience", site.token(aud=["www"])),
        ("without audience", "audience", site.token(drop=["aud"])),
        ("from another origin", "issuer", site.token(iss="https://www.evil.example")),
        ("from our origin with a slash", "issuer", site.token(iss=site.origin + "/")),
        ("without issuer", "issuer", site.token(drop=["iss"])),
        ("with an unknown key", "unknown_key", site.token(key="z")),
        ("without a key id", "unknown_key", site.token(header={"kid": None})),
        ("with a path as key id", "unknown_key", site.token(header={"kid": "../../jwks"})),
        ("by another key under our key's id", "signature", site.token(key="z", header=public)),
        ("with alg none", "malformed", site.token(sign="none", header={"alg": "none"})),
        ("with alg none and a signature", "algorithm", site.token(header={"alg": "none"})),
        ("with alg HS256 and the public key as secret", "algorithm", site.token(sign="hs256", header={"alg": "HS256"})),
        ("with an HMAC and alg EdDSA", "signature", site.token(sign="hs256")),
        ("with alg in other letters", "algorithm", site.token(header={"alg": "eddsa"})),
        ("with another type", "algorithm", site.token(header={"typ": "logout+jwt"})),
        ("with critical extensions", "algorithm", site.token(header={"crit": ["b64"]})),
        ("with a changed byte in the header", None, flipped(good, 0)),
        ("with a changed byte in the claims", None, flipped(good, 1)),
        ("with a changed byte in the signature", "signature", flipped(good, 2)),
        ("cut short", None, good[:-1]),
        ("with padding", "malformed", good + "="),
        ("with a fourth part", "malformed", good + ".AAAA"),
        ("with a comma and itself", "malformed", f"{good}, {good}"),
        ("of two parts", "malformed", good.rsplit(".", 1)[0]),
        ("with an empty signature", "malformed", good.rsplit(".", 1)[0] + "."),
        ("without a person", "claims", site.token(drop=["sub"])),
        ("with an empty person", "claims", site.token(sub="")),
        ("with a number as person", "claims", site.token(sub=17)),
        ("without an id of its own", "claims", site.token(drop=["jti"])),
        ("without the list of managed roles", "claims", site.token(drop=["managed_roles"])),
        ("with a role that is no slug", "claims", site.token(roles=["Subscriber!"])),
        ("with roles as text", "claims", site.token(roles="administrator")),
        ("with an expiry that is no day", "claims", site.token(membership_expires="soon")),
        ("with a line break in the name", "claims", site.token(name="Jane\nDoe")),
        ("not a token at all", "malformed", "let me in"),
    ]
    for what, why, token in table:
        who = Browser(site).who(token)
        check(f"an assertion {what} opens nothing", who["id"] == 0 and who["why"] != "" and why in (None, who["why"]), who)
    plain = [("Membergate-Id", "person-1"), ("Membergate-Name", "Jane"), ("Membergate-Email", "admin@site.example"),
             ("Membergate-Roles", "administrator"), ("Membergate-Member", "true"), ("Remote-User", "admin")]
    check("plain headers alone open nothing", Browser(site).who(headers=plain)["id"] == 0)
    forged = site.token(sub="thief", key="z", header=public)
    for order in ([good, forged], [forged, good]):
        who = Browser(site).who(order)
        check("of two assertions the forged one never counts", who["id"] == 0 or who["login"] == Browser(site).who(site.token())["login"], who)
    check("nobody was made for a forged assertion", site.php("return Membergate\\linked_account('thief');") == 0)
    check("roles of a refused assertion change nothing", Browser(site).who(site.token())["roles"] == ["subscriber"])


def replay(site):
    token = site.token(sub="replayed")
    victim, thief = Browser(site), Browser(site, source="127.0.0.2")
    check("the first address to show an assertion is served", victim.who(token)["id"] > 0)
    who = thief.who(token)
    check("a copied assertion from another address opens nothing", who["id"] == 0 and who["why"] == "replayed", who)
    check("the rightful address goes on", victim.who(token)["id"] > 0)
    check("another assertion of the same person from another address is fine", thief.who(site.token(sub="replayed"))["id"] > 0)
    site.setting(bind_address="")
    check("the binding can be switched off", thief.who(token)["id"] > 0)
    site.setting(bind_address="1")
    for _ in range(15):
        victim.who(site.token(sub="replayed"))
    kept = site.php("return count(get_user_meta(Membergate\\linked_account('replayed'), 'membergate_shown', true));")
    check("what is remembered of shown assertions is bounded", kept == 12, kept)


def keys(site):
    visitor = Browser(site)
    minute_ago = "$k = get_option('membergate_keys'); $k['tried_at'] -= 120; $k['fetched_at'] -= {0}; update_option('membergate_keys', $k); return 1;"
    site.php(minute_ago.format(0))
    before = site.key_fetches()
    for number in range(5):
        visitor.who(site.token(key="b"))
    check("unknown keys cause one fetch a minute at most", site.key_fetches() - before == 1, site.key_fetches() - before)
    site.serve_keys("a", "b")
    site.php(minute_ago.format(0))
    check("a new key of the gateway is learnt by itself", visitor.who(site.token(key="b"))["id"] > 0)
    site.serve_keys("b")
    check("a withdrawn key holds until the hour is over", visitor.who(site.token(key="a"))["id"] > 0)
    site.php(minute_ago.format(7200))
    check("and not longer", visitor.who(site.token(key="a"))["id"] == 0)
    site.serve_keys()
    site.php(minute_ago.format(7200))
    check("when the keys cannot be fetched, known ones stay in use", visitor.who(site.token(key="b"))["id"] > 0)
    who = visitor.who(site.token(key="c"))
    check("an unknown key is then not called unknown", who["id"] == 0 and who["why"] == "keys_unreachable", who)
    before = site.key_fetches()
    site.setting(jwks=site.jwks("c"))
    check("pasted keys are used", visitor.who(site.token(key="c"))["id"] > 0)
    check("and only those", visitor.who(site.token(key="b"))["id"] == 0)
    check("and nothing is fetched then", site.key_fetches() == before)
    site.setting(jwks="")
    site.serve_keys("a")
    site.php(minute_ago.format(7200))
    check("after all that the first key works again", visitor.who(site.token())["id"] > 0)
    site.setting(site="")
    who = visitor.who(site.token(aud=""))
    check("without a site name nobody is let in", who["id"] == 0 and who["why"] == "not_configured", who)
    site.setting(site="www")
