import type { IncomingMessage } from 'node:http';
import { oauthRefusal } from './refusal';

const maxOctets = 64 * 1024;

/** The form in a request. @see RFC 6749, appendix B */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw oauthRefusal(
      'invalid_request',
      'Bad request content type. Expecting: application/x-www-form-urlencoded',
    );
  }
  return new URLSearchParams(await readBody(request));
}

/** The body of a request as text. What is too long is not read to its end. */
export function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    request
      .on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxOctets) return void chunks.push(chunk);
        request.pause();
        reject(oauthRefusal('invalid_request', 'Request body too large', 413));
      })
      .on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
      .on('error', reject);
  });
}

/** A parameter that may be absent, but never repeated: RFC 6749, section 3.1. */
export function optional(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) throw oauthRefusal('invalid_request', `Repeated parameter: ${name}`);
  return values[0] || undefined;
}

export function required(parameters: URLSearchParams, name: string): string {
  const value = optional(parameters, name);
  if (value === undefined) throw oauthRefusal('invalid_request', `Missing parameters: ${name}`);
  return value;
}
