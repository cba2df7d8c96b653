// A strict authorization server on loopback: oidc-provider with the claims that SMART Backend
// Services asks for. One argument: the folder that holds node_modules. The first line of standard
// input is the registration, {"clients": [{"id", "alg", "keys", "scope", "seconds"}]}; the first
// line of standard output says where it answers. It ends when standard input does.

import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// Standard output is the protocol; what the library has to say belongs elsewhere.
console.info = console.error;
console.warn = console.error;

const installed = createRequire(path.join(path.resolve(process.argv[2]), 'server.cjs'));
const { Provider, errors } = await import(pathToFileURL(installed.resolve('oidc-provider')).href);

const GRACE = 300;
const seconds = () => Math.floor(Date.now() / 1000);

function requireSmart(_ctx, claims, header) {
  const now = seconds();
  const rules = {
    'typ must be JWT': header.typ === 'JWT',
    'kid is required': typeof header.kid === 'string' && header.kid !== '',
    'iss and sub must be equal': claims.iss === claims.sub,
    'iat is required': Number.isInteger(claims.iat),
    'iat lies in the future': claims.iat <= now,
    'exp lies more than 5 minutes ahead': claims.exp - now <= GRACE,
    'it lives for more than 5 minutes': claims.exp - claims.iat <= GRACE,
  };
  const broken = Object.keys(rules).find((rule) => !rules[rule]);
  if (broken) throw new errors.InvalidClientAuth(broken);
}

function registration(client) {
  return {
    client_id: client.id,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: client.scope,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: client.alg,
    jwks: { keys: client.keys },
  };
}

function provider(issuer, clients) {
  const lives = new Map(clients.map((client) => [client.id, client.seconds]));
  return new Provider(issuer, {
    clients: clients.map(registration),
    scopes: [...new Set(clients.flatMap((client) => client.scope.split(' ')))],
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS384', 'ES384'] },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    ttl: { ClientCredentials: (_ctx, _token, client) => lives.get(client.clientId) },
    clockTolerance: 0,
    assertJwtClientAuthClaimsAndHeader: requireSmart,
  });
}

const [setup] = await once(createInterface({ input: process.stdin }), 'line');
const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;
const oidc = provider(issuer, JSON.parse(setup).clients);
const tokenEndpoint = `${issuer}/token`;
const seen = { requests: 0, granted: 0, refused: [] };
oidc.on('grant.success', () => { seen.granted += 1; });
oidc.on('grant.error', (_ctx, error) => {
  seen.refused.push({ error: error.error, why: error.error_detail ?? error.error_description });
});
oidc.on('server_error', (_ctx, error) => { console.error(error); });

function configuration(endpoint) {
  return {
    issuer,
    token_endpoint: endpoint,
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    grant_types_supported: ['client_credentials'],
    capabilities: ['client-confidential-asymmetric', 'permission-v2'],
  };
}

const documents = {
  '/fhir/.well-known/smart-configuration': () => configuration(tokenEndpoint),
  '/astray/.well-known/smart-configuration': () => configuration('http://auth.example/token'),
  '/seen': () => ({ ...seen, now: seconds() }),
};
const answer = oidc.callback();
server.on('request', (request, response) => {
  const document = documents[request.url];
  if (document) {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(document()));
    return;
  }
  if (request.url === '/token') seen.requests += 1;
  answer(request, response);
});

process.stdin.on('end', () => process.exit(0));
process.stdout.write(`${JSON.stringify({ issuer, token_endpoint: tokenEndpoint })}\n`);
