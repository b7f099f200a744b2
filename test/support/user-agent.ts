import { CookieJar } from 'tough-cookie';

export interface Visit {
  status: number;
  url: string;
  /** Absolute, where the answer was a redirect. */
  location: string | undefined;
  headers: Headers;
  text: string;
  json(): any;
}

/** A browser without a screen: it keeps cookies as a browser does, and follows redirects only when told to. */
export class UserAgent {
  readonly jar = new CookieJar();

  async get(url: string, init: RequestInit = {}): Promise<Visit> {
    const cookie = await this.jar.getCookieString(url);
    const response = await this.fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...(init.headers as Record<string, string>), ...(cookie && { cookie }) },
    });
    for (const header of response.headers.getSetCookie())
      await this.jar.setCookie(header, url, { ignoreError: true });
    const location = response.headers.get('location');
    const text = await response.text();
    return {
      status: response.status,
      url,
      location: location === null ? undefined : new URL(location, url).href,
      headers: response.headers,
      text,
      json: () => JSON.parse(text),
    };
  }

  protected fetch(url: string, init: RequestInit): Promise<Response> {
    return fetch(url, init);
  }

  post(url: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Visit> {
    return this.get(url, { method: 'POST', body: new URLSearchParams(form), headers });
  }

  /** Follows redirects from a visit on, until an answer is none or its address begins with `until`. */
  async follow(start: Visit, until = '\n'): Promise<Visit> {
    let visit = start;
    for (let hops = 0; visit.location !== undefined && !visit.location.startsWith(until); hops++) {
      if (hops === 20) throw new Error(`redirects without end, last to ${visit.location}`);
      visit = await this.get(visit.location);
    }
    return visit;
  }

  /** Chooses a person on the emulator's login page. */
  async choose(loginPage: Visit, account: string): Promise<Visit> {
    const { origin, searchParams } = new URL(loginPage.url);
    return this.post(`${origin}/jaccount/ulogin`, { account, returl: searchParams.get('returl') ?? '' });
  }
}
