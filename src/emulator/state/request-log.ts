import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request that the emulator answered. What could be used again is not in it. */
export interface LoggedRequest {
  method: string;
  path: string;
  /** 0 where the connection was closed without an answer. */
  status: number;
  /** Of query and form. A value that is a secret, or that could hold one, reads `[redacted]`. */
  parameters: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  time: number;
  /** Milliseconds until the answer was sent. */
  duration: number;
}

const maxRequests = 500;
const maxLength = 200;

// What is needed to understand a request, and gives nothing away. All else stays out.
const open = new Set([
  ...['response_type', 'grant_type', 'client_id', 'redirect_uri', 'scope', 'audience', 'error', 'account'],
  ...[
    'post_logout_redirect_uri',
    'code_challenge_method',
    'prompt',
    'limit',
    'start',
    'beginDate',
    'endDate',
  ],
]);

/** The latest requests, oldest first. */
export class RequestLog {
  readonly requests: LoggedRequest[] = [];

  /** Logs a request once it has been answered, or given up. `form` is asked for then, when it has been read. */
  watch(request: IncomingMessage, response: ServerResponse, form: () => URLSearchParams | undefined): void {
    const time = Date.now();
    const add = () => {
      response.off('finish', add).off('close', add);
      const [path = '', query = ''] = (request.url ?? '').split('?', 2);
      this.requests.push({
        method: request.method ?? '',
        path: path.slice(0, maxLength),
        status: response.writableFinished ? response.statusCode : 0,
        parameters: redacted([...new URLSearchParams(query), ...(form() ?? [])]),
        time,
        duration: Date.now() - time,
      });
      if (this.requests.length > maxRequests) this.requests.shift();
    };
    // The one when it has been answered, the other alone when it never will be.
    response.on('finish', add).on('close', add);
  }

  clear(): void {
    this.requests.length = 0;
  }
}

function redacted(parameters: [string, string][]): Record<string, string> {
  const shown = parameters
    .slice(0, 32)
    .map(([name, value]) => [name.slice(0, 64), open.has(name) ? shownOf(value) : '[redacted]']);
  return Object.fromEntries(shown);
}

// Applications keep their state in the query of an address.
function shownOf(value: string): string {
  const [shown = ''] = value.split(/[?#]/, 1);
  return shown.slice(0, maxLength);
}
