"""Runs every check against a fresh WordPress, then against a fresh network. Called by `run`. With names, only those checks."""
import importlib
import sys
import time
import traceback

import kit

SUITES = [
    (False, ["check_assertion", "check_account", "check_site", "check_content", "check_linking", "check_lists", "check_caches", "check_people", "check_cli", "check_recipes", "check_many"]),
    (True, ["check_network"]),
]


def main():
    began = time.monotonic()
    for multisite, modules in SUITES:
        modules = [name for name in modules if name in (sys.argv[1:] or modules)]
        if not modules:
            continue
        site = kit.Site(multisite)
        try:
            print("site  ", site.start(), "(network)" if multisite else "", flush=True)
            for name in modules:
                try:
                    importlib.import_module(name).run(site)
                except Exception:  # a broken page must not hide the checks after it
                    kit.check(f"{name} ran to its end", False, traceback.format_exc())
            complaints = site.php_complaints()
            kit.check("PHP had nothing to complain about", not complaints, complaints[:3])
        finally:
            site.stop()
    print(f"{len(kit.PASSED)} passed, {len(kit.FAILED)} failed in {time.monotonic() - began:.0f} s")
    return 1 if kit.FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
