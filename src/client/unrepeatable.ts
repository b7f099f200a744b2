import { JaccountError } from '../errors';

/** What went wrong with a request that must not be sent twice: it may have been done. */
export function unrepeatable(error: unknown): unknown {
  return error instanceof JaccountError ? Object.assign(error, { retryable: false }) : error;
}
