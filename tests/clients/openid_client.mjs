// Signs in with npm's openid-client. Prints where the browser goes, reads where it came back, prints what it learnt.
// usage: openid_client.mjs FOLDER ISSUER CLIENT SECRET REDIRECT_URI POST_LOGOUT_REDIRECT_URI
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, issuer, client, secret, redirectUri, postLogoutRedirectUri] = process.argv.slice(2);
const openid = await import(pathToFileURL(`${folder}/node_modules/openid-client/build/index.js`));
const say = (value) => console.log(JSON.stringify(value));

const config = await openid.discovery(new URL(issuer), client, {}, openid.ClientSecretBasic(secret), {
  execute: [openid.allowInsecureRequests],
});
const verifier = openid.randomPKCECodeVerifier();
const state = openid.randomState();
const nonce = openid.randomNonce();
say({
  go: openid.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email roles membership offline_access',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  }).href,
});
for await (const line of createInterface({ input: process.stdin })) {
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await openid.authorizationCodeGrant(config, new URL(line), checks);
  const claims = tokens.claims();
  const userinfo = await openid.fetchUserInfo(config, tokens.access_token, claims.sub);
  const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token);
  await openid.tokenRevocation(config, renewed.access_token);
  const revoked = await openid.fetchUserInfo(config, renewed.access_token, claims.sub).then(() => false, () => true);
  say({
    claims,
    userinfo,
    rotated: renewed.refresh_token !== tokens.refresh_token,
    revoked,
    logout: openid.buildEndSessionUrl(config, {
      id_token_hint: renewed.id_token,
      post_logout_redirect_uri: postLogoutRedirectUri,
      state: 'bye',
    }).href,
  });
  process.exit(0);
}
