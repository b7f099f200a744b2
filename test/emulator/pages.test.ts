import { readFileSync } from 'node:fs';
import https from 'node:https';
import { expect } from 'chai';
import { scopes } from 'passport-jaccount';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { UserAgent, type Visit } from '../support/user-agent';

const script = '<script>alert(1)</script>';
const hostile = `"'>${script}<img src=x onerror=alert(2)>\u202Eoteba`;
const locked: Account = { account: 'zhouming', name: '周明', userType: 'student', password: 'open-sesame' };

describe('pages of the emulator', () => {
  let emulator: Emulator;
  let browser: UserAgent;
  before(async () => {
    emulator = await startEmulator({
      accounts: [locked, { account: 'hostile', name: hostile, userType: hostile, code: hostile }],
      clients: [{ clientID: hostile, clientSecret: 'a secret of the tests' }],
    });
  });
  after(() => emulator.stop());
  beforeEach(() => {
    emulator.reset();
    browser = new UserAgent();
  });

  function open(path = '/', language = 'en'): Promise<Visit> {
    return browser.get(`${emulator.url}${path}`, { headers: { 'accept-language': language } });
  }

  function submit(action: string, fields: Record<string, string>): Promise<Visit> {
    return browser.post(`${emulator.url}${action}`, fields, { 'accept-language': 'en' });
  }

  /** Signs in and asks for a permission that the emulator wants to ask about. */
  async function openConsent(
    parameters: Record<string, string> = {},
    account = 'zhaoyichen',
  ): Promise<Visit> {
    emulator.behave({ consent: 'always' });
    await submit('/jaccount/ulogin', { account });
    return browser.follow(await open(authorizationPath(parameters)));
  }

  function authorizationPath(parameters: Record<string, string> = {}): string {
    const usual = {
      response_type: 'code',
      client_id: emulator.client.clientID,
      redirect_uri: 'http://localhost:3000/callback',
      scope: 'openid essential',
    };
    return `/oauth2/authorize?${new URLSearchParams({ ...usual, ...parameters })}`;
  }

  /** A whole login, so that there is an ID Token. Tells what must be on no page. */
  async function signIn(): Promise<string[]> {
    await submit('/jaccount/ulogin', { account: 'zhaoyichen' });
    const { location = '' } = await open(authorizationPath({ nonce: 'n-1' }));
    const code = new URL(location).searchParams.get('code') ?? '';
    const { clientID, clientSecret } = emulator.client;
    const visit = await submit('/oauth2/token', {
      grant_type: 'authorization_code',
      code,
      redirect_uri: 'http://localhost:3000/callback',
      client_id: clientID,
      client_secret: clientSecret,
    });
    const { access_token, refresh_token, id_token } = visit.json();
    return [code, access_token, refresh_token, id_token.split('.')[2]];
  }

  const everyPage: Record<string, (language?: string) => Promise<Visit>> = {
    'the dashboard': (language) => open('/', language),
    'the login page': (language) => open('/jaccount/jalogin', language),
    'the consent page': async (language) => {
      const { url } = await openConsent();
      return open(url.slice(emulator.url.length), language);
    },
    'the page after a logout': (language) => open('/oauth2/logout', language),
  };

  for (const [what, openIn] of Object.entries(everyPage)) {
    describe(what, () => {
      const languages = [
        { preferred: 'zh-CN,zh;q=0.9,en;q=0.8', lang: 'zh-CN', banner: '这不是上海交通大学的 jAccount' },
        { preferred: 'zh-TW', lang: 'zh-CN', banner: '这不是上海交通大学的 jAccount' },
        { preferred: 'en-GB,en;q=0.9', lang: 'en', banner: 'not SJTU’s jAccount' },
        { preferred: 'fr', lang: 'en', banner: 'not SJTU’s jAccount' },
      ];
      for (const { preferred, lang, banner } of languages) {
        it(`speaks ${lang} to a browser that prefers ${preferred}, and is not the real one [E-19]`, async () => {
          const { text } = await openIn(preferred);

          expect(text).to.contain(`<html lang="${lang}">`);
          expect(/role="note">([^<]*)</.exec(text)?.[1]).to.contain(banner);
        });
      }

      it('has Chinese on no English page, but for names', async () => {
        const { text } = await openIn('en');
        const words = text.replace(
          /<bdi>[^<]*<\/bdi>|(?:title|data-search|value)="[^"]*"|<span class="face.*/g,
          '',
        );

        expect(words).not.to.match(/\p{Script=Han}/u);
      });

      it('loads nothing from elsewhere', async () => {
        const { text } = await openIn();
        const addresses = [...text.matchAll(/(?:src|href|action)="([^"]*)"/g)].map(([, address]) => address);

        expect(addresses).to.include.members(['/emulator/style.css', '/emulator/script.js']);
        for (const address of addresses) expect(address).to.match(/^(?:\/(?!\/)|#|data:image\/svg\+xml,)/);
      });

      it('has neither style nor script of its own in it', async () => {
        const { text, headers } = await openIn();

        const markup = text.replace(/"[^"]*"/g, '');
        expect(markup).not.to.match(/<style|<script>|<[^>]* (?:style|on[a-z]+)=/i);
        expect(text).not.to.match(/="javascript:/i);
        expect(headers.get('content-security-policy'))
          .to.contain("default-src 'none'")
          .and.not.contain('unsafe');
      });

      it('has one main heading, and none deeper without the one above', async () => {
        const levels = [...(await openIn()).text.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));

        expect(levels.filter((level) => level === 1)).to.have.length(1);
        expect(levels[0]).to.equal(1);
        for (const [index, level] of levels.entries())
          expect(level).to.be.at.most((levels[index - 1] ?? 0) + 1);
      });

      it('gives no id twice', async () => {
        const ids = [...(await openIn()).text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);

        expect(ids).to.deep.equal([...new Set(ids)]);
      });
    });
  }

  describe('the style sheet and the script', () => {
    const assets = { '/emulator/style.css': 'text/css', '/emulator/script.js': 'text/javascript' };
    for (const [path, type] of Object.entries(assets)) {
      it(`${path} has the type that a browser demands`, async () => {
        const { headers } = await open(path);

        expect(headers.get('content-type')).to.equal(`${type}; charset=utf-8`);
        expect(headers.get('x-content-type-options')).to.equal('nosniff');
      });
    }

    it('name no other host', async () => {
      const texts = await Promise.all(Object.keys(assets).map(async (path) => (await open(path)).text));

      expect(texts.join()).not.to.match(/https?:|\/\/[a-z]|@import|url\(/);
    });
  });

  describe('the login page', () => {
    it('tells which application asked', async () => {
      const { text } = await open(
        `/jaccount/jalogin?${new URLSearchParams({ returl: authorizationPath() })}`,
      );

      expect(text).to.contain(`<code><bdi>${emulator.client.clientID}</bdi></code>`);
    });

    it('tells who has a password', async () => {
      const { text } = await open('/jaccount/jalogin');

      expect(text).to.contain('value="zhouming" data-locked>').and.contain('aria-label="needs a password"');
      expect(text).not.to.contain('open-sesame');
    });

    const attempts = [
      {
        what: 'the wrong password',
        fields: { account: 'zhouming', password: 'sesame' },
        problem: /right password/,
      },
      { what: 'no password', fields: { account: 'zhouming' }, problem: /right password/ },
      {
        what: 'an unknown account',
        fields: { account: 'nobody', password: 'sesame' },
        problem: /no such account/,
      },
    ];
    for (const { what, fields, problem } of attempts) {
      it(`explains ${what}, with the account still typed and the password not`, async () => {
        const visit = await submit('/jaccount/ulogin', fields);

        expect(visit.status).to.equal(400);
        expect(/role="alert" id="problem">([^<]*)</.exec(visit.text)?.[1]).to.match(problem);
        expect(visit.text).to.match(new RegExp(`<input\\s+name="account"\\s+value="${fields.account}"`));
        expect(visit.text).to.contain('aria-invalid="true"').and.not.contain('sesame');
      });
    }

    it('keeps the way back after an attempt that failed', async () => {
      const returl = authorizationPath({ state: 's-1' });

      const { text } = await submit('/jaccount/ulogin', { account: 'zhouming', password: 'sesame', returl });

      const kept = [...text.matchAll(/name="returl" value="([^"]*)"/g)].map(([, value]) =>
        unescaped(value ?? ''),
      );
      expect(kept).to.deep.equal([returl, returl]);
    });

    it('lets in who gives the password', async () => {
      const { status } = await submit('/jaccount/ulogin', { account: 'zhouming', password: 'open-sesame' });

      expect(status).to.equal(303);
    });
  });

  describe('the consent page', () => {
    it('asks about each scope, ticked, in words', async () => {
      const { text } = await openConsent({ scope: 'openid essential lessons' });

      const boxes = [...text.matchAll(/name="scope" value="([^"]*)" checked/g)].map(([, scope]) => scope);
      expect(boxes).to.deep.equal(['openid', 'essential', 'lessons']);
      expect(text).to.contain('read your lessons').and.contain('know who you are');
    });

    it('says in words what every scope opens, in both languages', async () => {
      const asked = [...scopes.values()]
        .filter(({ grants }) => grants.includes('authorization_code'))
        .map(({ name }) => name);
      for (const language of ['zh', 'en']) {
        const { url } = await openConsent({ scope: asked.join(' ') });
        const { text } = await open(url.slice(emulator.url.length), language);

        const unexplained = [...text.matchAll(/value="([^"]*)" checked>\s*<span>\s*<code>/g)].map(
          ([, name]) => name,
        );
        expect(unexplained).to.deep.equal([]);
        expect(text.match(/name="scope"/g)).to.have.length(asked.length);
      }
    });

    it('tells who is asked, and by whom', async () => {
      const { text } = await openConsent();

      expect(text).to.contain('<bdi>赵一辰</bdi>').and.contain(`<bdi>${emulator.client.clientID}</bdi>`);
    });
  });

  describe('the dashboard', () => {
    it('shows every address and the client', async () => {
      const { text } = await open();

      for (const value of Object.values({ ...emulator.endpoints, ...emulator.client })) {
        expect(text).to.contain(`<dd><code>${value}</code>`).and.contain(`data-copy="${value}"`);
      }
    });

    it('has lines to copy for Node.js, Python and Go', async () => {
      const { text } = await open();
      const blocks = [...text.matchAll(/<pre[^>]*><code>([^<]*)</g)].map(([, lines = '']) =>
        unescaped(lines),
      );

      const { clientID, clientSecret } = emulator.client;
      const { authorizationURL, tokenURL, issuer, apiURL } = emulator.endpoints;
      const [variables, strategy, authlib, oauthJaccount, config] = blocks;
      expect(variables).to.equal(`JACCOUNT_CLIENT_ID=${clientID}\nJACCOUNT_CLIENT_SECRET=${clientSecret}`);
      expect(strategy).to.contain(`  issuer: "${issuer}",`).and.contain(`  apiURL: "${apiURL}",`);
      expect(authlib).to.contain(`client_secret="${clientSecret}"`).and.contain(`api_base_url="${apiURL}/"`);
      expect(oauthJaccount).to.contain(`host="${emulator.url}/"`);
      expect(config).to.contain(`AuthURL:  "${authorizationURL}"`).and.contain(`TokenURL: "${tokenURL}"`);
    });

    it('shows requests, the newest on top, but not itself', async () => {
      await open(authorizationPath({ state: 'canary' }));
      await open('/v1/me/profile');

      const { text } = await open();

      const rows = [...text.matchAll(/data-summary="([^"]*)"/g)].map(([, summary]) => summary);
      expect(rows).to.deep.equal(['GET /v1/me/profile: 403', 'GET /oauth2/authorize: 302']);
      expect(text).to.contain('<bdi>scope</bdi>=<bdi>openid essential</bdi>').and.not.contain('canary');
    });

    it('shows a request that was never answered', async () => {
      emulator.fault('token', { drop: true });
      await submit('/oauth2/token', {}).catch(() => undefined);

      expect((await open()).text).to.contain('data-summary="POST /oauth2/token: dropped"');
    });

    it('decodes the last ID Token, and shows nothing that could be used', async () => {
      const secrets = await signIn();

      const { text } = await open();

      expect(text).to.contain('<bdi>nonce</bdi></code></dt>').and.contain('<bdi>&quot;n-1&quot;</bdi>');
      expect(text).to.contain('<bdi>&quot;HS256&quot;</bdi>').and.contain(' UTC</span>');
      for (const secret of secrets) expect(text).not.to.contain(secret);
    });

    it('tells who is signed in, with a way out', async () => {
      const before = (await open()).text;
      await submit('/jaccount/ulogin', { account: 'zhaoyichen' });

      const { text } = await open();

      expect(text).to.contain('<bdi>zhaoyichen</bdi></b> <a href="/oauth2/logout">');
      expect(before).not.to.contain('/oauth2/logout">');
    });

    it('names the certificate that a client of an https emulator must trust', async () => {
      const secure = await startEmulator({ tls: true });
      const ca = readFileSync(secure.caFile ?? '');
      const text = await new Promise<string>((resolve, reject) => {
        https
          .get(secure.url, { ca, agent: false }, (response) => {
            let body = '';
            response.on('data', (chunk) => (body += chunk)).on('end', () => resolve(body));
          })
          .on('error', reject);
      });
      await secure.stop();

      expect(text).to.contain(`<dd><code>${secure.caFile}</code>`);
      expect(text).to.contain(`NODE_EXTRA_CA_CERTS=${secure.caFile}`);
      expect(text.match(/<code>SSL_CERT_FILE=/g)).to.have.length(2);
    });
  });

  describe('a fault', () => {
    const switches = async () => {
      const { text } = await open();
      return formsIn(text).filter(({ markup }) => markup.includes('role="switch"'));
    };

    it('is switched on and off again without a script, each of them', async () => {
      const ids = (await switches()).map(({ id }) => id);
      expect(ids).to.have.length(11);

      for (const id of ids) {
        const off = (await switches()).find((form) => form.id === id)!;
        expect(off.on, id).to.equal(false);
        expect((await submit(off.action, off.fields)).status, id).to.equal(303);

        const on = (await switches()).find((form) => form.id === id)!;
        expect(on.on, id).to.equal(true);
        expect((await switches()).filter((form) => form.on)).to.have.length(1);
        await submit(on.action, on.fields);
      }

      expect((await switches()).filter((form) => form.on)).to.deep.equal([]);
    });

    it('that is on hits every request', async () => {
      await submit('/emulator/fault', { point: 'token', status: '500', times: 'always' });

      const statuses = [await submit('/oauth2/token', {}), await submit('/oauth2/token', {})];

      expect(statuses.map(({ status }) => status)).to.deep.equal([500, 500]);
    });

    it('that is meant once is gone thereafter', async () => {
      await submit('/emulator/fault', { point: 'token', status: '500', times: '1' });
      const before = (await open()).text;

      await submit('/oauth2/token', {});

      expect(before).to.contain('1 left');
      expect((await switches()).filter((form) => form.on)).to.deep.equal([]);
    });

    it('is cleared alone, with another at the same point staying', async () => {
      emulator.fault('token', { status: 500 });
      emulator.fault('token', { sign: 'other-key' });
      const [first] = formsIn((await open()).text).filter(({ markup }) => markup.includes('Clear: token'));

      await submit(first!.action, first!.fields);

      const on = (await switches()).filter((form) => form.on);
      expect(on.map(({ id }) => id)).to.deep.equal(['other-key']);
    });

    it('made by a function is told to be one', async () => {
      emulator.fault('token', { idToken: (claims) => ({ ...claims, aud: 'library' }) });

      expect((await open()).text).to.contain('idToken: function');
    });
  });

  describe('a behaviour', () => {
    const selects = async () => {
      const { text } = await open();
      return [...text.matchAll(/<select name="(\w+)" id="behaviour-[^>]*>([\s\S]*?)<\/select>/g)].map(
        ([, name = '', options = '']) => ({
          name,
          values: [...options.matchAll(/<option value="([^"]*)"/g)].map(([, value = '']) => value),
          selected: /<option value="([^"]*)" selected>/.exec(options)?.[1],
        }),
      );
    };

    it('can be chosen, each of them, and the one in force is', async () => {
      const offered = await selects();

      expect(offered.map(({ name }) => name)).to.deep.equal(Object.keys(emulator.behaviour));
      for (const { name, values, selected } of offered) {
        expect(values, name).to.have.length.above(1);
        expect(selected, name).to.equal(emulator.behaviour[name as 'nonce']);
      }
    });

    it('takes every value that is offered', async () => {
      for (const { name, values } of await selects()) {
        for (const value of values) {
          await submit('/emulator/behaviour', { [name]: value });

          expect(emulator.behaviour[name as 'nonce']).to.equal(value);
        }
        emulator.reset();
      }
    });
  });

  describe('the clock', () => {
    it('is put forward', async () => {
      await submit('/emulator/advance', { seconds: '1800' });

      expect((await open()).text).to.contain('<b>1800 s ahead</b>');
    });

    it('is put right by a reset', async () => {
      await submit('/emulator/advance', { seconds: '1800' });

      await submit('/emulator/reset', {});

      expect((await open()).text).to.contain('<b>0 s ahead</b>');
    });
  });

  describe('markup stays text [UI-05]', () => {
    const places: Record<string, () => Promise<Visit>> = {
      'in the members of an account': () => open('/jaccount/jalogin'),
      'in the name on the consent page': () => openConsent({}, 'hostile'),
      'in the client id on the consent page': () => openConsent({ client_id: hostile }),
      'in the client id on the login page': () =>
        open(
          `/jaccount/jalogin?${new URLSearchParams({ returl: authorizationPath({ client_id: hostile }) })}`,
        ),
      'in an account that nobody has': () => submit('/jaccount/ulogin', { account: hostile }),
      'in the path of a request': async () => {
        await open(`/${encodeURI(hostile)}`);
        return open();
      },
      'in a parameter of a request': async () => {
        await open(authorizationPath({ scope: hostile }));
        return open();
      },
      'in the name of a parameter': async () => {
        await open(authorizationPath({ [hostile]: 'x' }));
        return open();
      },
      'in the body of a fault': async () => {
        emulator.fault('token', { body: hostile });
        return open();
      },
      'in the claims of an ID Token': async () => {
        emulator.fault('token', { idToken: { [hostile]: hostile } });
        await signIn();
        return open();
      },
      'in the account that is signed in': async () => {
        await submit('/jaccount/ulogin', { account: 'hostile' });
        return open();
      },
      'in the language that a browser asks for': () => open('/', `zh"><script>`),
    };
    for (const [where, visitPage] of Object.entries(places)) {
      it(where, async () => {
        const { text } = await visitPage();
        const others = text.replace('<script src="/emulator/script.js"></script>', '');

        expect(text).to.contain('<html lang=');
        expect(others).not.to.match(/<script|<img|<[a-z]+[^>"]* onerror/i);
      });
    }

    it('with a mark that turns the writing around shut in', async () => {
      const { text } = await open('/jaccount/jalogin');
      const outside = text.replace(/<bdi>[^<]*<\/bdi>|"[^"]*"/g, '');

      expect(text).to.contain('\u202E');
      expect(outside).not.to.contain('\u202E');
    });
  });
});

interface Form {
  action: string;
  fields: Record<string, string>;
  markup: string;
  id: string | undefined;
  on: boolean;
}

/** The forms of a page, each as its first button would send it. */
function formsIn(page: string): Form[] {
  return [...page.matchAll(/<form [^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)].map(
    ([, action = '', markup = '']) => {
      const hidden = [...markup.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
      const [button = ''] = markup.match(/<button[^>]*>/) ?? [];
      const [, name = '', value = ''] = / name="([^"]*)" value="([^"]*)"/.exec(button) ?? [];
      const fields = hidden.map(([, field = '', text = '']) => [field, unescaped(text)]);
      return {
        action,
        markup,
        fields: { ...Object.fromEntries(fields), ...(name && { [name]: value }) },
        id: / id="([^"]*)"/.exec(button)?.[1],
        on: button.includes('aria-checked="true"'),
      };
    },
  );
}

function unescaped(text: string): string {
  const characters: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => characters[name] ?? '');
}
