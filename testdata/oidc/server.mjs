// An identity provider for TestIdentityProvider: the certified oidc-provider, with
// what every deployment has to decide. The test gives in the environment:
//
//   OIDC_MODULES  the directory of node_modules
//   OIDC_PORT     where it listens, on this machine only
//   OIDC_JWKS     its private keys
//
// It prints a line when it is ready, and ends when its standard input does: with the
// test, however that ends.
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const { OIDC_MODULES, OIDC_PORT, OIDC_JWKS } = process.env;
const { Provider } = await import(pathToFileURL(join(OIDC_MODULES, 'oidc-provider', 'lib', 'index.js')));

const provider = new Provider(`http://127.0.0.1:${OIDC_PORT}`, {
  jwks: JSON.parse(OIDC_JWKS),
  clients: [{
    client_id: 'robot',
    client_secret: 'a secret of the client robot, for a test',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: 'read write',
  }],
  scopes: ['read', 'write'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // https://acme.example/ES256 is an API whose tokens are signed so.
      getResourceServerInfo: (ctx, resource) => ({
        scope: 'read write',
        audience: resource,
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: new URL(resource).pathname.slice(1) } },
      }),
    },
  },
});

process.stdin.on('end', () => process.exit()).resume();
// What goes wrong in it is the test's to know.
provider.on('server_error', (ctx, err) => console.error(err));
provider.listen(Number(OIDC_PORT), '127.0.0.1', () => console.log('ready'));
