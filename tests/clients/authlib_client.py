"""Signs in with PyPI's Authlib. Prints where the browser goes, reads where it came back, prints what it learnt.

usage: authlib_client.py FOLDER ISSUER CLIENT SECRET REDIRECT_URI POST_LOGOUT_REDIRECT_URI
"""
import json
import sys

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken, UserInfo
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.jwk import KeySet

_, issuer, client, secret, redirect_uri, post_logout_redirect_uri = sys.argv[1:]


def say(value):
    print(json.dumps(value), flush=True)


metadata = OpenIDProviderMetadata(requests.get(get_well_known_url(issuer, external=True), timeout=10).json())
assert metadata["issuer"] == issuer
session = OAuth2Session(
    client, secret, scope="openid profile email roles membership offline_access", redirect_uri=redirect_uri,
    code_challenge_method="S256", token_endpoint_auth_method="client_secret_post",
)
verifier, nonce = generate_token(48), generate_token()
url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
say({"go": url})
landed = sys.stdin.readline().strip()
tokens = session.fetch_token(
    metadata["token_endpoint"], authorization_response=landed, state=state, code_verifier=verifier,
)
keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())


def claims_of(id_token, **params):
    token = jwt.decode(id_token, keys, algorithms=["RS256"])
    options = {"iss": {"value": issuer}, "aud": {"value": client}}
    claims = CodeIDToken(token.claims, token.header, options, params)
    claims.validate(leeway=5)
    return dict(claims)


claims = claims_of(tokens["id_token"], nonce=nonce, client_id=client, access_token=tokens["access_token"])
userinfo = UserInfo(session.get(metadata["userinfo_endpoint"]).json())
renewed = session.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
revocation = session.revoke_token(metadata["revocation_endpoint"], token=renewed["access_token"])
query = requests.Request("GET", metadata["end_session_endpoint"], params={
    "id_token_hint": tokens["id_token"], "post_logout_redirect_uri": post_logout_redirect_uri, "state": "bye",
}).prepare().url
say({
    "claims": claims,
    "userinfo": dict(userinfo),
    "rotated": renewed["refresh_token"] != tokens["refresh_token"],
    "revoked": revocation.status_code == 200
    and session.get(metadata["userinfo_endpoint"], headers={}).status_code == 401,
    "logout": query,
})
