"""What the checks share: a site that is started and stopped, assertions that are minted, and a counter.

Standard library only. A check is one call of `check`, named by a sentence; it never stops the run.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

HERE = pathlib.Path(__file__).parent
PASSED, FAILED = [], []


def check(sentence, holds, detail=""):
    (PASSED if holds else FAILED).append(sentence)
    if not holds:
        print(f"FAILED  {sentence}  [{detail}]", flush=True)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode("utf-8", "replace")
        self.location = response.headers.get("Location", "")

    def json(self):
        return json.loads(self.text)

    def __repr__(self):
        return f"{self.status} {self.location} {self.text[:160]!r}"


class Browser:
    """Cookies, one address from which it comes, and one at which it asks."""

    def __init__(self, site, source="127.0.0.1", at="127.0.0.1"):
        self.site, self.source, self.at, self.cookies = site, source, at, {}
        self.port = site.port

    def ask(self, method, path, token=None, form=None, body=None, headers=()):
        connection = http.client.HTTPConnection(self.at, self.port, timeout=30, source_address=(self.source, 0))
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", self.site.host)
        if self.cookies:
            connection.putheader("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        for one in [token] if isinstance(token, str) else token or []:
            connection.putheader("Membergate-Assertion", one)
        for name, value in headers:
            connection.putheader(name, value)
        if form is not None:
            body = urllib.parse.urlencode(form)
            connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        data = (body or "").encode()
        if data or method == "POST":
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        response = connection.getresponse()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            if value.strip() in ("", "deleted", "+", "%20") or "1970" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        answer = Answer(response)
        connection.close()
        return answer

    def get(self, path, token=None, **more):
        return self.ask("GET", path, token, **more)

    def read(self, path, token=None):
        """The page, wherever WordPress's own addresses lead."""
        for _ in range(3):
            answer = self.get(path, token)
            if answer.status not in (301, 302):
                break
            path = answer.location.replace(self.site.origin, "")
        return answer

    def post(self, path, form=None, token=None, **more):
        return self.ask("POST", path, token, form=form, **more)

    def who(self, token=None, **more):
        """Whom WordPress takes us for."""
        return self.get(f"{self.site.path}?probe=1", token, **more).json()

    def sign_in_by_password(self, login, password):
        self.get("/wp-login.php")  # sets the cookie without which WordPress refuses the form
        return self.post("/wp-login.php", {"log": login, "pwd": password, "testcookie": "1", "redirect_to": self.site.origin + "/wp-admin/"})


class Site:
    """A WordPress of up.sh, with a stand-in for the gateway's key page."""

    path = "/"

    def __init__(self, multisite=False):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        if multisite:  # WordPress allows no port in the name of a network
            self.host = "network.example"
        self.origin = f"http://{self.host}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="membergate-wp-"))
        self.folder.chmod(0o755)
        self.root = self.folder / "wp"
        self.multisite = multisite
        self.mint = subprocess.Popen(["php", HERE / "site/mint.php"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def start(self):
        jwks = f"http://127.0.0.1:{self.port}/_gate/oidc/jwks"
        environment = dict(os.environ, FAKE_GATE="1", JWKS_URL=jwks)
        if self.multisite:
            environment["MULTISITE"] = "1"
        done = subprocess.run([HERE / "up.sh", self.root, str(self.port), self.origin, "www"], env=environment, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise SystemExit(f"up.sh failed:\n{done.stdout}{done.stderr}")
        self.serve_keys("a")
        return done.stdout.split("wordpress=")[-1].strip()

    def stop(self):
        self.mint.stdin.close()
        self.mint.wait(timeout=10)
        subprocess.run([HERE / "down.sh", self.root], timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _mint(self, ask):
        self.mint.stdin.write(json.dumps(ask) + "\n")
        return self.mint.stdout.readline().strip()

    def jwks(self, *names):
        return self._mint({"jwks": list(names)})

    def serve_keys(self, *names):
        """The key page of the gateway from now on; without names there is none."""
        page = self.root / "gate/oidc/jwks"
        page.parent.mkdir(exist_ok=True)
        page.unlink(missing_ok=True)
        if names:
            page.write_text(self.jwks(*names))

    def serve_list(self, digest, text):
        """What the gateway answers for this list of roles; None: nothing."""
        page = self.root / "gate/oidc/roles" / digest
        page.parent.mkdir(parents=True, exist_ok=True)
        page.unlink(missing_ok=True)
        if text is not None:
            page.write_text(text)

    def key_fetches(self):
        log = self.root / "log/gate"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def token(self, sub="person-1", key="a", sign="ed25519", header=None, drop=(), **claims):
        """An assertion as the gateway makes it, changed as asked. A claim of None is null; `drop` leaves claims out."""
        now = int(time.time())
        said = dict(iss=self.origin, aud="www", sub=sub, name="Jane Doe", email=f"{sub}@people.example", roles=["subscriber"],
                    managed_roles=["subscriber", "member", "board"], member=True, membership_type="Corporate Gold",
                    membership_expires="2027-12-31", iat=now, exp=now + 60, jti=os.urandom(12).hex())
        said.update(claims)
        for name in drop:
            said.pop(name, None)
        head = {"alg": "EdDSA", "typ": "JWT", "kid": f"key-{key}"}
        head.update(header or {})
        head = {name: value for name, value in head.items() if value is not None}
        return self._mint({"key": key, "sign": sign, "header": head, "claims": said})

    def statement(self, sub="person-1", version=1, header=None, **claims):
        """A statement about a person as the gateway makes it, changed as asked."""
        claims = dict(version=version, state="present", create=False, drop=("member",)) | claims
        return self.token(sub, header={"typ": "membergate-person+jwt"} | (header or {}), **claims)

    def tell(self, *statements, path="/wp-json/membergate/v1/people", **more):
        """What the site answers to these statements."""
        answer = self.tell_raw(json.dumps({"statements": statements}), path, **more)
        try:
            return answer.json()["results"]
        except (ValueError, KeyError):
            raise RuntimeError(f"tell: {answer}")

    def tell_raw(self, body, path="/wp-json/membergate/v1/people", headers=(), **more):
        return Browser(self).ask("POST", path, body=body, headers=[("Content-Type", "application/json"), *headers], **more)

    def account(self, sub):
        """The account of this person as it is stored; None when there is none."""
        return self.php(f"$id = Membergate\\linked_account('{sub}'); $u = $id ? get_userdata($id) : null; return $u ? ['id'=>$id,'roles'=>array_values($u->roles),"
                        "'name'=>wp_specialchars_decode($u->display_name),'email'=>$u->user_email,'type'=>get_user_meta($id,'membership_type',true),"
                        "'expires'=>get_user_meta($id,'membership_expiration',true),'first'=>$u->first_name] : null;")

    def wp(self, *words, path="/", stdin=None):
        """`wp membergate …`: the exit code and what it printed."""
        environment = dict(os.environ, WP_ROOT=str(self.root), WP_HOST=self.host, WP_PATH=path)
        done = subprocess.run(["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups", "php", "-d", "display_errors=stderr", HERE / "site/wp.php", "membergate", *words],
                              env=environment, input=stdin, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def php(self, code, path="/"):
        """What this PHP code returns inside WordPress."""
        answer = Browser(self).ask("POST", "/_eval", body=code, headers=[("X-Path", path)])
        try:
            return answer.json()
        except ValueError:
            raise RuntimeError(f"php: {answer} for {code}")

    def user(self, login, role="", email=None, password="local-pass-1"):
        return self.php(f"$id = wp_insert_user(['user_login'=>{login!r},'user_pass'=>{password!r},'user_email'=>{email or login + '@people.example'!r},'role'=>{role!r}]); return $id;")

    def option(self, name, value):
        self.php(f"update_option({name!r}, {value!r}); return 1;")

    def conflicts(self):
        return [c["kind"] for c in (self.php("return array_values(Membergate\\notes()['conflicts']);"))]

    def setting(self, **values):
        pairs = ",".join(f"{name!r}=>{value!r}" for name, value in values.items())
        self.php(f"$s = get_option('membergate_settings'); update_option('membergate_settings', array_merge($s, [{pairs}])); return 1;")

    def log(self):
        log = self.root / "log/php"
        return log.read_text() if log.exists() else ""

    def php_complaints(self):
        """Warnings and errors that name the plugin's files."""
        return [line for line in self.log().splitlines() if re.search(r"plugins/membergate|mu-plugins", line)]
