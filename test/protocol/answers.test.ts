import { expect } from 'chai';
import { JaccountClient, type JaccountError, JaccountStrategy } from 'passport-jaccount';
import { startApplication } from '../support/application';
import { type Provider, startProvider } from '../support/provider';
import { serve } from '../support/serve';
import { UserAgent } from '../support/user-agent';

type Answering = (response: import('node:http').ServerResponse) => void;

const page: Answering = (response) => {
  response.writeHead(503, { 'content-type': 'text/html; charset=utf-8' });
  response.end('<h1>系统维护中</h1>');
};

describe('the error for an answer that is not what was promised', () => {
  let provider: Provider;
  let stop: (() => Promise<void>)[];

  before(async () => {
    provider = await startProvider();
  });
  beforeEach(() => {
    stop = [];
    provider.script = provider.script ?? {};
  });
  afterEach(async () => {
    await Promise.all(stop.map((one) => one()));
    delete provider.script.token;
    delete provider.script.profile;
  });
  after(() => provider.stop());

  async function loginError(scope: string): Promise<JaccountError> {
    const application = await startApplication({
      login: () => ({ scope }),
      strategy: (callbackURL) =>
        new JaccountStrategy(
          { ...provider.client, ...provider.endpoints, callbackURL },
          async ({ profile }) => profile,
        ),
    });
    stop.push(application.stop);
    const agent = new UserAgent();
    return (await agent.follow(await agent.get(`${application.url}/login`))).json();
  }

  it('names the token endpoint, its status and its content type', async () => {
    provider.script.token = () => page;

    const { message, code, status } = await loginError('openid');

    expect({ code, status }).to.deep.equal({ code: 'ERR_JACCOUNT_RESPONSE', status: 503 });
    expect(message).to.equal(
      "jAccount's token endpoint answered 503 (text/html): the answer is not JSON in UTF-8",
    );
  });

  it('names the profile API, its status and its content type', async () => {
    provider.script.profile = () => page;

    const { message } = await loginError('basic');

    expect(message).to.equal(
      "jAccount's API (profile) answered 503 (text/html): the answer is not JSON in UTF-8",
    );
  });

  const answers: [what: string, answer: Answering, told: string][] = [
    ['a redirect', (response) => response.writeHead(302, { location: '/' }).end(), '302 (no content type)'],
    [
      'JSON that is none',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{'),
      '200 (application/json): the answer is not valid JSON',
    ],
    [
      'a list',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[]'),
      '200 (application/json): the answer is not a JSON object',
    ],
    [
      'a token response without a token',
      (response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"token_type":"Bearer"}'),
      '200 (application/json): unexpected token response "access_token" member',
    ],
    [
      'a compressed one',
      (response) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'br' }).end('x'),
      '200 (application/json): the answer has a "content-encoding" that was not asked for',
    ],
    [
      'one too large',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('x'.repeat(70_000)),
      '200 (text/html): the answer is larger than 65536 octets',
    ],
    [
      'a content type that is none',
      (response) => response.writeHead(200, { 'content-type': 'secret of the server' }).end('x'),
      '200 (no content type): the answer is not JSON in UTF-8',
    ],
    [
      'a content type without end',
      (response) => response.writeHead(200, { 'content-type': `text/${'x'.repeat(4000)}` }).end('x'),
      '200 (no content type): the answer is not JSON in UTF-8',
    ],
  ];
  for (const [what, answer, told] of answers) {
    it(`says what came: ${what}`, async () => {
      provider.script.token = () => answer;

      const { message } = await loginError('openid');

      expect(message).to.include(`jAccount's token endpoint answered ${told}`);
    });
  }

  it('names no account in the path of an operation', async () => {
    const server = await serve((_request, response) => page(response));
    stop.push(server.stop);
    const client = new JaccountClient({
      ...provider.client,
      ...provider.endpoints,
      apiURL: `${server.url}/v1`,
    });

    const error = await client.request('/profile/zhangsan', { accessToken: 'A' }).catch((reason) => reason);

    expect(error.message).to.equal(
      "jAccount's API answered 503 (text/html): the answer is not JSON in UTF-8",
    );
  });
});
