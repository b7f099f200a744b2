import { readFileSync } from 'node:fs';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import { UserAgent } from './user-agent';

const fixture = (name: string) => readFileSync(`${__dirname}/../fixtures/tls/${name}`, 'utf8');

/** A key and a certificate for `localhost`, which only the tests trust. */
export const localhostTLS = { key: fixture('localhost.key'), cert: fixture('localhost.crt') };

/** A browser that trusts the certificate of the tests. */
export class TLSUserAgent extends UserAgent {
  protected override async fetch(url: string, init: RequestInit): Promise<Response> {
    if (!url.startsWith('https:')) return super.fetch(url, init);
    const headers = init.headers as Record<string, string>;
    const request = https.get(url, { headers, ca: localhostTLS.cert, servername: 'localhost', agent: false });
    return new Promise((resolve, reject) => {
      request.on('error', reject).on('response', (answer) => {
        const pairs = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        );
        const { statusCode: status = 0 } = answer;
        buffer(answer).then((body) => resolve(new Response(body, { status, headers: pairs })), reject);
      });
    });
  }
}
