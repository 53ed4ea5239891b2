"""A plain OAuth 2.0 client by PyPI's Authlib, as communities and learning platforms have one: no OpenID, no PKCE, no nonce.

usage: authlib_plain.py FOLDER ISSUER CLIENT SECRET REDIRECT_URI POST_LOGOUT_REDIRECT_URI
"""
import json
import sys

from authlib.integrations.requests_client import OAuth2Session

_, issuer, client, secret, redirect_uri, _ = sys.argv[1:]
session = OAuth2Session(client, secret, scope="profile", redirect_uri=redirect_uri)
url, state = session.create_authorization_url(f"{issuer}/_gate/oidc/authorize")
print(json.dumps({"go": url}), flush=True)
landed = sys.stdin.readline().strip()
tokens = session.fetch_token(f"{issuer}/_gate/oidc/token", authorization_response=landed, state=state)
userinfo = session.get(f"{issuer}/_gate/oidc/userinfo")
userinfo.raise_for_status()
print(json.dumps({"tokens": dict(tokens), "userinfo": userinfo.json()}), flush=True)
