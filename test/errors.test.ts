import { inspect } from 'node:util';
import { expect } from 'chai';
import * as jaccount from 'passport-jaccount';
import {
  AccountMismatchError,
  ApiError,
  AuthorizationResponseError,
  BearerError,
  type BearerFault,
  CallbackError,
  ForbiddenError,
  type ForbiddenFault,
  IdTokenError,
  type IdTokenFault,
  JaccountError,
  KeySetError,
  MalformedResponseError,
  NetworkError,
  StateError,
  type StateFailure,
  TokenResponseError,
} from 'passport-jaccount';

const url = 'https://jaccount.sjtu.edu.cn/oauth2/token';

interface Pinned {
  error: JaccountError;
  name: string;
  code: string;
  status: number;
  retryable: boolean;
  message: string;
}

// The one place that pins messages: a line for each class.
const classes: Pinned[] = [
  {
    error: new AuthorizationResponseError('invalid_scope', 'no such scope'),
    name: 'AuthorizationResponseError',
    code: 'ERR_JACCOUNT_AUTHORIZATION',
    status: 502,
    retryable: false,
    message: 'jAccount refused the authorization request: "invalid_scope"',
  },
  {
    error: new CallbackError('the "state" parameter is repeated'),
    name: 'CallbackError',
    code: 'ERR_JACCOUNT_CALLBACK',
    status: 400,
    retryable: false,
    message: 'the "state" parameter is repeated',
  },
  {
    error: new StateError('expired'),
    name: 'StateError',
    code: 'ERR_JACCOUNT_STATE',
    status: 403,
    retryable: false,
    message: 'the login took too long: it must be finished within ten minutes',
  },
  {
    error: new AccountMismatchError(),
    name: 'AccountMismatchError',
    code: 'ERR_JACCOUNT_ACCOUNT_MISMATCH',
    status: 502,
    retryable: false,
    message: 'the ID Token and the profile name two different accounts',
  },
  {
    error: new TokenResponseError('invalid_scope', 400),
    name: 'TokenResponseError',
    code: 'ERR_JACCOUNT_TOKEN',
    status: 502,
    retryable: false,
    message: 'the token endpoint refused: "invalid_scope"',
  },
  {
    error: new IdTokenError('nonce'),
    name: 'IdTokenError',
    code: 'ERR_JACCOUNT_ID_TOKEN',
    status: 502,
    retryable: false,
    message: 'unexpected ID Token "nonce" claim value',
  },
  {
    error: new ApiError(10002, 403),
    name: 'ApiError',
    code: 'ERR_JACCOUNT_API',
    status: 502,
    retryable: false,
    message: "jAccount's API refused: errno 10002 AUTHENTICATION_FAILED",
  },
  {
    error: new MalformedResponseError('response is not valid JSON', 200),
    name: 'MalformedResponseError',
    code: 'ERR_JACCOUNT_RESPONSE',
    status: 502,
    retryable: false,
    message: 'response is not valid JSON',
  },
  {
    error: new NetworkError(url, { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) }),
    name: 'NetworkError',
    code: 'ERR_JACCOUNT_NETWORK',
    status: 502,
    retryable: true,
    message: 'https://jaccount.sjtu.edu.cn/oauth2/token could not be reached (ECONNREFUSED)',
  },
  {
    error: new BearerError('audience'),
    name: 'BearerError',
    code: 'ERR_JACCOUNT_BEARER',
    status: 401,
    retryable: false,
    message: 'unexpected token "aud" claim value',
  },
  {
    error: new ForbiddenError('user-type', ['student', 'postphd']),
    name: 'ForbiddenError',
    code: 'ERR_JACCOUNT_FORBIDDEN',
    status: 403,
    retryable: false,
    message: 'the user is of none of the required user types: "student", "postphd"',
  },
  {
    error: new KeySetError('https://tenant.example/.well-known/jwks.json'),
    name: 'KeySetError',
    code: 'ERR_JACCOUNT_KEYS',
    status: 503,
    retryable: true,
    message: 'no keys could be had from https://tenant.example/.well-known/jwks.json',
  },
];

// The signature of http-errors, which Koa and Nest know.
const exposed: { error: JaccountError; expose: boolean }[] = [
  { error: new CallbackError('the "state" parameter is repeated'), expose: true },
  { error: new StateError('expired'), expose: true },
  { error: new AuthorizationResponseError('access_denied'), expose: true },
  { error: new TokenResponseError('invalid_client', 401), expose: false },
  { error: new IdTokenError('nonce'), expose: false },
  { error: new NetworkError(url, { timedOut: true }), expose: false },
];
for (const { error, expose } of exposed) {
  it(`lets frameworks ${expose ? 'show' : 'keep back'} the text of a ${error.name} with ${error.status}`, () => {
    expect(error.expose).to.equal(expose);
  });
}

for (const { error, name, code, status, retryable, message } of classes) {
  describe(name, () => {
    it('says who it is, what happened, what to answer [ER-01]', () => {
      expect(error).to.include({ name, code, status, statusCode: status, retryable, message });
    });

    it('is a JaccountError', () => {
      expect(error).to.be.instanceOf(JaccountError).and.instanceOf(Error);
    });

    it('begins its stack with its name', () => {
      expect(String(error)).to.equal(`${name}: ${message}`);
    });

    it('belongs to no login until one is found', () => {
      expect(error.transaction).to.equal(undefined);
    });
  });
}

describe('the error classes', () => {
  it('have a pinned message each', () => {
    const exported = Object.keys(jaccount).filter(
      (name) => name.endsWith('Error') && name !== 'JaccountError',
    );

    expect(classes.map(({ name }) => name)).to.have.members(exported);
  });

  it('have a code each of their own', () => {
    expect(new Set(classes.map(({ code }) => code)).size).to.equal(classes.length);
  });
});

describe('new AuthorizationResponseError()', () => {
  const answers: [error: string, status: number, retryable: boolean][] = [
    ['access_denied', 401, false],
    ['temporarily_unavailable', 503, true],
    ['server_error', 502, false],
    ['login_required', 502, false],
    ['constructor', 502, false],
  ];
  for (const [error, status, retryable] of answers) {
    it(`makes ${status} of ${error}`, () => {
      expect(new AuthorizationResponseError(error)).to.include({
        error,
        status,
        statusCode: status,
        retryable,
      });
    });
  }

  it("keeps the provider's text as data, out of the message [ER-02]", () => {
    const error = new AuthorizationResponseError('server_error', '<b>maintenance</b>');

    expect(error.errorDescription).to.equal('<b>maintenance</b>');
    expect(error.message).not.to.contain('maintenance');
  });

  it('has no text where none was sent', () => {
    expect(new AuthorizationResponseError('server_error').errorDescription).to.equal(undefined);
  });
});

describe('new CallbackError()', () => {
  it('takes another status', () => {
    expect(new CallbackError('method not allowed', 405)).to.include({ status: 405, statusCode: 405 });
  });
});

describe('new StateError()', () => {
  const reasons: StateFailure[] = [
    ...(['no-session', 'no-transaction', 'unknown', 'expired', 'used', 'foreign', 'user'] as const),
  ];
  for (const reason of reasons) {
    it(`has words for ${reason}`, () => {
      const error = new StateError(reason);

      expect(error).to.include({ reason, status: 403 });
      expect(error.message).to.be.a('string').with.length.above(20);
    });
  }

  it('has different words for each reason', () => {
    expect(new Set(reasons.map((reason) => new StateError(reason).message)).size).to.equal(reasons.length);
  });

  it('takes a hint in the place of its words', () => {
    expect(new StateError('no-session', { hint: 'add @fastify/session' }).message).to.equal(
      'add @fastify/session',
    );
  });

  it('carries what the login was begun with', () => {
    const transaction = { returnTo: '/courses', appState: { a: 1 } };

    expect(new StateError('expired', { transaction }).transaction).to.deep.equal(transaction);
  });
});

describe('new TokenResponseError()', () => {
  const answers: [error: string, status: number, retryable: boolean][] = [
    ['invalid_grant', 401, false],
    ['invalid_client', 500, false],
    ['unauthorized_client', 500, false],
    ['redirect_uri_mismatch', 500, false],
    ['invalid_request', 502, false],
    ['unsupported_grant_type', 502, false],
    ['temporarily_unavailable', 502, true],
    ['whatever', 502, false],
    // Names that every object inherits.
    ['constructor', 502, false],
    ['__proto__', 502, false],
    ['toString', 502, false],
  ];
  for (const [error, status, retryable] of answers) {
    it(`makes ${status} of ${error} [TR-02]`, () => {
      expect(new TokenResponseError(error, 400)).to.include({ error, status, statusCode: status, retryable });
    });
  }

  it('keeps the status of the provider apart from its own', () => {
    expect(new TokenResponseError('invalid_grant', 400)).to.include({ providerStatus: 400, status: 401 });
  });

  it("keeps the provider's text as data, out of the message [ER-02]", () => {
    const error = new TokenResponseError('invalid_grant', 400, 'used twice');

    expect(error.errorDescription).to.equal('used twice');
    expect(error.message).not.to.contain('used twice');
  });
});

describe('new IdTokenError()', () => {
  const faults: IdTokenFault[] = [
    ...(['missing', 'malformed', 'algorithm', 'signature', 'issuer', 'audience', 'expired'] as const),
    ...(['issued-at', 'nonce', 'subject', 'at-hash'] as const),
  ];
  for (const fault of faults) {
    it(`has words for ${fault}`, () => {
      const error = new IdTokenError(fault);

      expect(error).to.include({ fault, status: 502 });
      expect(error.message).to.match(/ID Token|id_token/);
    });
  }

  it('has different words for each fault', () => {
    expect(new Set(faults.map((fault) => new IdTokenError(fault).message)).size).to.equal(faults.length);
  });

  it('names the way out where the ID Token is missing', () => {
    expect(new IdTokenError('missing').message).to.contain('"basic"');
  });

  for (const fault of ['expired', 'issued-at'] as const) {
    it(`points to the clock where the fault is ${fault} [IT-05]`, () => {
      expect(new IdTokenError(fault).message).to.contain('clock');
    });
  }

  it('passes its cause on', () => {
    const cause = new Error('inner');

    expect(new IdTokenError('malformed', cause).cause).to.equal(cause);
  });
});

describe('new ApiError()', () => {
  const answers: [errno: number, providerStatus: number, retryable: boolean, name: string | undefined][] = [
    [-1, 200, true, 'UNKNOWN_ERROR'],
    [-2, 200, true, 'EXCEPTION'],
    [10004, 200, true, 'INTERNAL_FAILURE'],
    [10001, 400, false, 'BAD_PARAMETERS'],
    [10002, 403, false, 'AUTHENTICATION_FAILED'],
    [10007, 200, false, 'ACCESS_TOKEN_EXPIRED'],
    [10010, 403, false, 'AUTHENTICATION_SCOPE_FAILED'],
    [10010, 503, true, 'AUTHENTICATION_SCOPE_FAILED'],
    [70001, 499, false, 'INVALID_CLASSES'],
    [10009, 200, false, undefined],
    [99999, 500, true, undefined],
  ];
  for (const [errno, providerStatus, retryable, errnoName] of answers) {
    it(`${retryable ? 'may be tried again' : 'is final'} for errno ${errno} with ${providerStatus}`, () => {
      const error = new ApiError(errno, providerStatus);

      expect(error).to.include({ errno, providerStatus, retryable, status: 502 });
      expect(error.errnoName).to.equal(errnoName);
    });
  }
});

describe('new ApiError() for a call without the scope', () => {
  const operation = { method: 'GET', path: '/v1/gpa', grants: [], scopes: ['exams', 'scores'] } as const;

  it('says which scopes open it', () => {
    const error = new ApiError(10010, 403, operation);

    expect(error.requiredScopes).to.deep.equal(['exams', 'scores']);
    expect(error.message).to.equal(
      'jAccount\'s API refused: errno 10010 AUTHENTICATION_SCOPE_FAILED: GET /v1/gpa needs the scope "exams" or "scores"',
    );
  });

  it('says nothing of scopes where none is documented', () => {
    const error = new ApiError(10010, 403, { ...operation, scopes: [] });

    expect(error.requiredScopes).to.equal(undefined);
  });

  for (const errno of [10002, 10003, 10007]) {
    it(`says nothing of scopes for errno ${errno}`, () => {
      expect(new ApiError(errno, 403, operation).requiredScopes).to.equal(undefined);
    });
  }
});

describe('new MalformedResponseError()', () => {
  const answers: [providerStatus: number, status: number, retryable: boolean][] = [
    [200, 502, false],
    [204, 502, false],
    [302, 502, false],
    [401, 502, false],
    [429, 502, true],
    [499, 502, false],
    [500, 502, true],
    [502, 502, true],
    [503, 503, true],
  ];
  for (const [providerStatus, status, retryable] of answers) {
    it(`makes ${status} of ${providerStatus}, ${retryable ? 'for now' : 'for good'} [FI-09]`, () => {
      const error = new MalformedResponseError('response is not JSON', providerStatus);

      expect(error).to.include({ providerStatus, status, statusCode: status, retryable });
    });
  }
});

describe('new NetworkError()', () => {
  it('answers 504 when the time ran out', () => {
    expect(new NetworkError(url, { timedOut: true })).to.include({
      ...{ timedOut: true, status: 504, statusCode: 504, retryable: true },
      message: 'https://jaccount.sjtu.edu.cn/oauth2/token did not answer in time',
    });
  });

  it('names the address without query, fragment, user or password [ER-01]', () => {
    const error = new NetworkError('https://u:hunter2@api.example:8443/v1/me?access_token=canary#canary');

    expect(error.url).to.equal('https://api.example:8443/v1/me');
    expect(inspect(error, { showHidden: true, depth: 9 })).not.to.match(/canary|hunter2/);
  });

  const causes: [what: string, cause: unknown][] = [
    ['none', undefined],
    ['an error without a code', new Error('inner')],
    ['an error with a number for a code', Object.assign(new Error('inner'), { code: 5 })],
    ['null', null],
    ['a string', 'inner'],
  ];
  for (const [what, cause] of causes) {
    it(`has no code in its message when its cause is ${what}`, () => {
      expect(new NetworkError(url, { cause }).message).to.equal(`${url} could not be reached`);
    });
  }
});

describe('new BearerError()', () => {
  const faults: [fault: BearerFault, status: number, error: string | undefined][] = [
    ['missing', 401, undefined],
    ['scheme', 401, undefined],
    ['header', 400, 'invalid_request'],
    ['methods', 400, 'invalid_request'],
    ['opaque', 401, 'invalid_token'],
    ['malformed', 401, 'invalid_token'],
    ['algorithm', 401, 'invalid_token'],
    ['key', 401, 'invalid_token'],
    ['signature', 401, 'invalid_token'],
    ['type', 401, 'invalid_token'],
    ['bound', 401, 'invalid_token'],
    ['issuer', 401, 'invalid_token'],
    ['audience', 401, 'invalid_token'],
    ['expired', 401, 'invalid_token'],
    ['claims', 401, 'invalid_token'],
    ['user', 401, 'invalid_token'],
  ];
  for (const [fault, status, code] of faults) {
    it(`makes ${status} ${code ?? 'without a code'} of ${fault}`, () => {
      const error = new BearerError(fault);

      expect(error).to.include({ fault, status, statusCode: status });
      expect(error.error).to.equal(code);
      expect(error.headers).to.deep.equal({});
    });
  }

  it('has different words for each fault', () => {
    expect(new Set(faults.map(([fault]) => new BearerError(fault).message)).size).to.equal(faults.length);
  });

  it('brings its challenge as a header, as Express, Koa and Fastify read it', () => {
    expect(new BearerError('missing', { challenge: 'Bearer realm="api"' }).headers).to.deep.equal({
      'WWW-Authenticate': 'Bearer realm="api"',
    });
  });
});

describe('new ForbiddenError()', () => {
  const faults: ForbiddenFault[] = ['scope', 'user-type', 'organization'];
  for (const fault of faults) {
    it(`says what was required for the fault ${fault}`, () => {
      const error = new ForbiddenError(fault, ['a', 'b']);

      expect(error).to.deep.include({
        fault,
        required: ['a', 'b'],
        status: 403,
        statusCode: 403,
        headers: {},
      });
      expect(error.message).to.match(/: "a", "b"$/);
    });
  }

  it('has different words for each fault', () => {
    expect(new Set(faults.map((fault) => new ForbiddenError(fault, ['a']).message)).size).to.equal(3);
  });

  it('ends its message with a hint, if there is one', () => {
    expect(new ForbiddenError('scope', ['a'], { hint: 'ask for it' }).message).to.match(/: "a"; ask for it$/);
  });

  it('brings its challenge as a header', () => {
    expect(new ForbiddenError('scope', ['a'], { challenge: 'Bearer realm="api"' }).headers).to.deep.equal({
      'WWW-Authenticate': 'Bearer realm="api"',
    });
  });
});

describe('new KeySetError()', () => {
  it('names the address without query, user or password [ER-01]', () => {
    const error = new KeySetError('https://u:hunter2@tenant.example/jwks?key=canary');

    expect(error.url).to.equal('https://tenant.example/jwks');
    expect(inspect(error, { showHidden: true, depth: 9 })).not.to.match(/canary|hunter2/);
  });
});
