import type { IncomingMessage, ServerResponse } from 'node:http';
import { oauthRefusal, Refusal } from './refusal';

/** jAccount's own name for the cookie of its single sign-on session. */
export const sessionCookie = 'JAAuthCookie';

/** One request and its answer, in the words of the handlers. */
export class Exchange {
  readonly url: URL;
  readonly query: URLSearchParams;

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

  json(status: number, body: object, headers: Record<string, unknown> = {}): void {
    this.response
      .writeHead(status, {
        'Content-Type': 'application/json;charset=UTF-8',
        'Cache-Control': 'no-store',
        Pragma: 'no-cache',
        ...headers,
      })
      .end(JSON.stringify(body));
  }

  html(page: string): void {
    this.response
      .writeHead(200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Cache-Control': 'no-store',
        'Content-Security-Policy':
          "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        // With "no-referrer" a browser would send our own form with the origin "null", as it does a foreign frame's.
        'Referrer-Policy': 'same-origin',
        'X-Content-Type-Options': 'nosniff',
      })
      .end(page);
  }

  redirect(location: string, status = 302): void {
    this.response.writeHead(status, { Location: location, 'Cache-Control': 'no-store' }).end();
  }

  refuse(error: unknown): void {
    if (this.response.headersSent) return void this.response.destroy();
    const { status, body, headers } =
      error instanceof Refusal ? error : oauthRefusal('server_error', 'The emulator failed', 500);
    this.json(status, body, headers);
  }

  cookie(name: string): string | undefined {
    const cookies = (this.request.headers.cookie ?? '').split(/; */).map((pair) => pair.split('='));
    return cookies.find(([key]) => key === name)?.[1];
  }

  /** A cookie for this browser session; `maxAge` 0 seconds takes it away. */
  setCookie(name: string, value: string, maxAge?: number): void {
    const age = maxAge === undefined ? '' : `; Max-Age=${maxAge}`;
    this.response.setHeader('Set-Cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${age}`);
  }

  /** A page of another site must not sign anybody in. */
  assertSameOrigin(): void {
    const { origin } = this.request.headers;
    if (origin !== undefined && origin !== this.origin) {
      throw oauthRefusal('invalid_request', 'The form was sent from another origin', 403);
    }
  }
}
