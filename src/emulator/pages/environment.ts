import type { Snapshot } from '../control';

/** The lines that point an application here, in the languages that jAccount's applications are written in. */
export function environments(snapshot: Snapshot): readonly { name: string; lines: string }[] {
  return [
    { name: 'Node.js', lines: node(snapshot) },
    { name: 'Python', lines: python(snapshot) },
    { name: 'Go', lines: go(snapshot) },
  ];
}

function node({ client, endpoints, caFile }: Snapshot): string {
  const members = Object.entries(endpoints).map(([name, value]) => `  ${name}: ${quoted(value)},`);
  return lines(
    caFile && `# NODE_EXTRA_CA_CERTS=${caFile}`,
    `JACCOUNT_CLIENT_ID=${client.clientID}`,
    `JACCOUNT_CLIENT_SECRET=${client.clientSecret}`,
    '',
    'const options = {',
    '  clientID: process.env.JACCOUNT_CLIENT_ID,',
    '  clientSecret: process.env.JACCOUNT_CLIENT_SECRET,',
    "  callbackURL: 'http://localhost:3000/callback',",
    ...members,
    '};',
    'passport.use(new JaccountStrategy(options, verify));',
  );
}

// With "openid" Authlib wants a key set, which jAccount has not.
function python({ url, client, endpoints, caFile }: Snapshot): string {
  return lines(
    caFile && `# SSL_CERT_FILE=${caFile}`,
    '# Authlib',
    'oauth.register(',
    '    "jaccount",',
    `    client_id=${quoted(client.clientID)},`,
    `    client_secret=${quoted(client.clientSecret)},`,
    `    authorize_url=${quoted(endpoints.authorizationURL)},`,
    `    access_token_url=${quoted(endpoints.tokenURL)},`,
    `    api_base_url=${quoted(`${endpoints.apiURL}/`)},`,
    '    client_kwargs={"scope": "basic"},',
    ')',
    '',
    '# oauth-jaccount',
    'JaccountClient(',
    `    ${quoted(client.clientID)},`,
    `    ${quoted(client.clientSecret)},`,
    `    host=${quoted(`${url}/`)},`,
    `    api_host=${quoted(`${url}/`)},`,
    ')',
  );
}

function go({ client, endpoints, caFile }: Snapshot): string {
  return lines(
    caFile && `// SSL_CERT_FILE=${caFile}`,
    '// golang.org/x/oauth2',
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

function lines(...all: (string | undefined)[]): string {
  return all.filter((line) => line !== undefined).join('\n');
}
