import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Fault } from '../state/faults';
import { readForm } from './form';
import { oauthRefusal, Refusal } from './refusal';

/** jAccount's own name for the cookie of its single sign-on session. */
export const sessionCookie = 'JAAuthCookie';

export type Language = 'zh' | 'en';

/** One request and its answer, in the words of the handlers. */
export class Exchange {
  readonly url: URL;
  readonly query: URLSearchParams;
  /** What goes wrong with this answer, if something is to. */
  fault: Fault | undefined;
  /** Once it has been read. */
  form: URLSearchParams | undefined;

  constructor(
    readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly origin: string,
  ) {
    const target = request.url ?? '/';
    // `//` is a request target, but no URL: any page can make a browser send it.
    this.url = new URL(URL.canParse(target, origin) ? target : '/no-such-target', origin);
    this.query = this.url.searchParams;
  }

  /** The form in the body. @throws Refusal if there is none, or too much of it. */
  async readForm(): Promise<URLSearchParams> {
    this.form = await readForm(this.request);
    return this.form;
  }

  json(status: number, body: object, headers: OutgoingHttpHeaders = {}): void {
    this.send(status, JSON.stringify(body), {
      'Content-Type': 'application/json;charset=UTF-8',
      Pragma: 'no-cache',
      ...headers,
    });
  }

  /** A page of the emulator's own. Its script and style come from the emulator too. */
  html(page: string, status = 200): void {
    this.send(status, page, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "frame-ancestors 'none'; base-uri 'none'",
      // With "no-referrer" a browser would send our own form with the origin "null", as it does a foreign frame's.
      'Referrer-Policy': 'same-origin',
    });
  }

  /** What cannot stand in a header is percent-encoded, as a browser would do; all else stays as it is spelled. */
  redirect(location: string, status = 302): void {
    const encoded = location.replace(/[^\x21-\x7E]+/g, encodeURIComponent);
    this.send(status, '', { Location: encoded });
  }

  refuse(error: unknown): void {
    if (this.response.headersSent) return void this.response.destroy();
    const { status, body, headers } =
      error instanceof Refusal ? error : oauthRefusal('server_error', 'The emulator failed', 500);
    this.json(status, body, headers);
  }

  /** The one place that answers. */
  send(status: number, body: string, headers: OutgoingHttpHeaders): void {
    const octets = Buffer.from(body);
    this.response.writeHead(status, {
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Content-Length': octets.length,
      // What the request still wants to send is not wanted any more.
      ...(!this.request.complete && { Connection: 'close' }),
      ...headers,
    });
    if (!this.fault?.truncate) return void this.response.end(octets);
    this.response.write(octets.subarray(0, octets.length / 2), () => this.drop());
    if (octets.length < 2) this.drop();
  }

  drop(): void {
    this.response.destroy();
  }

  /** The language that the browser likes better: Chinese, unless it says otherwise. */
  get language(): Language {
    const header = this.request.headers['accept-language'] ?? 'zh';
    return weightOf(header, 'zh') >= weightOf(header, 'en') && weightOf(header, 'zh') > 0 ? 'zh' : 'en';
  }

  cookie(name: string): string | undefined {
    const cookies = (this.request.headers.cookie ?? '').split(/; */).map((pair) => pair.split('='));
    return cookies.find(([key]) => key === name)?.[1];
  }

  /** A cookie for this browser session; `maxAge` 0 seconds takes it away. */
  setCookie(name: string, value: string, maxAge?: number): void {
    const age = maxAge === undefined ? '' : `; Max-Age=${maxAge}`;
    const secure = this.origin.startsWith('https:') ? '; Secure' : '';
    this.response.setHeader('Set-Cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`);
  }

  /** A page of another site must not sign anybody in. */
  assertSameOrigin(): void {
    const { origin, host = '' } = this.request.headers;
    // By the name that the browser knows: `localhost` is as good as `127.0.0.1`.
    if (origin !== undefined && origin !== `${new URL(this.origin).protocol}//${host}`) {
      throw oauthRefusal('invalid_request', 'The form was sent from another origin', 403);
    }
  }
}

// RFC 9110, section 12.5.4: without a weight it is 1.
function weightOf(acceptLanguage: string, language: Language): number {
  const weights = acceptLanguage.split(',').map((range) => {
    const [tag = '', q] = range.trim().split(/\s*;\s*q=/i);
    return tag.toLowerCase().split('-')[0] === language ? Number(q ?? 1) || 0 : 0;
  });
  return Math.max(...weights);
}
