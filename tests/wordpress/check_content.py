"""Hidden content in every place where WordPress shows posts, or parts of posts: nobody else reads a word of it."""
import json

from kit import Browser, check

BOARD = '[membergate roles="board"]'
END = "[/membergate]"


def block(name, inner="", **attributes):
    said = " " + json.dumps(attributes) if attributes else ""
    return f"<!-- wp:{name}{said} -->{inner}<!-- /wp:{name} -->"


def paragraph(text, **attributes):
    return block("paragraph", f"<p>{text}</p>", **attributes)


def group(inner, **attributes):
    return block("group", f'<div class="wp-block-group">{inner}</div>', **attributes)


PAGE = block("nextpage", "<!--nextpage-->")
MORE = block("more", "<!--more-->")

# What the author meant to hide is called SECRET; what the board is to read on the post's first page stands beside.
POSTS = {
    "a page break between the tags": (f"{BOARD}SECRET-1<!--nextpage-->SECRET-2{END} PUBLIC", ["SECRET-1", "SECRET-2", "PUBLIC"]),
    "a page break with lines around it": (f"{BOARD}\nSECRET-1\n<!--nextpage-->\nSECRET-2\n{END}\nPUBLIC", ["SECRET-1", "SECRET-2", "PUBLIC"]),
    "a teaser that ends between the tags": (f"PUBLIC {BOARD}SECRET-1<!--more-->SECRET-2{END}", ["PUBLIC", "SECRET-1", "SECRET-2"]),
    "a teaser with words of its own": (f"PUBLIC {BOARD}SECRET-1<!--more Go on-->SECRET-2{END}", ["PUBLIC", "SECRET-1", "SECRET-2"]),
    "a teaser and a page break": (f"{BOARD}SECRET-1<!--more-->SECRET-2<!--nextpage-->SECRET-3{END}", ["SECRET-1", "SECRET-2", "SECRET-3"]),
    "tags in blocks of their own": (block("shortcode", BOARD) + paragraph("SECRET-1") + PAGE + paragraph("SECRET-2") + block("shortcode", END), ["SECRET-1", "SECRET-2"]),
    "a page break in a group": (group(paragraph("SECRET-1") + PAGE + paragraph("SECRET-2"), membergateRoles="board"), ["SECRET-1", "SECRET-2"]),
    "a teaser that ends in a group": (group(paragraph("SECRET-1") + MORE + paragraph("SECRET-2"), membergateRoles="board"), ["SECRET-1", "SECRET-2"]),
    "a page break in a group in a group": (group(group(paragraph("SECRET-1") + PAGE + paragraph("SECRET-2")), membergateRoles="board"), ["SECRET-1", "SECRET-2"]),
    "no end": (f"PUBLIC {BOARD}SECRET-1 and on", ["PUBLIC", "SECRET-1"]),
    "no end before a page break": (f"PUBLIC {BOARD}SECRET-1<!--nextpage-->SECRET-2", ["PUBLIC", "SECRET-1", "SECRET-2"]),
    "a misspelt end": (f"PUBLIC {BOARD}SECRET-1[/membergate ]SECRET-2", ["PUBLIC", "SECRET-1", "SECRET-2"]),
    "no beginning": (f"SECRET-1{END} PUBLIC", ["PUBLIC"]),
    "one inside another": (f"PUBLIC {BOARD}SECRET-1 [membergate]SECRET-2{END} SECRET-3{END}", ["PUBLIC"]),
    "a forgotten end before the next one": (f"PUBLIC {BOARD}SECRET-1 {BOARD}SECRET-2{END} SECRET-3", ["PUBLIC"]),
    "a bracket that does not close": (f'PUBLIC [membergate roles="board" SECRET-1{END}', ["PUBLIC"]),
    "an end in a comment": (f"PUBLIC {BOARD}SECRET-1 <!-- {END} --> SECRET-2{END}", ["PUBLIC", "SECRET-1"]),
    "an end in an attribute": (f'PUBLIC {BOARD}SECRET-1<a title="{END}">link</a>', ["PUBLIC", "SECRET-1"]),
    "a group after the mark of an end": ("<!-- /wp:paragraph -->" + group(paragraph("SECRET-1"), membergateRoles="board"), []),
    "a group whose attributes cannot be read": ('<!-- wp:group {"membergateRoles":"board",} --><p>SECRET-1</p><!-- /wp:group -->', []),
    "a group without an end": ('<!-- wp:group {"membergateRoles":"board"} --><p>SECRET-1</p>' + paragraph("SECRET-2"), ["SECRET-1", "SECRET-2"]),
    "a shortcode in a heading and a list": (block("heading", f"<h2>{BOARD}SECRET-1{END}</h2>") + block("list", f"<ul><li>{BOARD}SECRET-2{END}</li></ul>"), ["SECRET-1", "SECRET-2"]),
}
WORDS = ["PUBLIC", "SECRET-1", "SECRET-2", "SECRET-3"]


def run(site):
    site.php("add_role('board','Board',['read'=>true]); update_option('posts_per_page', 100); update_option('posts_per_rss', 100);"
             "foreach (get_posts(['numberposts'=>-1]) as $p) { wp_delete_post($p->ID, true); } return 1;")
    ids = {what: post(site, what, text) for what, (text, _) in POSTS.items()}
    places_of_a_post(site, ids)
    places_of_many(site)
    breaks_elsewhere(site)
    texts_about_the_tag(site)
    texts_that_are_no_posts(site)


def post(site, title, content, kind="post"):
    """As the administrator writes it: nothing is put right on the way."""
    said = json.dumps(dict(post_type=kind, post_title=title, post_status="publish", post_author=1, post_content=content))
    return site.php(f"wp_set_current_user(1); return wp_insert_post(wp_slash(json_decode({php_text(said)}, true)));")


def php_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def words(answer):
    return [word for word in WORDS if word in answer.text]


def places_of_a_post(site, ids):
    def board():
        return site.token(sub="bea", roles=["board"])

    places = ["/?p={0}", "/?p={0}&page=2", "/?p={0}&page=3", "/?p={0}&classic=1", "/?p={0}&classic=1&page=2", "/?p={0}&classic=1&page=3",
              "/?p={0}&embed=true", "/?p={0}&feed=rss2&withoutcomments=1", "/wp-json/wp/v2/posts/{0}"]
    for what, number in ids.items():
        for place in places:
            answer = Browser(site).read(place.format(number))
            check(f"{what}: a stranger reads nothing hidden at {place}", answer.status == 200 and "SECRET-" not in answer.text, words(answer) or answer)
        answer = Browser(site).read(f"/?p={number}", board())
        check(f"{what}: the board reads what is certain", words(answer) == sorted(POSTS[what][1]), words(answer))


def places_of_many(site):
    def nowhere(sentence, path):
        answer = Browser(site).read(path)
        check(sentence, answer.status == 200 and "SECRET-" not in answer.text and "PUBLIC" in answer.text, [word for word in WORDS if word in answer.text] or answer)

    for where, path in [("on the home page", "/?"), ("in a search", "/?s=SECRET&"), ("in an archive", "/?author=1&")]:
        nowhere(f"a stranger reads nothing hidden {where}", path)
        nowhere(f"nor in an old theme {where}", path + "classic=1")
    nowhere("nor in the feed", "/feed/")
    nowhere("nor in a search's feed", "/?s=SECRET&feed=rss2")
    nowhere("nor in Atom", "/feed/atom/")
    nowhere("nor in the REST API's list", "/wp-json/wp/v2/posts?per_page=100")
    nowhere("nor in its search", "/wp-json/wp/v2/posts?per_page=100&search=SECRET")
    site.php("update_option('rss_use_excerpt', 1); return 1;")
    nowhere("nor in a feed of excerpts", "/feed/")
    site.php("update_option('rss_use_excerpt', 0); return 1;")
    for kind in ("full_post", "excerpt"):
        number = post(site, f"Latest {kind}", '<!-- wp:latest-posts {"postsToShow":100,"displayPostContent":true,"displayPostContentRadio":"%s"} /-->' % kind, "page")
        nowhere(f"nor in a list of the latest posts ({kind})", f"/?page_id={number}")
    shown = site.php("return do_blocks('<!-- wp:latest-posts {\"postsToShow\":100,\"displayPostContent\":true,\"displayPostContentRadio\":\"full_post\"} /-->');")
    check("nor in such a list in a theme's template", "SECRET-" not in shown and "PUBLIC" in shown, [word for word in WORDS if word in shown])


def breaks_elsewhere(site):
    number = post(site, "Three pages", f"ONE {BOARD}SECRET-1{END}<!--nextpage-->TWO<!--nextpage-->THREE" + group(paragraph("SECRET-2"), membergateRoles="board"))
    for page, (here, away) in enumerate([("ONE", "TWO"), ("TWO", "ONE"), ("THREE", "TWO")], 1):
        answer = Browser(site).read(f"/?p={number}&page={page}&classic=1")
        text = answer.text.split("<p>", 1)[-1].split('class="post-nav-links"')[0]
        check(f"a break outside the conditions still makes pages ({page})", here in text and away not in text and "SECRET-" not in answer.text, answer)
    post(site, "Teaser", f"TEASER<!--more-->REST {BOARD}SECRET-1{END}")
    text = [part for part in Browser(site).read("/?classic=1").text.split("<article>") if "TEASER" in part][0]
    check("and a teaser", "REST" not in text.split("</a>")[0] and "more-link" in text and "SECRET-" not in text, text)


def texts_about_the_tag(site):
    number = post(site, "About", f"LITERAL [{BOARD}example{END}] and [[membergate]] {BOARD}SECRET-1{END}")
    text = Browser(site).read(f"/?p={number}&classic=1").text
    check("a text about the tag is shown as it is written", "example[/membergate]" in text and "and [membergate]" in text and "SECRET-" not in text, text)


def texts_that_are_no_posts(site):
    reusable = post(site, "Reusable", paragraph(f"PUBLIC {BOARD}SECRET-1") + paragraph("SECRET-2"), "wp_block")
    number = post(site, "With a reusable block", '<!-- wp:block {"ref":%d} /-->' % reusable)
    answer = Browser(site).read(f"/?p={number}")
    check("an open tag in a reusable block hides what follows in it", words(answer) == ["PUBLIC"], words(answer))
    for widget in ("widget_text_content", "widget_block_content"):
        text = site.php(f"return apply_filters('{widget}', 'PUBLIC {BOARD}SECRET-1 [membergate]SECRET-2{END} SECRET-3{END}', [], null);")
        check(f"tags inside tags hide everything in a widget as well ({widget})", "SECRET-" not in text and "PUBLIC" in text, text)
    text = site.php(f"return do_shortcode('PUBLIC {BOARD}SECRET-1{END} {BOARD}');")
    check("where WordPress reads the tags by itself, one without an end stays to be seen", "SECRET-" not in text and "[membergate]" in text, text)
