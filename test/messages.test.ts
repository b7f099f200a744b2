import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import {
  AccountMismatchError,
  ApiError,
  AuthorizationResponseError,
  BearerError,
  CallbackError,
  ForbiddenError,
  type ForbiddenFault,
  IdTokenError,
  type JaccountError,
  KeySetError,
  LoginFailure,
  MalformedResponseError,
  messageFor,
  NetworkError,
  StateError,
  type StateFailure,
  TokenResponseError,
} from 'passport-jaccount';

describe('messageFor()', () => {
  const rows: [fault: ForbiddenFault, required: string[], zh: RegExp, en: RegExp][] = [
    ['user-type', ['student'], /：学生。/, /: student\. /],
    ['user-type', ['student', 'postphd'], /：学生、博士后。/, /: student, postdoctoral researcher\. /],
    ['user-type', ['staff'], /：教职工。/, /: staff\. /],
    ['user-type', ['guest', 'collective'], /：校外人员、集体账号。/, /: guest, collective account\. /],
    ['user-type', ['schoolFellow'], /：校友。/, /: alumnus\. /],
    ['user-type', ['micro_degree'], /：micro_degree。/, /: micro_degree\. /],
    ['organization', ['03000'], /^[^0-9]+$/, /^[^0-9]+$/],
    ['scope', ['read:messages'], /^[^:]+$/, /^[^:]+$/],
  ];
  for (const [fault, required, zh, en] of rows) {
    it(`tells a person in two languages what was required: ${fault} ${required.join(' ')}`, () => {
      const error = new ForbiddenError(fault, required);

      expect(messageFor(error, 'zh'))
        .to.match(zh)
        .and.match(/\p{Script=Han}/u);
      expect(messageFor(error, 'en'))
        .to.match(en)
        .and.not.match(/\p{Script=Han}/u);
    });

    it(`has two sentences for ${fault} ${required.join(' ')}`, () => {
      const error = new ForbiddenError(fault, required);

      expect(messageFor(error, 'zh').match(/。/g)).to.have.length(2);
      expect(messageFor(error, 'en').match(/\.(?: |$)/g)).to.have.length(2);
    });
  }

  const url = 'https://jaccount.example/oauth2/token';
  const reasons = ['no-session', 'no-transaction', 'unknown', 'expired', 'used', 'foreign', 'user'] as const;
  const idTokenFaults = [
    ...(['missing', 'malformed', 'algorithm', 'signature', 'issuer', 'audience', 'expired'] as const),
    ...(['issued-at', 'nonce', 'subject', 'at-hash'] as const),
  ];
  const bearerFaults = [
    ...(['missing', 'scheme', 'header', 'methods', 'opaque', 'malformed', 'algorithm', 'key'] as const),
    ...(['signature', 'type', 'bound', 'issuer', 'audience', 'expired', 'claims', 'user'] as const),
  ];
  const errors: [what: string, error: JaccountError][] = [
    ...['access_denied', 'temporarily_unavailable', 'server_error', 'invalid_scope'].map(
      (error): [string, JaccountError] => [error, new AuthorizationResponseError(error)],
    ),
    ['a callback', new CallbackError('unexpected callback "code" parameter')],
    ...reasons.map((reason): [string, JaccountError] => [reason, new StateError(reason)]),
    ['two accounts', new AccountMismatchError()],
    // The last is what a member of every object is called.
    ...['invalid_grant', 'invalid_client', 'unauthorized_client', 'invalid_request', 'constructor'].map(
      (error): [string, JaccountError] => [error, new TokenResponseError(error, 400)],
    ),
    ...idTokenFaults.map((fault): [string, JaccountError] => [fault, new IdTokenError(fault)]),
    ...[-1, 10002, 10003, 10007, 10008, 10010].map((errno): [string, JaccountError] => [
      String(errno),
      new ApiError(errno, 200),
    ]),
    ['a page', new MalformedResponseError('the answer is not JSON in UTF-8', 503)],
    ['no answer', new NetworkError(url)],
    ...bearerFaults.map((fault): [string, JaccountError] => [fault, new BearerError(fault)]),
    ['no keys', new KeySetError(url)],
  ];
  for (const [what, error] of errors) {
    it(`has two sentences in two languages for ${error.code}: ${what}`, () => {
      expectTwoSentences(messageFor(error, 'zh'), messageFor(error, 'en'));
    });

    // Words of an administrator: what a person cannot change.
    it(`does not speak of tokens, cookies' names or endpoints for ${error.code}: ${what}`, () => {
      for (const language of ['zh', 'en'] as const)
        expect(messageFor(error, language)).not.to.match(
          /token|nonce|endpoint|SameSite|proxy|client|session|errno|\bstate\b|JSON|https?:|令牌|会话|代理/i,
        );
    });
  }

  it('has two sentences for an error of the application', () => {
    const error = new Error('connect ECONNREFUSED 10.0.0.1:5432');

    expectTwoSentences(messageFor(error, 'zh'), messageFor(error, 'en'));
    expect(messageFor(error, 'en')).not.to.include('ECONNREFUSED');
  });

  it('keeps the message of an error of another realm back', () => {
    const error = runInNewContext('new Error("connect ECONNREFUSED 10.0.0.1:5432")');

    expect(messageFor(error, 'zh')).to.equal(messageFor(new Error(), 'zh'));
  });

  it('tells each reason of a lost login in words of its own', () => {
    const told = new Set(reasons.map((reason) => messageFor(new StateError(reason), 'zh')));

    expect(told).to.have.length(reasons.length);
  });

  const challenges: [
    what: string,
    challenge: { code?: any; reason?: StateFailure; error?: string },
    as: Error,
  ][] = [
    ['a lost login', { code: 'ERR_JACCOUNT_STATE', reason: 'expired' }, new StateError('expired')],
    [
      'a user who declines',
      { code: 'ERR_JACCOUNT_AUTHORIZATION', error: 'access_denied' },
      new AuthorizationResponseError('access_denied'),
    ],
    [
      'an old code',
      { code: 'ERR_JACCOUNT_TOKEN', error: 'invalid_grant' },
      new TokenResponseError('invalid_grant', 400),
    ],
  ];
  for (const [what, challenge, error] of challenges) {
    it(`says of a challenge what it says of its error: ${what}`, () => {
      for (const language of ['zh', 'en'] as const)
        expect(messageFor({ message: 'any', ...challenge }, language)).to.equal(messageFor(error, language));
    });
  }

  it('has two sentences about a user that the application does not accept, in either language of the challenge', () => {
    const zh = messageFor({} as never, 'zh');
    const en = messageFor({} as never, 'en');

    expectTwoSentences(zh, en);
    expect(messageFor({ message: zh, detail: 'x' }, 'en')).to.equal(en);
    expect(messageFor({ message: en, detail: 'x' }, 'zh')).to.equal(zh);
  });

  it('has the sentences of its code for a login that failed in Nest', () => {
    const challenge = { code: 'ERR_JACCOUNT_STATE', reason: 'expired', message: 'any' };

    expect(messageFor(new LoginFailure(challenge, 403), 'en')).to.equal(
      messageFor(new StateError('expired'), 'en'),
    );
    expect(messageFor(new LoginFailure({ message: '只对教师开放' }, 401), 'en')).to.equal('只对教师开放');
  });

  it("leaves the words of the application's verify callback", () => {
    expect(messageFor({ message: '只对教师开放' }, 'en')).to.equal('只对教师开放');
  });

  const misuses: [what: string, error: unknown, language: unknown][] = [
    ['another language', new ForbiddenError('scope', ['a']), 'fr'],
    ['no language', new ForbiddenError('scope', ['a']), undefined],
    ['a locale', new StateError('expired'), 'zh-CN'],
    ['no error', undefined, 'zh'],
    ['a text', 'expired', 'zh'],
  ];
  for (const [what, error, language] of misuses) {
    it(`refuses ${what}`, () => {
      expect(() => messageFor(error as ForbiddenError, language as 'zh')).to.throw(TypeError, 'messageFor');
    });
  }
});

function expectTwoSentences(zh: string, en: string): void {
  expect(zh.match(/。/g), zh).to.have.length(2);
  expect(zh).to.match(/\p{Script=Han}/u);
  expect(en.match(/\.(?: |$)/g), en).to.have.length(2);
  expect(en).not.to.match(/\p{Script=Han}/u);
}
