// A browser that costs next to nothing, so that what is measured is not the browser: sockets stay open, and of a
// cookie it keeps name and value, until an answer deletes it.
import http from 'node:http';

const agent = new http.Agent({ keepAlive: true });

export class LightBrowser {
  private readonly cookies = new Map<string, string>();

  /** Gives status and location of the answer. Only one site: the cookies go wherever it is sent. */
  async get(url: string): Promise<{ status: number; location: string }> {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await send(http.get(url, { agent, headers: cookie ? { cookie } : {} }));
    for (const header of answer.headers['set-cookie'] ?? []) this.keep(header);
    return { status: answer.statusCode ?? 0, location: answer.headers.location ?? '' };
  }

  private keep(header: string): void {
    const [pair = '', ...attributes] = header.split(';');
    const [name = ''] = pair.split('=', 1);
    const value = pair.slice(name.length + 1);
    if (value === '' || attributes.some(isOver)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

function isOver(attribute: string): boolean {
  return /^\s*max-age=(0|-\d+)\s*$/i.test(attribute);
}

/** Opens a session at the emulator and gives its cookie. */
export async function signOn(origin: string, account: string): Promise<string> {
  const form = new URLSearchParams({ account, returl: '/' }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const request = http.request(`${origin}/jaccount/ulogin`, { agent, method: 'POST', headers });
  request.end(form);
  const answer = await send(request);
  return (answer.headers['set-cookie']?.[0] ?? '').split(';', 1)[0] as string;
}

/** Asks for a redirect with a cookie that is not the browser's to keep. */
export async function redirectOf(url: string, cookie: string): Promise<string> {
  const { headers } = await send(http.get(url, { agent, headers: { cookie } }));
  return headers.location ?? '';
}

function send(request: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('error', reject).on('response', (answer) => {
      answer.resume().on('end', () => resolve(answer));
    });
  });
}
