"""5,000 people, or as many as MEMBERGATE_PEOPLE says: what a first run and a midnight of lapses cost."""
import os
import time

from kit import check

PEOPLE, AT_ONCE = int(os.environ.get("MEMBERGATE_PEOPLE", "5000")), 100


def run(site):
    site.php("add_role('member','Member',['read'=>true]); add_role('board','Board',['read'=>true]); return 1;")
    # As years of visits left them: linked accounts, here without the thousands of visits.
    site.php("global $wpdb; set_time_limit(0); $key = $wpdb->prefix.'capabilities'; $wpdb->query('START TRANSACTION');"
             f"for ($n = 0; $n < {PEOPLE}; $n++) {{ $sub = \"many-$n\"; $wpdb->insert($wpdb->users, ['user_login'=>$sub,'user_nicename'=>$sub,'user_email'=>\"$sub@people.example\",'display_name'=>'Jane Doe','user_pass'=>'x']); $id = $wpdb->insert_id;"
             "foreach (['membergate_id'=>$sub, Membergate\\lookup_key($sub)=>'1', 'nickname'=>'Jane Doe', 'first_name'=>'', 'last_name'=>'', $key=>'a:1:{s:10:\"subscriber\";b:1;}'] as $k => $v) { $wpdb->insert($wpdb->usermeta, ['user_id'=>$id,'meta_key'=>$k,'meta_value'=>$v]); } }"
             "$wpdb->query('COMMIT'); return 1;")
    took = {}

    def send(name, sub, version, **claims):
        """One request after the other, and again what is answered as busy."""
        left, requests, began, counts = list(range(sub)), 0, time.monotonic(), {}

        while left:
            batches = [left[at:at + AT_ONCE] for at in range(0, len(left), AT_ONCE)]
            left = []
            for people in batches:
                told = site.tell(*[site.statement(f"many-{n}", version, **claims) for n in people])
                requests += 1
                for n, one in zip(people, told):
                    word = one.get("reason") or one["outcome"] + ("" if one.get("changed") else " unchanged")
                    counts[word] = counts.get(word, 0) + 1
                    if word == "busy":
                        left.append(n)
        took[name] = (requests, time.monotonic() - began)
        print(f"      {name}: {sub} people, {requests} requests, {took[name][1]:.1f} s", flush=True)
        counts.pop("busy", None)
        return counts

    counts = send("first run", PEOPLE, 1, roles=["subscriber", "member"])
    check(f"a first run reaches all {PEOPLE}", counts == {"applied": PEOPLE}, counts)
    counts = send("again, nothing new", 1000, 1, roles=["subscriber", "member"])
    check("sent again, nothing changes", counts == {"applied unchanged": 1000}, counts)
    counts = send("lapses", 1000, 2, roles=["subscriber"], membership_type=None, membership_expires=None)
    holders = site.php("return count(get_users(['role'=>'member','fields'=>'ID','number'=>-1]));")
    check("a midnight of 1,000 lapses is carried out, and nobody else loses anything", counts == {"applied": 1000} and holders >= PEOPLE - 1000, (counts, holders))
    check("a request of 100 stays far below the time limits of web servers", max(took[name][1] / took[name][0] for name in took) < 30, took)
    began = time.monotonic()
    code, said = site.wp("sync")
    check("wp membergate sync checks all of them", code == 0 and "Their roles differ: 0" in said, (code, said[-300:]))
    print(f"      wp membergate sync over {PEOPLE}: {time.monotonic() - began:.1f} s", flush=True)
