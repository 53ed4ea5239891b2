// A site that signs people in with npm's express-openid-connect. It says when it listens, and ends with its input.
// usage: express_app.mjs FOLDER ISSUER CLIENT SECRET PORT
import { createRequire } from 'node:module';

const [folder, issuerBaseURL, clientID, clientSecret, port] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const express = require('express');
const { auth } = require('express-openid-connect');

const app = express();
app.use(
  auth({
    issuerBaseURL,
    baseURL: `http://127.0.0.1:${port}`,
    clientID,
    clientSecret,
    secret: 'a secret of the site alone, for its own cookie',
    authorizationParams: { response_type: 'code', scope: 'openid profile email offline_access' },
  }),
);
app.get('/', (request, response) => response.json(request.oidc.user));
app.get('/renew', async (request, response) => {
  const before = request.oidc.refreshToken;
  const all = await Promise.all(Array.from({ length: 12 }, () => request.oidc.accessToken.refresh()));
  const userinfo = await request.oidc.fetchUserInfo();
  response.json({ renewed: all.length, kept: request.oidc.refreshToken === before, userinfo });
});
app.listen(port, '127.0.0.1', () => console.log('{}'));
process.stdin.resume().on('end', () => process.exit(0));
