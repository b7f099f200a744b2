import { execFileSync } from 'node:child_process';
import { Agent } from 'node:https';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { JaccountStrategy, jaccountEndpoints, Strategy } from 'passport-jaccount';
import { emulatorClient, endpointsAt } from '../../dist/jaccount/endpoints.js';

const secret = '0123456789abcdef0123456789abcdef0123456789abcdef';
const right = { clientID: 'japp000001', clientSecret: secret, callbackURL: 'https://app.example/callback' };
const verify = () => false as const;
const construct = (changes: object | undefined | null) =>
  new JaccountStrategy((changes && { ...right, ...changes }) as typeof right, verify);

describe('new JaccountStrategy(options)', () => {
  it('is called jaccount', () => {
    expect(construct({}).name).to.equal('jaccount');
  });

  it('takes another name', () => {
    expect(construct({ name: 'library' }).name).to.equal('library');
  });

  it('is exported as Strategy too', () => {
    expect(Strategy).to.equal(JaccountStrategy);
  });

  const accepted: [string, object][] = [
    ['all five endpoint names, those it does not use among them', { ...jaccountEndpoints }],
    ['a callback on http://localhost', { callbackURL: 'http://localhost:3000/callback' }],
    ['a callback on http://127.0.0.1', { callbackURL: 'http://127.0.0.1/callback' }],
    ['a callback on http://[::1]', { callbackURL: 'http://[::1]:3000/callback' }],
    ['a callback with a query', { callbackURL: 'https://app.example/callback?tenant=1' }],
    ['scopes in an array', { scope: ['openid', 'essential'] }],
    ['scopes in one string', { scope: 'openid essential' }],
    ['a scope that is not in the table', { scope: 'openid something_new' }],
    ['the widest clock tolerance', { clockTolerance: 300 }],
    ['no clock tolerance', { clockTolerance: 0 }],
    ['one of the two timeouts', { timeout: { response: 1000 } }],
    ['an agent', { agent: new Agent() }],
    ['undefined for what has a default', { scope: undefined, timeout: undefined, pkce: undefined }],
    ['a frozen object', Object.freeze({})],
    // What other strategies ask for and this one does in any case.
    ['state: true', { state: true }],
    ['store: true', { store: true }],
    ["pkce: 'S256'", { pkce: 'S256' }],
    ['proxy: true', { proxy: true }],
    ['proxy: false', { proxy: false }],
    ["scopeSeparator: ' '", { scopeSeparator: ' ' }],
    ['a list of callbacks', { callbackURL: ['https://app.example/cb', 'https://www.app.example/cb'] }],
    ['a list of one callback', { callbackURL: ['https://app.example/callback'] }],
    ['callbacks at two ports', { callbackURL: ['http://localhost:3000/cb', 'http://localhost:3001/cb'] }],
    ['the language zh', { language: 'zh' }],
    ['the language en', { language: 'en' }],
    ['a function for a language', { language: () => 'zh' }],
    [
      'a callback on http at an insecure host',
      { callbackURL: 'http://192.168.1.5:3000/cb', insecureHosts: ['192.168.1.5'] },
    ],
    [
      'a callback on http at an insecure host, in capitals',
      { callbackURL: 'http://lab.sjtu.edu.cn/cb', insecureHosts: ['LAB.sjtu.edu.cn'] },
    ],
    [
      'a callback on http at an insecure host with its port',
      { callbackURL: 'http://192.168.1.5:3000/cb', insecureHosts: ['192.168.1.5:3000'] },
    ],
    [
      'a callback on http at an insecure address of IPv6',
      { callbackURL: 'http://[fd00::5]:3000/cb', insecureHosts: ['fd00::5'] },
    ],
    ['no insecure hosts', { insecureHosts: [] }],
  ];
  for (const [what, changes] of accepted) {
    it(`accepts ${what}`, () => {
      expect(() => construct(changes)).not.to.throw();
    });
  }

  it('accepts an object without prototype', () => {
    const options = Object.assign(Object.create(null), right);

    expect(() => new JaccountStrategy(options, verify)).not.to.throw();
  });

  // Section B.8 of the security catalogue: each names its option, none its value [CF-01].
  const refused: [what: string, changes: object, option: string][] = [
    ['no client id', { clientID: undefined }, 'clientID'],
    ['an empty client id', { clientID: '' }, 'clientID'],
    ['a number for a client id', { clientID: 5 }, 'clientID'],
    ['an array for a client id', { clientID: ['a'] }, 'clientID'],
    ['a client id with a space before it', { clientID: ' japp' }, 'clientID'],
    ['no secret', { clientSecret: undefined }, 'clientSecret'],
    ['an empty secret', { clientSecret: '' }, 'clientSecret'],
    ['a Buffer for a secret', { clientSecret: Buffer.from(secret) }, 'clientSecret'],
    ['a secret with the line end of its file', { clientSecret: `${secret}\n` }, 'clientSecret'],
    ['a secret with a space before it', { clientSecret: ` ${secret}` }, 'clientSecret'],
    ['the secret "undefined"', { clientSecret: 'undefined' }, 'clientSecret'],
    ['the secret "changeme"', { clientSecret: 'changeme' }, 'clientSecret'],
    ["the key of the documentation's own ID Token", { clientSecret: 'your-256-bit-secret' }, 'clientSecret'],
    ["the emulator's secret with jAccount's endpoints", { ...emulatorClient }, 'clientSecret'],
    ['no callback', { callbackURL: undefined }, 'callbackURL'],
    ['a relative callback', { callbackURL: '/callback' }, 'callbackURL'],
    ['a callback on http', { callbackURL: 'http://app.example/callback' }, 'callbackURL'],
    [
      'a callback on a host that begins as loopback',
      { callbackURL: 'http://127.0.0.1.evil.example/' },
      'callbackURL',
    ],
    ['a callback with a fragment', { callbackURL: 'https://app.example/callback#x' }, 'callbackURL'],
    ['a callback with credentials', { callbackURL: 'https://u:p@app.example/callback' }, 'callbackURL'],
    ['a callback that is a script', { callbackURL: 'javascript:alert(1)' }, 'callbackURL'],
    ['a callback with a wildcard', { callbackURL: 'https://*.app.example/callback' }, 'callbackURL'],
    ['an empty list of callbacks', { callbackURL: [] }, 'callbackURL'],
    ['a relative callback in a list', { callbackURL: ['https://app.example/cb', '/cb'] }, 'callbackURL'],
    [
      'two callbacks at one host',
      { callbackURL: ['https://app.example/a', 'https://APP.example/b'] },
      'callbackURL',
    ],
    ['a callback on http in a list', { callbackURL: ['http://app.example/cb'] }, 'callbackURL'],
    [
      'a callback on http at another port than the insecure one',
      { callbackURL: 'http://192.168.1.5:3000/cb', insecureHosts: ['192.168.1.5:8080'] },
      'callbackURL',
    ],
    [
      'a callback on http at a host below an insecure one',
      { callbackURL: 'http://a.lab.example/cb', insecureHosts: ['lab.example'] },
      'callbackURL',
    ],
    [
      'a callback on ftp at an insecure host',
      { callbackURL: 'ftp://lab.example/cb', insecureHosts: ['lab.example'] },
      'callbackURL',
    ],
    ['a text for insecure hosts', { insecureHosts: 'lab.example' }, 'insecureHosts'],
    ['true for insecure hosts', { insecureHosts: true }, 'insecureHosts'],
    ['an insecure host with a scheme', { insecureHosts: ['http://lab.example'] }, 'insecureHosts'],
    ['an insecure host with a path', { insecureHosts: ['lab.example/cb'] }, 'insecureHosts'],
    ['an insecure host with a wildcard', { insecureHosts: ['*.lab.example'] }, 'insecureHosts'],
    ['an insecure host with credentials', { insecureHosts: ['u@lab.example'] }, 'insecureHosts'],
    ['an empty insecure host', { insecureHosts: [''] }, 'insecureHosts'],
    ['a RegExp among insecure hosts [CF-04]', { insecureHosts: [/lab/] }, 'insecureHosts'],
    ['jAccount as an insecure host', { insecureHosts: ['jaccount.sjtu.edu.cn'] }, 'insecureHosts'],
    ["jAccount's API as an insecure host", { insecureHosts: ['API.sjtu.edu.cn:80'] }, 'insecureHosts'],
    ['state: false', { state: false }, 'state'],
    ['a state', { state: 'mine' }, 'state'],
    ['store: false', { store: false }, 'store'],
    ['a store of passport-oauth2', { store: { store: verify, verify } }, 'transactions'],
    ["pkce: 'plain'", { pkce: 'plain' }, 'pkce'],
    ['null for pkce', { pkce: null }, 'pkce'],
    ["scopeSeparator: ','", { scopeSeparator: ',' }, 'scopeSeparator'],
    ['a text for a proxy', { proxy: 'http://proxy.example:3128' }, 'proxy'],
    ['the language fr', { language: 'fr' }, 'language'],
    ['a locale for a language', { language: 'zh-CN' }, 'language'],
    ['a callback with a space behind it', { callbackURL: 'https://app.example/callback ' }, 'callbackURL'],
    ['a RegExp for an issuer [CF-04]', { issuer: /jaccount/ }, 'issuer'],
    ['a RegExp for a client id [CF-04]', { clientID: /japp/ }, 'clientID'],
    ['an issuer on http', { issuer: 'http://jaccount.example/oauth2/' }, 'issuer'],
    ['a token endpoint on http', { tokenURL: 'http://jaccount.example/oauth2/token' }, 'tokenURL'],
    [
      'an authorization endpoint of another scheme',
      { authorizationURL: 'ftp://jaccount.example/' },
      'authorizationURL',
    ],
    ['an API with credentials', { apiURL: 'https://u:p@api.example/v1' }, 'apiURL'],
    ['no scope in the array', { scope: [] }, 'scope'],
    ['scopes with a comma', { scope: 'openid,basic' }, 'scope'],
    ['a scope with a quote', { scope: 'open"id' }, 'scope'],
    ['a scope with a line end', { scope: 'openid\nbasic' }, 'scope'],
    ['a number for a scope', { scope: 2 ** 53 }, 'scope'],
    ['a number among the scopes', { scope: ['openid', 1] }, 'scope'],
    ['a negative clock tolerance', { clockTolerance: -1 }, 'clockTolerance'],
    ['NaN for a clock tolerance', { clockTolerance: Number.NaN }, 'clockTolerance'],
    ['an infinite clock tolerance', { clockTolerance: Number.POSITIVE_INFINITY }, 'clockTolerance'],
    ['a string for a clock tolerance', { clockTolerance: '60' }, 'clockTolerance'],
    ['a clock tolerance of a day', { clockTolerance: 86_400 }, 'clockTolerance'],
    ['a timeout of zero', { timeout: { response: 0 } }, 'timeout.response'],
    ['a negative timeout', { timeout: { deadline: -1 } }, 'timeout.deadline'],
    ['an infinite timeout', { timeout: { deadline: Number.POSITIVE_INFINITY } }, 'timeout.deadline'],
    ['a string for a timeout', { timeout: { response: '5s' } }, 'timeout.response'],
    ['a number for both timeouts', { timeout: 5000 }, 'timeout'],
    ['a timeout of another name', { timeout: { connect: 1 } }, 'timeout'],
    ['an authentication method that is not known', { clientAuthMethod: 'none' }, 'clientAuthMethod'],
    ['a store without take()', { transactions: { put: () => undefined } }, 'transactions'],
    ['an agent that is none', { agent: {} }, 'agent'],
    ['a name that is empty', { name: '' }, 'name'],
    ['an option that does not exist', { ignoreExpiration: true }, 'ignoreExpiration'],
    ['an own member called __proto__', JSON.parse('{"__proto__":{"pkce":false}}'), '__proto__'],
  ];
  for (const [what, changes, option] of refused) {
    it(`throws a TypeError that names ${option} for ${what}`, () => {
      // Spreading would set a prototype where the member is called __proto__.
      const options = Object.defineProperties({ ...right }, Object.getOwnPropertyDescriptors(changes));

      expect(() => new JaccountStrategy(options, verify)).to.throw(TypeError, option);
    });
  }

  for (const options of [undefined, null, 'options']) {
    it(`throws a TypeError for ${options} in place of options`, () => {
      expect(() => new JaccountStrategy(options as never, verify)).to.throw(TypeError, 'options');
    });
  }

  const hints: [string, string][] = [
    ['clientId', 'clientID'],
    ['callbackUrl', 'callbackURL'],
    ['redirectURI', 'callbackURL'],
    ['client_secret', 'clientSecret'],
    ['userProfileURL', 'apiURL'],
    ['sessionKey', 'transactions: new SessionTransactions({ key })'],
  ];
  for (const [misspelt, meant] of hints) {
    it(`asks whether ${misspelt} was meant to be ${meant}`, () => {
      expect(() => construct({ [misspelt]: 'x' })).to.throw(TypeError, `do you mean ${meant}?`);
    });
  }

  // Options that would lose a meaning: the error says what to write.
  const instead: [string, unknown, string][] = [
    ['customHeaders', { 'user-agent': 'x' }, 'the headers of RFC 6749 only: remove it'],
    ['state', false, 'what must come back is appState'],
    ['store', {}, 'give a TransactionStore as transactions'],
    ['scopeSeparator', ',', 'write scope as an array'],
    ['trustProxy', true, 'because callbackURL is absolute: remove it'],
    ['prompt', 'login', 'authorizationParams: { prompt: … }'],
    ['maxAge', 60, 'authorizationParams: { max_age: … }'],
    ['login_hint', 'x', 'authorizationParams: { login_hint: … }'],
    ['returnTo', '/', "passport.authenticate('jaccount', { returnTo })"],
    ['insecureHosts', ['http://a'], 'without scheme'],
  ];
  for (const [name, value, advice] of instead) {
    it(`says what to do instead of ${name}: ${JSON.stringify(value)}`, () => {
      expect(() => construct({ [name]: value })).to.throw(TypeError, advice);
    });
  }

  it('says how http on another host becomes possible', () => {
    expect(() => construct({ callbackURL: 'http://192.168.1.5/cb' })).to.throw('insecureHosts');
  });

  it('says how a relative callback becomes absolute', () => {
    expect(() => construct({ callbackURL: '/cb' })).to.throw('https://app.example/cb');
  });

  it('lets the error of a throwing getter through', () => {
    const options = Object.defineProperty({ ...right }, 'scope', {
      enumerable: true,
      get: () => {
        throw new RangeError('of the application');
      },
    });

    expect(() => new JaccountStrategy(options, verify)).to.throw(RangeError);
  });

  it('never prints a secret it refuses', () => {
    expect(() => construct({ clientSecret: `${secret}\n` }))
      .to.throw()
      .with.property('message')
      .that.does.not.include(secret);
  });

  it('does not see what is changed in the options later', () => {
    const options = { ...right, name: 'before' };
    const strategy = new JaccountStrategy(options, verify);

    options.name = 'after';

    expect(strategy.name).to.equal('before');
  });

  it("accepts the emulator's secret with loopback endpoints", () => {
    const origin = 'http://127.0.0.1:8930';
    const endpoints = endpointsAt(origin);

    expect(() => construct({ ...emulatorClient, ...endpoints })).not.to.throw();
  });

  it("refuses the emulator's secret as soon as one endpoint is not on loopback [E-19]", () => {
    const origin = 'http://127.0.0.1:8930';
    const some = { issuer: `${origin}/oauth2/`, tokenURL: `${origin}/t` };

    expect(() => construct({ ...emulatorClient, ...some })).to.throw(TypeError, 'clientSecret');
  });

  it("accepts the emulator's secret with endpoints at an insecure host", () => {
    const origin = 'http://jaccount-emulator:8930';
    const endpoints = endpointsAt(origin);
    const insecureHosts = ['jaccount-emulator'];

    expect(() => construct({ ...emulatorClient, ...endpoints, insecureHosts })).not.to.throw();
    expect(() => construct({ ...emulatorClient, ...endpoints })).to.throw(TypeError);
    expect(() => construct({ ...emulatorClient, insecureHosts })).to.throw(TypeError, 'clientSecret');
  });

  it('leads a sign-out back to an insecure host', () => {
    const strategy = construct({ insecureHosts: ['192.168.1.5'] });
    const address = 'http://192.168.1.5:3000/';

    expect(new URL(strategy.logoutURL(address)).searchParams.get('post_logout_redirect_uri')).to.equal(
      address,
    );
    expect(() => strategy.logoutURL('http://192.168.1.6/')).to.throw(TypeError, 'insecureHosts');
  });

  it('is printed without its secret [CF-03]', () => {
    const strategy = construct({});

    expect(inspect(strategy, { depth: 9 })).not.to.include(secret);
    expect(JSON.stringify(strategy)).not.to.include(secret);
  });

  it('warns once of secrets under 32 octets [CF-03]', () => {
    const program = `
      const { JaccountStrategy } = require('passport-jaccount');
      process.on('warning', ({ code, message }) => console.log(code, message.includes('short-secret')));
      const options = { clientID: 'japp000001', clientSecret: 'short-secret', callbackURL: 'https://app.example/cb' };
      new JaccountStrategy(options, () => false);
      new JaccountStrategy(options, () => false);`;

    const printed = execFileSync(process.execPath, ['--no-warnings', '-e', program], { encoding: 'utf8' });

    expect(printed.trim()).to.equal('PASSPORT_JACCOUNT_SHORT_SECRET false');
  });
});

describe('new JaccountStrategy(options, verify)', () => {
  const withLength = (length: number) => Object.defineProperty(() => false, 'length', { value: length });
  const build = (callback: unknown, passReqToCallback = false) =>
    new JaccountStrategy({ ...right, passReqToCallback }, callback as never);

  for (const length of [0, 1, 2, 4, 5]) {
    it(`accepts a callback of ${length} parameters`, () => {
      expect(() => build(withLength(length))).not.to.throw();
    });
  }
  for (const length of [3, 6, 7]) {
    it(`throws for a callback of ${length} parameters`, () => {
      expect(() => build(withLength(length))).to.throw(TypeError, 'verify');
    });
  }
  for (const length of [0, 1, 2, 5, 6]) {
    it(`accepts a callback of ${length} parameters with passReqToCallback`, () => {
      expect(() => build(withLength(length), true)).not.to.throw();
    });
  }
  for (const length of [3, 4, 7]) {
    it(`throws for a callback of ${length} parameters with passReqToCallback`, () => {
      expect(() => build(withLength(length), true)).to.throw(TypeError, 'verify');
    });
  }
  for (const callback of [undefined, null, {}, 'verify']) {
    it(`throws for ${JSON.stringify(callback)} in place of a callback`, () => {
      expect(() => build(callback)).to.throw(TypeError, 'verify');
    });
  }
});

// @nestjs/passport wraps `validate` into a callback without parameters, or with `true` as its third argument into one that
// has one parameter more than `validate`.
describe('a subclass with validate(), as Nest makes one', () => {
  const wrapper = (validate: (...args: any[]) => unknown, length: number) => {
    class Wrapped extends JaccountStrategy {
      constructor() {
        const callback = async (...params: unknown[]) => params;
        super(right, Object.defineProperty(callback, 'length', { value: length }) as never);
      }
    }
    Object.assign(Wrapped.prototype, { validate });
    return () => new Wrapped();
  };
  const withContext = (context: unknown) => context;
  const positional = (_accessToken: unknown, _refreshToken: unknown, profile: unknown) => profile;

  it('is told at once how validate(context) is written', () => {
    expect(wrapper(withContext, 0)).to.throw(
      TypeError,
      "PassportStrategy(JaccountStrategy, 'jaccount', true)",
    );
  });

  const accepted: [string, (...args: any[]) => unknown, number][] = [
    ['validate(context), declared', withContext, 2],
    ['validate(accessToken, refreshToken, profile)', positional, 0],
    ['validate(accessToken, refreshToken, profile), declared', positional, 4],
    ['validate(...payload)', (...payload) => payload, 0],
    ['validate(...payload), declared', (...payload) => payload, 1],
  ];
  for (const [what, validate, length] of accepted) {
    it(`may have ${what}`, () => {
      expect(wrapper(validate, length)).not.to.throw();
    });
  }
});
