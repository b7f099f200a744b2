import type { Snapshot } from './control';

export interface Environment {
  name: string;
  blocks: readonly Block[];
}

interface Block {
  title: string;
  lines: string;
}

/**
 * The lines that point an application here, in the languages that jAccount's applications are written in.
 * `variables` is what environment variables are called.
 */
export function environments(snapshot: Snapshot, variables: string): readonly Environment[] {
  const { client, caFile } = snapshot;
  const credentials = [
    `JACCOUNT_CLIENT_ID=${client.clientID}`,
    `JACCOUNT_CLIENT_SECRET=${client.clientSecret}`,
  ];
  const trust = (name: string) => (caFile === undefined ? [] : [`${name}=${caFile}`]);
  const trustOnly = trust('SSL_CERT_FILE').map((lines) => ({ title: variables, lines }));
  return [
    {
      name: 'Node.js',
      blocks: [
        { title: variables, lines: joined(...credentials, ...trust('NODE_EXTRA_CA_CERTS')) },
        { title: 'passport-jaccount', lines: strategy(snapshot) },
      ],
    },
    {
      name: 'Python',
      blocks: [
        ...trustOnly,
        { title: 'Authlib', lines: authlib(snapshot) },
        { title: 'oauth-jaccount', lines: oauthJaccount(snapshot) },
      ],
    },
    { name: 'Go', blocks: [...trustOnly, { title: 'golang.org/x/oauth2', lines: config(snapshot) }] },
  ];
}

function strategy({ endpoints }: Snapshot): string {
  return joined(
    'const options = {',
    '  clientID: process.env.JACCOUNT_CLIENT_ID,',
    '  clientSecret: process.env.JACCOUNT_CLIENT_SECRET,',
    "  callbackURL: 'http://localhost:3000/callback',",
    ...Object.entries(endpoints).map(([name, value]) => `  ${name}: ${quoted(value)},`),
    '};',
    'passport.use(new JaccountStrategy(options, verify));',
  );
}

// The scope that applications with Authlib ask of jAccount, which has no key set to verify an ID Token by.
function authlib({ client, endpoints }: Snapshot): string {
  return joined(
    'oauth.register(',
    '    "jaccount",',
    `    client_id=${quoted(client.clientID)},`,
    `    client_secret=${quoted(client.clientSecret)},`,
    `    authorize_url=${quoted(endpoints.authorizationURL)},`,
    `    access_token_url=${quoted(endpoints.tokenURL)},`,
    `    api_base_url=${quoted(`${endpoints.apiURL}/`)},`,
    '    client_kwargs={"scope": "basic"},',
    ')',
  );
}

function oauthJaccount({ url, client }: Snapshot): string {
  return joined(
    'JaccountClient(',
    `    ${quoted(client.clientID)},`,
    `    ${quoted(client.clientSecret)},`,
    `    host=${quoted(`${url}/`)},`,
    `    api_host=${quoted(`${url}/`)},`,
    ')',
  );
}

function config({ client, endpoints }: Snapshot): string {
  return joined(
    'config := &oauth2.Config{',
    `\tClientID:     ${quoted(client.clientID)},`,
    `\tClientSecret: ${quoted(client.clientSecret)},`,
    '\tRedirectURL:  "http://localhost:3000/callback",',
    '\tScopes:       []string{"openid"},',
    '\tEndpoint: oauth2.Endpoint{',
    `\t\tAuthURL:  ${quoted(endpoints.authorizationURL)},`,
    `\t\tTokenURL: ${quoted(endpoints.tokenURL)},`,
    '\t},',
    '}',
  );
}

// A literal of all three languages.
const quoted = (value: string) => JSON.stringify(value);

function joined(...lines: string[]): string {
  return lines.join('\n');
}
