// What the runners of the shared test vectors call, in the words of this package.
import { sanitizeReturnTo as sanitize, verifyIdToken } from 'passport-jaccount';
import tokenEndpoint from '../../dist/protocol/token-endpoint.js';

export const capabilities = ['now', 'clockTolerance'];

// Where the runners have no nonce, none was sent.
export const verify = (token, { nonce = null, ...expected }) => verifyIdToken(token, { ...expected, nonce });

export const sanitizeReturnTo = (value) => sanitize(value, null);

export const parseTokenResponse = (body) =>
  tokenEndpoint.parseTokenResponse({ status: 200, contentType: 'application/json', body: Buffer.from(body) });
