"""Decides random records by docs/roles.md, and compares with what `membergate explain` says.

Written from the text of docs/roles.md alone, in another language and another way: it looks at one instant at a time, and finds
out when a decision changes by trying every instant at which it could. Everything is counted in nanoseconds since 1970.

    python3 tests/roles/oracle.py --binary target/debug/membergate --count 100000 [--seed 7] [--verbose]
"""

import argparse
import datetime as dt
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unicodedata
from zoneinfo import ZoneInfo

SECOND = 10**9
EPOCH = dt.datetime(1970, 1, 1)
NEVER = 10**30
ALWAYS = -(10**30)
TRUE, FALSE, UNKNOWN = "true", "false", "unknown"
ABSENT, OPEN, BROKEN = ("absent",), ("open",), ("broken",)

CANCELLED = """cancelled canceled waitlist waitlisted|wait list|refunded void voided suspended revoked denied declined
withdrawn expired""".replace("|wait list|", " wait_list ").split()
CANCELLED = {word.replace("_", " ") for word in CANCELLED}


# --- Text ------------------------------------------------------------------------------------------------------------


def fold(text):
    text = text.replace("\u200b", "").replace("\ufeff", "")
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(text.split())


def text_of(value):
    """Text of a JSON value; None: nothing there. Raises for lists and objects."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return json.dumps(value)
    if isinstance(value, str):
        return value.strip() or None
    raise ValueError


# --- Time ------------------------------------------------------------------------------------------------------------

ISO = re.compile(
    r"(\d{4}|[+-]\d{6})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?"
)
FAR = re.compile(r"\+?0*(9999|[1-9]\d{4,})-\d\d-\d\d([Tt ].*|[Zz]|[+-]\d\d:?\d\d)?")
FAR_AMERICAN = re.compile(r"\d\d?/\d\d?/9999( .*)?")


class Zone:
    def __init__(self, name):
        self.zone = ZoneInfo(name)
        self.starts = {}

    def local(self, ns):
        moment = dt.datetime.fromtimestamp(ns // SECOND, dt.timezone.utc)
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def instant(self, local, ns=0):
        aware = local.replace(tzinfo=self.zone, fold=0)
        return int((local - aware.utcoffset() - EPOCH).total_seconds()) * SECOND + ns

    def start_of(self, day):
        """The first instant of a day: midnight, or the jump of the clocks over it."""
        if day not in self.starts:
            midnight = dt.datetime.combine(day, dt.time())
            found = self.instant(midnight) // SECOND
            if self.local(found * SECOND) != midnight:
                low, high = found - 2 * 86400, found
                while low < high:
                    middle = (low + high) // 2
                    if self.local(middle * SECOND) >= midnight:
                        high = middle
                    else:
                        low = middle + 1
                found = low
            self.starts[day] = found * SECOND
        return self.starts[day]

    def end_of(self, day):
        return self.start_of(day + dt.timedelta(days=1))

    def day_of(self, ns):
        return self.local(ns).date()


def read_date(value):
    """absent, open, broken, ("day", date), ("local", datetime, ns) or ("instant", ns)."""
    if value is None:
        return ABSENT
    if not isinstance(value, str):
        return BROKEN
    text = value.strip()
    if not text:
        return ABSENT
    if FAR.fullmatch(text) or FAR_AMERICAN.fullmatch(text):
        return OPEN
    found = ISO.fullmatch(text)
    if not found:
        return BROKEN
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        date = dt.date(int(year), int(month), int(day))
        time = dt.datetime.combine(date, dt.time(int(hour or 0), int(minute or 0), int(second or 0)))
    except ValueError:
        return BROKEN
    ns = int(((fraction or "") + "0" * 9)[:9])
    if offset and offset not in "Zz":
        digits = offset[1:].replace(":", "").ljust(4, "0")
        if int(digits[:2]) > 23 or int(digits[2:]) > 59:
            return BROKEN
    if date.isoformat() in ("0001-01-01", "1753-01-01", "1900-01-01"):
        return ABSENT
    if time.time() == dt.time() and ns == 0:
        return ("day", date)
    if not offset:
        return ("local", time, ns)
    shift = 0
    if offset not in "Zz":
        shift = (int(digits[:2]) * 60 + int(digits[2:])) * 60 * (-1 if offset[0] == "-" else 1)
    return ("instant", (int((time - EPOCH).total_seconds()) - shift) * SECOND + ns)


class Broken(Exception):
    """A date that is looked at cannot be read."""


def as_start(date, zone):
    """The first instant that counts; None: absent."""
    if date == BROKEN:
        raise Broken
    return {
        "absent": lambda: None,
        "open": lambda: NEVER,
        "day": lambda: zone.start_of(date[1]),
        "local": lambda: zone.instant(date[1], date[2]),
        "instant": lambda: date[1],
    }[date[0]]()


def as_end(date, zone):
    """The first instant that no longer counts; None: absent."""
    if date[0] == "open":
        return NEVER
    if date[0] == "day":
        return zone.end_of(date[1])
    start = as_start(date, zone)
    if date[0] == "instant" and zone.start_of(zone.day_of(start)) == start:
        return zone.end_of(zone.day_of(start))
    return start


def as_day(date, zone):
    """The civil day of a date from which days are counted; "open" at the end of time."""
    if date == BROKEN or date == ABSENT:
        raise Broken
    if date == OPEN:
        return OPEN
    return date[1] if date[0] == "day" else date[1].date() if date[0] == "local" else zone.day_of(date[1])


# --- The record ------------------------------------------------------------------------------------------------------


def entries(value):
    if value is None or isinstance(value, str) and not value.strip():
        return []
    if isinstance(value, list):
        return [entry for entry in value if entry is not None]
    if isinstance(value, dict) and "dataList" in value:
        return entries(value["dataList"])
    if isinstance(value, dict) and (not value or list(value) == ["pageNumber"]):
        return []
    return [value]


def flag(value):
    if value is None or isinstance(value, str) and not value.strip():
        return None
    if isinstance(value, (dict, list)):
        raise ValueError
    return {"true": True, "1": True, "false": False, "0": False}[str(value).strip().lower()]


def is_cancelled(entry):
    if flag(entry.get("isCancelled")) or flag(entry.get("cancelled")):
        return True
    return fold(text_of(entry.get("status")) or "") in CANCELLED


CORE = {"administrator", "editor", "author", "contributor"}
PATTERNS = {
    "membership_type": "membership_type", "committee": "committee", "security_role": "security_role", "event": "event",
    "purchase": "purchase", "certification": "certification", "relationship": "relationship", "custom_field": "value",
}

MYSTERY = object()  # an entry of which nobody knows what it is


def understood(values, read):
    result = []
    for value in values:
        try:
            result.append(read(value))
        except (ValueError, KeyError, TypeError, AttributeError):
            result.append(MYSTERY)
    return result


def must(text):
    if text is None:
        raise ValueError
    return text


class Person:
    def __init__(self, line):
        self.individual = entries(line["individual"])[0]
        part = lambda name: entries(line[name] if line.get(name) is not None else self.individual.get(name))
        self.refused = self.individual.get("isDeceased") is True or (
            isinstance(self.individual.get("user"), dict) and self.individual["user"].get("isApproved") is False
        )
        self.memberships = understood(entries(self.individual.get("memberships")), self.membership)
        self.security_roles = understood(entries(self.individual.get("securityRoles")), self.security_role)
        self.custom_fields = understood(entries(self.individual.get("customFields")), self.custom_field)
        self.committees = understood(part("committees"), self.committee)
        self.registrations = understood(part("registrations"), self.registration)
        self.purchases = understood(part("purchases"), self.purchase)
        self.certifications = understood(part("certifications"), self.certification)
        self.relationships = understood(part("relationships"), self.relationship)

    @staticmethod
    def membership(it):
        read = {name: read_date(it.get(name + "Date")) for name in ("join", "effective", "expire", "graceExpire", "terminate")}
        return dict(read, code=text_of(it.get("code")), name=text_of(it.get("membershipType")), cancelled=is_cancelled(it),
                    inherited=flag(it.get("inheritedMembershipBenefits")) or False)

    @staticmethod
    def security_role(it):
        if isinstance(it, str) and it.strip():
            return dict(name=it, cancelled=False)
        return dict(cancelled=is_cancelled(it), name=must(text_of(it["name"])))

    @staticmethod
    def custom_field(it):
        return dict(cancelled=is_cancelled(it), name=must(text_of(it["name"])), value=text_of(it.get("value")) or "")

    @staticmethod
    def committee(it):
        code, name = text_of(it["committee"].get("code")), text_of(it["committee"].get("name"))
        must(code or name)
        return dict(code=code, name=name, position=text_of(it.get("positionCode")), position_name=text_of(it.get("position")),
                    start=read_date(it.get("startDate")), end=read_date(it.get("endDate")), cancelled=is_cancelled(it))

    @staticmethod
    def registration(it):
        event = it["event"]
        return dict(code=must(text_of(event["code"])), registered=read_date(event.get("registrationDate")),
                    start=read_date(event.get("startDate")), end=read_date(event.get("endDate")), cancelled=is_cancelled(it))

    @staticmethod
    def purchase(it):
        try:
            quantity = text_of(it.get("quantity"))
            quantity = 1 if quantity is None else float(quantity)
            quantity = int(quantity) if quantity == int(quantity) else None
        except (ValueError, OverflowError):
            quantity = None
        return dict(code=must(text_of(it["productCode"])), date=read_date(it.get("purchaseDate")), quantity=quantity,
                    cancelled=is_cancelled(it))

    @staticmethod
    def certification(it):
        return dict(code=must(text_of(it["code"])), expire=read_date(it.get("expireDate")), cancelled=is_cancelled(it))

    @staticmethod
    def relationship(it):
        other = it.get("relatedToCustomer")
        number = None
        if isinstance(other, dict) and (other.get("customerType") or "").lower() != "individual":
            number = text_of(other.get("recordNumber"))
        return dict(name=must(text_of(it["relationshipName"])), organization=number, start=read_date(it.get("startDate")),
                    end=read_date(it.get("endDate")), cancelled=is_cancelled(it))


# --- Decisions -------------------------------------------------------------------------------------------------------


def same(wanted, said):
    return said is not None and fold(wanted) == fold(said)


def any_of(states):
    states = list(states)
    return TRUE if TRUE in states else UNKNOWN if UNKNOWN in states else FALSE


def within(t, start, end):
    return TRUE if (start is None or start <= t) and (end is None or t < end) else FALSE


class Decider:
    def __init__(self, person, rules):
        self.person, self.rules, self.zone = person, rules, rules["zone"]
        self.counted = [
            it for it in person.memberships
            if it is MYSTERY or not it["cancelled"] and (rules["count_inherited"] or not it["inherited"])
        ]
        self.windows = [self.window(it) for it in self.counted]

    def window(self, it):
        """(start, end) of a membership; None: never active; "unknown"."""
        if it is MYSTERY:
            return UNKNOWN
        try:
            starts = [as_start(it["effective"], self.zone)]
            if not self.rules["honor_effective_date"]:
                starts.append(as_start(it["join"], self.zone))
            starts = [start for start in starts if start is not None]
            if not starts:
                return None
            return (min(starts), self.end(it))
        except Broken:
            return UNKNOWN

    def end(self, it, honor_grace=None):
        honor_grace = self.rules["honor_grace"] if honor_grace is None else honor_grace
        expire, grace = it["expire"], it["graceExpire"]
        end = as_end(expire, self.zone)
        if expire == ABSENT:
            end = as_end(grace, self.zone)
        elif honor_grace:
            graced = as_end(grace, self.zone)
            if graced is not None:
                end = max(end, graced)
        terminated = as_start(it["terminate"], self.zone)
        return min(NEVER if end is None else end, NEVER if terminated is None else terminated)

    def active(self, index, t):
        window = self.windows[index]
        if window is None or window == UNKNOWN:
            return FALSE if window is None else UNKNOWN
        return within(t, *window)

    def primary(self, t):
        if self.rules["primary_membership"] == "first":
            return 0 if self.counted else None
        active = [index for index in range(len(self.counted)) if self.active(index, t) == TRUE]
        lowest = lambda text: (text is None, "" if text is None else fold(text), text or "")
        key = lambda index: (-self.windows[index][1], lowest(self.counted[index]["code"]), lowest(self.counted[index]["name"]))
        return min(active, key=key) if active else None

    def decide(self, t):
        if self.person.refused:
            return dict(admitted=False, member=False, roles=[], membership_type=None, membership_code=None, membership_expires=None)
        is_member = any_of(self.active(index, t) for index in range(len(self.counted)))
        rules = self.rules
        roles = {rules["everyone"], rules["member"] if is_member == TRUE else rules["non_member"]}
        for rule in rules["rules"]:
            if "{code}" in rule["role"]:
                roles |= self.many(rule, t)
            elif all(self.condition(condition, t) == TRUE for condition in rule["when"]):
                roles.add(rule["role"])
        first = self.primary(t)
        it = None if first is None or self.counted[first] is MYSTERY else self.counted[first]
        expires = None
        if it is not None and is_member == TRUE:
            try:
                end = self.end(it)
                expires = None if end == NEVER else self.zone.day_of(end - 1).isoformat()
            except Broken:
                pass
        return dict(
            admitted=True, member=is_member == TRUE, roles=sorted(role for role in roles if role),
            membership_type=it and it["name"], membership_code=it and it["code"], membership_expires=expires,
        )

    def many(self, rule, t):
        """The roles of a rule for many: those of one rule for each code on the record that fits its pattern."""
        pattern_of = lambda condition: PATTERNS.get(next(iter(condition)))
        [at] = [at for at, it in enumerate(rule["when"]) if pattern_of(it) and "*" in it[pattern_of(it)]]
        condition = rule["when"][at]
        key = pattern_of(condition)
        before, after = fold(condition[key]).split("*")
        said = self.said(condition)
        fits = lambda text: text is not None and fold(text) and re.fullmatch(
            re.escape(before) + "(.*)" + re.escape(after), fold(text), re.DOTALL)
        codes = [code for code, _ in said if fits(code)]
        texts = codes or [name for _, name in said if fits(name)]
        roles = set()
        for text in texts:
            star = unicodedata.normalize("NFKD", fits(text).group(1))
            slug = re.sub("-+", "-", "".join(it.lower() if it.isascii() and it.isalnum() else "-" for it in star))
            role = rule["role"].replace("{code}", slug)
            literal = {it["role"] for it in self.rules["rules"]} | {self.rules[it] for it in ("everyone", "member", "non_member")}
            if slug in ("", "-") or len(role) > 64 or role in literal or role in CORE:
                continue
            when = [{**it, key: text} if index == at else it for index, it in enumerate(rule["when"])]
            if all(self.condition(it, t) == TRUE for it in when):
                roles.add(role)
        return set(sorted(roles)[:64])

    def said(self, condition):
        """Code and name of each entry that a pattern is compared with."""
        kind, person = next(iter(condition)), self.person
        known = lambda entries: [it for it in entries if it is not MYSTERY]
        if kind == "membership_type":
            return [(it["code"], it["name"]) for it in known(person.memberships)]
        if kind == "committee":
            return [(it["code"], it["name"]) for it in known(person.committees)]
        if kind == "custom_field":
            fields = [it for it in known(person.custom_fields) if same(condition[kind], it["name"]) and not it["cancelled"]]
            return [(value, None) for it in fields for value in it["value"].split("|")]
        entries, key = {
            "security_role": (person.security_roles, "name"), "event": (person.registrations, "code"),
            "purchase": (person.purchases, "code"), "certification": (person.certifications, "code"),
            "relationship": (person.relationships, "name"),
        }[kind]
        return [(it[key], None) for it in known(entries)]

    def status(self, t):
        found, doubt = [], False
        for it in self.counted:
            try:
                if it is MYSTERY:
                    raise Broken
                starts = [as_start(it["effective"], self.zone)]
                if not self.rules["honor_effective_date"]:
                    starts.append(as_start(it["join"], self.zone))
                starts = [start for start in starts if start is not None]
                if not starts:
                    continue
                start, expired, over = min(starts), self.end(it, False), self.end(it, True)
            except Broken:
                doubt = True
                continue
            if start < over:
                found.append(
                    "pending" if t < start else "active" if t < expired else "grace" if t < over else "lapsed")
        best = next((status for status in ("active", "grace", "pending", "lapsed") if status in found), "never")
        return UNKNOWN if doubt and best != "active" else best

    def is_membership_status(self, condition, t):
        status = self.status(t)
        return UNKNOWN if status == UNKNOWN else TRUE if status == condition["membership_status"] else FALSE

    def condition(self, condition, t):
        if "not" in condition:
            return {TRUE: FALSE, FALSE: TRUE, UNKNOWN: UNKNOWN}[self.condition(condition["not"], t)]
        kind = next(iter(condition))
        return getattr(self, "is_" + kind)(condition, t)

    def is_member(self, condition, t):
        state = any_of(self.active(index, t) for index in range(len(self.counted)))
        return state if condition["member"] else {TRUE: FALSE, FALSE: TRUE, UNKNOWN: UNKNOWN}[state]

    def is_membership_type(self, condition, t):
        wanted = condition["membership_type"]
        known = [it for it in self.person.memberships if it is not MYSTERY]
        by_code = any(same(wanted, it["code"]) for it in known)
        states = []
        for index, it in enumerate(self.counted):
            active = self.active(index, t)
            if it is MYSTERY or it["code"] is None and it["name"] is None:
                states.append(UNKNOWN if active != FALSE else FALSE)
            elif same(wanted, it["code"]) or not by_code and same(wanted, it["name"]):
                states.append(active)
        return any_of(states)

    def is_security_role(self, condition, t):
        return any_of(
            UNKNOWN if it is MYSTERY else TRUE if same(condition["security_role"], it["name"]) and not it["cancelled"] else FALSE
            for it in self.person.security_roles
        )

    def is_custom_field(self, condition, t):
        states = []
        for it in self.person.custom_fields:
            if it is MYSTERY:
                states.append(UNKNOWN)
            elif not it["cancelled"] and same(condition["custom_field"], it["name"]):
                states += [TRUE for value in it["value"].split("|") if same(condition["value"], value)]
        return any_of(states)

    def entry(self, matching, window, t):
        """The state at t of a list's entries that match; window gives start and end, and may raise Broken."""
        states = []
        for it in matching:
            if it is MYSTERY:
                states.append(UNKNOWN)
                continue
            try:
                states.append(within(t, *window(it)))
            except Broken:
                states.append(UNKNOWN)
        return any_of(states)

    def is_committee(self, condition, t):
        wanted, seats = condition["committee"], self.person.committees
        known = [it for it in seats if it is not MYSTERY]
        by_code = any(same(wanted, it["code"]) for it in known)
        here = [it for it in known if same(wanted, it["code"]) or not by_code and same(wanted, it["name"])]
        if "positions" in condition:
            hold = []
            for position in condition["positions"]:
                coded = [it for it in here if same(position, it["position"])]
                hold += coded or [it for it in here if same(position, it["position_name"])]
            here = hold
        here = [it for it in here if not it["cancelled"]] + [it for it in seats if it is MYSTERY]
        return self.entry(here, lambda it: (as_start(it["start"], self.zone), as_end(it["end"], self.zone)), t)

    def is_relationship(self, condition, t):
        matching = [
            it for it in self.person.relationships
            if it is MYSTERY or not it["cancelled"] and same(condition["relationship"], it["name"])
            and ("organization" not in condition or same(condition["organization"], it["organization"]))
        ]
        return self.entry(matching, lambda it: (as_start(it["start"], self.zone), as_end(it["end"], self.zone)), t)

    def is_event(self, condition, t):
        matching = [
            it for it in self.person.registrations
            if it is MYSTERY or not it["cancelled"] and same(condition["event"], it["code"])
        ]

        def window(it):
            start, end = None, None
            if "from_days_before" in condition:
                day = as_day(it["start"], self.zone)
                back = dt.timedelta(days=condition["from_days_before"])
                start = NEVER if day == OPEN else self.zone.start_of(day - back)
            else:
                start = as_start(it["registered"], self.zone)
            if "until_days_after" in condition:
                day = as_day(it["start"] if it["end"] == ABSENT else it["end"], self.zone)
                on = dt.timedelta(days=condition["until_days_after"])
                end = NEVER if day == OPEN else self.zone.end_of(day + on)
            return start, end

        return self.entry(matching, window, t)

    def is_purchase(self, condition, t):
        lines = [
            (index, it) for index, it in enumerate(self.person.purchases)
            if it is not MYSTERY and not it["cancelled"] and same(condition["purchase"], it["code"])
        ]
        mysteries = [it for it in self.person.purchases if it is MYSTERY]
        for _, it in lines:
            if it["quantity"] is None or it["quantity"] < 0 and it["date"] in (BROKEN, ABSENT):
                return UNKNOWN
        # One item for each unit, in order; a return takes the last ones away.
        units, undated = [], []
        order = lambda line: (as_start(line[1]["date"], self.zone) or ALWAYS, line[0])
        for _, it in sorted((line for line in lines if line[1]["date"] != BROKEN), key=order):
            if it["quantity"] > 0:
                units += [it] * it["quantity"]
            elif it["quantity"] < 0:
                units = units[: it["quantity"]]
        undated = [it for _, it in lines if it["date"] == BROKEN and it["quantity"] > 0]

        def window(it):
            end = None
            if "valid_days" in condition:
                day = as_day(it["date"], self.zone)
                end = NEVER if day == OPEN else self.zone.end_of(day + dt.timedelta(days=condition["valid_days"]))
            return as_start(it["date"], self.zone), end

        return self.entry(units + undated + mysteries, window, t)

    def is_certification(self, condition, t):
        matching = [
            it for it in self.person.certifications
            if it is MYSTERY or not it["cancelled"] and same(condition["certification"], it["code"])
        ]
        return self.entry(matching, lambda it: (None, as_end(it["expire"], self.zone)), t)

    # When could it change? At an edge of a day that a date or a count of days leads to, or at the date itself.

    def edges(self):
        counts = {0}
        for rule in self.rules["rules"]:
            for condition in rule["when"]:
                condition = condition.get("not", condition)
                counts |= {condition[key] for key in ("until_days_after", "valid_days") if key in condition}
                counts |= {-condition[key] for key in ("from_days_before",) if key in condition}
        found = set()
        for it in self.all():
            for date in it.values():
                if isinstance(date, tuple) and date[0] in ("day", "local", "instant"):
                    found.add(as_start(date, self.zone))
                    for count in counts:
                        day = as_day(date, self.zone) + dt.timedelta(days=count)
                        found |= {self.zone.start_of(day), self.zone.end_of(day)}
        return sorted(found)

    def all(self):
        person = self.person
        lists = [person.memberships, person.committees, person.registrations, person.purchases, person.certifications,
                 person.relationships]
        return [it for entries in lists for it in entries if it is not MYSTERY]

    def holds_until(self, t):
        now = self.decide(t)
        for edge in self.edges():
            if edge > t and self.decide(edge) != now:
                assert self.decide(edge - 1) == now, "the oracle missed an edge"
                return edge
        return None


# --- Random input ----------------------------------------------------------------------------------------------------

ZONES = {
    "America/New_York": ["2026-03-08", "2026-11-01"],
    "Africa/Cairo": ["2026-04-24", "2026-10-30"],
    "Asia/Beirut": ["2026-03-29", "2026-10-25"],
    "America/Havana": ["2026-03-08", "2026-11-01"],
    "America/Santiago": ["2026-09-06", "2026-04-05"],
    "America/Asuncion": ["2024-03-24", "2023-10-01"],
    "Pacific/Apia": ["2011-12-29", "2011-12-31"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],
    "Asia/Kolkata": ["2026-01-01"],
    "Europe/London": ["2026-03-29", "2026-10-25"],
    "Pacific/Kiritimati": ["2026-01-01"],
    "UTC": ["2026-02-28", "2028-02-29"],
}
WORDS = ["EDU", "Board", "GOLD", "Straße 5", "É lan", "ΟΔΟΣ", "Acme Labs", "20011"]
FIELDS = ["topics", "Größe"]
OFFSETS = ["Z", "z", "+00:00", "-05:00", "+14:00", "-12:00", "+0530", "+03"]


def spelled(rng, text):
    """The same to people, another text to a program."""
    for _ in range(rng.choice([0, 0, 1, 2])):
        text = rng.choice([
            lambda: text.upper(), lambda: text.lower(), lambda: unicodedata.normalize("NFD", text), lambda: f" {text}\t",
            lambda: text.replace(" ", "\u00a0 "), lambda: text.replace(" ", "\u2003"), lambda: "\ufeff" + text,
            lambda: text[:2] + "\u200b" + text[2:], lambda: text.replace("ß", "ss"), lambda: f"\u00a0{text}",
        ])()
    return text


class Random:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.zone_name = self.rng.choice(sorted(ZONES))
        self.zone = Zone(self.zone_name)
        centre = dt.date.fromisoformat(self.rng.choice(ZONES[self.zone_name]))
        self.days = [centre + dt.timedelta(days=count) for count in (-400, -31, -8, -2, -1, 0, 0, 1, 1, 2, 7, 30, 365)]
        # A few words that meet often, or many.
        self.words = self.rng.sample(WORDS, self.rng.choice([2, 3, len(WORDS)]))
        self.at = self.instant()

    def chance(self, of):
        return self.rng.random() < of

    def instant(self):
        start = self.zone.start_of(self.rng.choice(self.days))
        return start + self.rng.choice([0, 0, 0, -1, 1, SECOND, -SECOND, 3600 * SECOND, 43200 * SECOND, 86399 * SECOND])

    def date(self, absent=0.15):
        rng = self.rng
        if self.chance(absent):
            return rng.choice([None, "", " "])
        if self.chance(0.05):
            return rng.choice(["soon", "2026-13-01", "2026-02-30", 20261231, "12/31/2026", "2026-1-1", "2026-05-01T25:00:00", {}, True])
        if self.chance(0.08):
            return rng.choice([
                "9999-12-31", "9999-12-31T00:00:00", "9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59-12:00",
                "9999-01-01T00:00:00+14:00", "+009999-12-31T23:59:59Z", "10000-01-01", "+010000-01-01T00:00:00Z",
                "+275760-09-13T00:00:00.000Z", "9999-12-31Z", "12/31/9999 11:59:59 PM",
            ])
        if self.chance(0.08):
            return rng.choice(["0001-01-01", "1753-01-01", "1900-01-01"]) + rng.choice(
                ["", "T00:00:00", "T00:00:00Z", "T05:00:00+14:00", " 12:34:56.789", "T23:59:59.9-12:00"])
        day = rng.choice(self.days).isoformat()
        form = rng.random()
        if form < 0.55:
            return day + rng.choice(["", "T00:00:00", "T00:00:00.000", "T00:00", " 00:00:00", "t00:00:00.0000000"])
        if form < 0.7:
            return day + rng.choice(["T00:00:00", "T00:00:00.0000000", " 00:00"]) + rng.choice(OFFSETS)
        if form < 0.8:
            return day + rng.choice(["T00:00:00.000000001", "T00:30:00", "T01:00:00", "T02:30:00", "T12:00:00", "T23:59:59.999999999", " 15:19"])
        ns = self.zone.start_of(rng.choice(self.days)) + rng.choice([0, 0, 0, 1, -1, 1800 * SECOND, 3600 * SECOND])
        shift = rng.choice([0, 0, -5 * 60, 330, 14 * 60, 2 * 60])
        local = EPOCH + dt.timedelta(seconds=ns // SECOND + shift * 60)
        fraction = f".{ns % SECOND:09}" if ns % SECOND else rng.choice(["", ".000"])
        sign = "-" if shift < 0 else "+"
        offset = "Z" if shift == 0 else f"{sign}{abs(shift) // 60:02}:{abs(shift) % 60:02}"
        return local.strftime("%Y-%m-%dT%H:%M:%S") + fraction + offset

    def word(self):
        return spelled(self.rng, self.rng.choice(self.words))

    def maybe(self, value, of=0.85):
        return value if self.chance(of) else self.rng.choice([None, "", "\u00a0"])

    def cancel(self, entry):
        if self.chance(0.12):
            entry[self.rng.choice(["isCancelled", "cancelled"])] = self.rng.choice([True, False, "True", "false", 1, 0, None, "perhaps"])
        if self.chance(0.15):
            entry["status"] = self.rng.choice([
                "Cancelled", " CANCELED ", "Wait\u00a0List", "waitlisted", "Refunded", "VOID", "Revoked", "expired", "With\u200bdrawn",
                "Confirmed", "Active", "tentative", "", None, 7, "not cancelled",
            ])
        return entry

    def entry(self, make):
        if self.chance(0.015):
            return self.rng.choice([7, "nonsense", {}, [], True])
        return self.cancel(make())

    def entries(self, make, most=4):
        return [self.entry(make) for _ in range(self.rng.randrange(most))]

    def membership(self):
        return {
            "code": self.maybe(self.word()), "membershipType": self.maybe(self.word()),
            "joinDate": self.date(0.4), "effectiveDate": self.date(), "expireDate": self.date(0.25), "graceExpireDate": self.date(0.5),
            "terminateDate": self.date(0.75), "inheritedMembershipBenefits": self.rng.choice([True, False, False, None, "True"]),
        }

    def committee(self):
        return {
            "committee": {"code": self.maybe(self.word()), "name": self.maybe(self.word())}, "code": "EDU-014",
            "position": self.maybe(self.word()), "positionCode": self.maybe(self.word()),
            "startDate": self.date(0.3), "endDate": self.date(0.3),
        }

    def registration(self):
        return {"event": {
            "code": self.maybe(self.word(), 0.98), "registrationDate": self.date(0.2), "startDate": self.date(0.1),
            "endDate": self.date(0.3),
        }}

    def purchase(self):
        entry = {"productCode": self.maybe(spelled(self.rng, self.rng.choice(self.words[:2])), 0.98), "purchaseDate": self.date(0.08)}
        if self.chance(0.7):
            entry["quantity"] = self.rng.choice([1, 1, 1, 2, 3, 0, -1, -1, -2, "1", "-1.00", 2.0, None, "", "many", 0.5])
        return entry

    def certification(self):
        return {"code": self.maybe(self.word(), 0.98), "expireDate": self.date(0.2)}

    def relationship(self):
        other = {"customerType": self.rng.choice(["Organization", "Individual", None]), "recordNumber": self.rng.choice(["20011", " 20011", 20011, "7", None])}
        return {
            "relationshipName": self.maybe(self.word(), 0.98), "relatedToCustomer": self.rng.choice([other, other, None]),
            "startDate": self.date(0.3), "endDate": self.date(0.3),
        }

    def line(self, number):
        rng = self.rng
        individual = {"id": f"person-{number}"}
        if self.chance(0.03):
            individual["isDeceased"] = rng.choice([True, False, None])
        if self.chance(0.1):
            individual["user"] = rng.choice([{"isApproved": False}, {"isApproved": True}, {"isApproved": None}, None])
        individual["memberships"] = self.entries(self.membership)
        for it in list(individual["memberships"]):
            if isinstance(it, dict) and it and self.chance(0.25):
                twin = {**it, "code": self.maybe(self.word()), "membershipType": self.maybe(self.word())}
                individual["memberships"].insert(rng.randrange(len(individual["memberships"]) + 1), twin)
        individual["securityRoles"] = self.entries(lambda: {"name": self.word()}, 3) + ([self.word()] if self.chance(0.2) else [])
        individual["customFields"] = self.entries(
            lambda: {"name": spelled(rng, rng.choice(FIELDS)), "value": "|".join(self.word() for _ in range(rng.randrange(4)))}, 3)
        line = {"individual": individual}
        for name, make in [("committees", self.committee), ("registrations", self.registration), ("purchases", self.purchase),
                           ("certifications", self.certification), ("relationships", self.relationship)]:
            part = self.entries(make, 7 if name == "purchases" else 4)
            place = rng.random()
            if place < 0.5:
                line[name] = rng.choice([part, {"pageNumber": 1, "dataList": part}])
                if self.chance(0.2):
                    individual[name] = self.entries(make)
            elif place < 0.85:
                individual[name] = part
                if self.chance(0.3):
                    line[name] = None
        if self.chance(0.2):
            line["individual"] = {"pageNumber": 1, "dataList": [individual]}
        return line

    def condition(self):
        rng = self.rng
        kind = rng.randrange(11)
        if kind == 0:
            return {"member": rng.choice([True, True, False])}
        if kind == 1:
            return {"membership_type": self.word()}
        if kind == 2:
            return {"security_role": self.word()}
        if kind == 3:
            return {"custom_field": spelled(rng, rng.choice(FIELDS)), "value": self.word()}
        if kind in (4, 5):
            positions = [self.word() for _ in range(rng.randrange(3))]
            # In these records no committee is one that people join by themselves, so that the last changes nothing.
            joined = {"self_subscribed": True} if self.chance(0.2) else {}
            return {"committee": self.word(), **({"positions": positions} if positions else {}), **joined}
        if kind == 6:
            days = lambda key: {key: rng.choice([0, 1, 7, 8, 30])} if self.chance(0.5) else {}
            return {"event": self.word(), **days("from_days_before"), **days("until_days_after")}
        if kind == 7:
            return {"purchase": spelled(rng, rng.choice(self.words[:2])), **({"valid_days": rng.choice([0, 1, 7, 30, 365])} if self.chance(0.6) else {})}
        if kind == 8:
            return {"certification": self.word()}
        if kind == 9:
            return {"membership_status": rng.choice(["active", "grace", "pending", "lapsed", "never"])}
        return {"relationship": self.word(), **({"organization": rng.choice(["20011", "7"])} if self.chance(0.4) else {})}

    def rules(self):
        rng = self.rng
        rules = []
        for _ in range(rng.randrange(1, 14)):
            when = [self.condition() for _ in range(rng.choice([1, 1, 1, 2, 3]))]
            when = [{"not": condition} if self.chance(0.3) else condition for condition in when]
            rules.append({"role": f"role_{rng.randrange(8)}", "when": when})
        for _ in range(rng.choice([0, 0, 1, 2])):
            when = [condition for condition in (self.condition() for _ in range(3)) if next(iter(condition)) in PATTERNS][:1]
            for condition in when:
                word = rng.choice(self.words)
                cut = rng.randrange(len(word) + 1)
                condition[PATTERNS[next(iter(condition))]] = rng.choice(["*", "*", word[:cut] + "*", "*" + word[cut:], f"{word}*"])
                also = [self.condition() for _ in range(rng.choice([0, 0, 1]))]
                role = rng.choice(["c_{code}", "{code}-x", "role_{code}", "sub{code}"])
                rules.insert(rng.randrange(len(rules) + 1), {"role": role, "when": when + also})
        return {
            "zone": self.zone, "honor_effective_date": self.chance(0.3), "honor_grace": self.chance(0.5),
            "count_inherited": self.chance(0.7), "primary_membership": rng.choice(["longest", "longest", "first"]),
            "everyone": rng.choice(["subscriber", None]), "member": rng.choice(["member", None, "role_1"]),
            "non_member": rng.choice(["non_member", None]), "rules": rules,
        }


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def rules_file(rules, zone_name):
    lines = [f'time_zone = "{zone_name}"']
    lines += [f"{key} = {toml(value)}" for key, value in rules.items() if key not in ("zone", "rules") and value is not None]
    for rule in rules["rules"]:
        lines += ["[[rule]]", f"role = {toml(rule['role'])}", f"when = {toml(rule['when'])}"]
    return "\n".join(lines) + "\n"


# --- The comparison --------------------------------------------------------------------------------------------------


def written(ns):
    if ns is None:
        return None
    text = (EPOCH + dt.timedelta(seconds=ns // SECOND)).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{ns % SECOND:09}".rstrip("0") if ns % SECOND else ""
    return f"{text}{fraction}Z"


def explain(binary, rules, lines, at, folder):
    rules_path, records_path = os.path.join(folder, "rules.toml"), os.path.join(folder, "records.jsonl")
    with open(rules_path, "w", encoding="utf-8") as file:
        file.write(rules)
    with open(records_path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(
        [binary, "explain", "--rules", rules_path, "--records", records_path, "--at", at, "--format", "json"],
        capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        sys.exit(f"explain failed:\n{done.stderr}\n{rules}")
    return [json.loads(answer) for answer in done.stdout.splitlines()]


def compare(binary, seed, count, verbose):
    """Decides `count` records under one mapping; returns how many differ."""
    made = Random(seed)
    rules = made.rules()
    lines = [made.line(number) for number in range(count)]
    text = rules_file(rules, made.zone_name)
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        answers = explain(binary, text, lines, written(made.at), folder)
    assert len(answers) == count, f"{len(answers)} answers for {count} records"
    for line, answer in zip(lines, answers):
        decider = Decider(Person(line), rules)
        expected = decider.decide(made.at)
        expected["holds_until"] = None if decider.person.refused else written(decider.holds_until(made.at))
        got = {key: answer.get(key, "missing") for key in expected}
        if got != expected:
            differ += 1
            if verbose or differ == 1:
                keys = [key for key in expected if got[key] != expected[key]]
                print(f"seed {seed} at {written(made.at)}: differs in {keys}")
                for key in keys:
                    print(f"  {key}: expected {expected[key]!r}, got {got[key]!r}")
                print(f"  record: {json.dumps(line)}\n  trace: {json.dumps(answer.get('trace'))}\n{text}")
    return differ


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--count", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--verbose", action="store_true")
    asked = arguments.parse_args()
    batch = 250
    done = differ = 0
    while done < asked.count:
        size = min(batch, asked.count - done)
        differ += compare(asked.binary, f"{asked.seed}-{done // batch}", size, asked.verbose)
        done += size
    print(f"{done} records, seed {asked.seed}: {differ} differ")
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
