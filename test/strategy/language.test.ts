import { expect } from 'chai';
import {
  AuthorizationResponseError,
  JaccountStrategy,
  type JaccountStrategyOptions,
  messageFor,
  type VerifyContext,
  type VerifyDone,
} from 'passport-jaccount';
import { startApplication } from '../support/application';
import { frameworks } from '../support/frameworks';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent } from '../support/user-agent';

describe('what a person reads when a login fails', () => {
  let provider: Provider;
  let stop: () => Promise<void>;

  before(async () => {
    provider = await startProvider();
  });
  afterEach(() => stop());
  after(() => provider.stop());

  const strategyFor = (
    callbackURL: string,
    language?: JaccountStrategyOptions['language'],
    verify: () => unknown = () => false,
  ) =>
    new JaccountStrategy(
      { ...provider.client, ...provider.endpoints, callbackURL, ...(language && { language }) },
      (_context) => verify() as never,
    );

  async function failWith(
    headers: Record<string, string>,
    strategy: (callbackURL: string) => JaccountStrategy,
    { declines = true } = {},
  ) {
    const application = await startApplication({ strategy });
    stop = application.stop;
    const agent = new UserAgent();
    const back = await agent.follow(await agent.get(`${application.url}/login`), application.callbackURL);
    const callback = new URL(back.location as string);
    const state = callback.searchParams.get('state') as string;
    if (declines) callback.search = String(new URLSearchParams({ error: 'access_denied', state }));
    return (await agent.get(callback.href, { headers })).json().challenge;
  }

  const declined = new AuthorizationResponseError('access_denied');
  const zh = messageFor(declined, 'zh');
  const en = messageFor(declined, 'en');

  const preferences: [what: string, header: string | undefined, message: string][] = [
    ['Chinese', 'zh-CN,zh;q=0.9,en;q=0.8', zh],
    ['Chinese of Taiwan', 'zh-TW', zh],
    ['Chinese, the tag in capitals', 'ZH-cn', zh],
    ['English', 'en-US,en;q=0.9', en],
    ['English before Chinese', 'en-GB,en;q=0.9,zh-CN;q=0.8', en],
    ['Chinese before English', 'en;q=0.5, zh;q=0.8', zh],
    ['both alike', 'en,zh', zh],
    ['any', '*', zh],
    ['English before any', 'en,*;q=0.1', en],
    ['English, but no Chinese', 'zh;q=0,en;q=0.1', en],
    ['neither', 'fr-FR,de;q=0.8', en],
    ['nothing', '', zh],
    ['a weight that is no number', 'zh;q=x,en;q=0.1', en],
    ['a thousand ranges', `${'fr,'.repeat(1000)}zh`, en],
  ];
  for (const [what, header, message] of preferences) {
    it(`is in the language that the browser likes: ${what}`, async () => {
      const challenge = await failWith({ 'accept-language': header ?? '' }, strategyFor);

      expect(challenge.message).to.equal(message);
    });
  }

  it('goes with the detail for an administrator, in English', async () => {
    const challenge = await failWith({ 'accept-language': 'zh' }, strategyFor);

    expect(challenge).to.deep.equal({
      code: 'ERR_JACCOUNT_AUTHORIZATION',
      message: zh,
      detail: declined.message,
      error: 'access_denied',
    });
  });

  const options: [what: string, language: JaccountStrategyOptions['language'], message: string][] = [
    ['zh', 'zh', zh],
    ['en', 'en', en],
    ['a function of the request', (req) => (req.get('x-language') === 'E' ? 'en' : 'zh'), en],
    ['a function that returns nothing', () => undefined, zh],
    ['a function that returns another language', (() => 'fr') as never, zh],
    ['a function that returns a promise', (async () => 'en') as never, zh],
    [
      'a function that throws',
      () => {
        throw new Error('of the application');
      },
      zh,
    ],
  ];
  for (const [what, language, message] of options) {
    it(`is in the language of the option: ${what}`, async () => {
      const accepted = language === 'zh' ? 'en' : 'zh';
      const headers = { 'accept-language': accepted, 'x-language': 'E' };

      const challenge = await failWith(headers, (callbackURL) => strategyFor(callbackURL, language));

      expect(challenge.message).to.equal(message);
    });
  }

  for (const [language, message] of [
    ['zh', '这个网站没有接受您的账号。如果您认为应当可以登录，请联系网站的管理员。'],
    [
      'en',
      "This site did not accept your account. If you think that it should, please contact the site's administrator.",
    ],
  ] as const) {
    it(`says in ${language} that the application did not accept the user`, async () => {
      const accepted = { 'accept-language': language };

      const challenge = await failWith(accepted, strategyFor, { declines: false });

      expect(challenge).to.deep.equal({ message, detail: 'the application did not accept this user' });
    });
  }

  it("is in the application's words where its verify callback has some", async () => {
    const challenge = await failWith(
      { 'accept-language': 'en' },
      (callbackURL) =>
        new JaccountStrategy(
          { ...provider.client, ...provider.endpoints, callbackURL },
          (_context: VerifyContext, done: VerifyDone) => done(null, false, { message: '只对教师开放' }),
        ),
      { declines: false },
    );

    expect(challenge).to.deep.equal({ message: '只对教师开放' });
  });

  it('is what failureMessage keeps', async () => {
    const application = await startApplication({ strategy: strategyFor });
    stop = application.stop;
    const agent = new UserAgent();

    const refused = await agent.get(`${application.url}/callback?code=A&state=S`, {
      headers: { 'accept-language': 'en' },
    });

    expect(refused.json().challenge.message).to.match(/^Your browser did not keep this sign-in: /);
    expect(refused.json().challenge.detail).to.match(/^the browser sent no cookie of a pending login: /);
  });

  for (const framework of frameworks) {
    it(`is in the language of the browser on ${framework.name}`, async () => {
      const application = await framework.start({ strategies: (url) => [strategyFor(url)] });
      stop = application.stop;

      const refused = await new UserAgent().get(`${application.url}/callback?code=A&code=B&state=S`, {
        headers: { 'accept-language': 'en' },
      });

      expect(refused.json().challenge.message).to.match(/^The sign-in was not completed, /);
    });
  }
});
