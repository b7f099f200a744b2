/** Where something can go wrong on demand. `api` is every call of the REST API, `profile` only `/v1/me/profile`. */
export const faultPoints = ['authorize', 'callback', 'token', 'profile', 'api', 'logout', 'jwks'] as const;

export type FaultPoint = (typeof faultPoints)[number];

/** What goes wrong. Members go together where that makes sense: a delayed 503, a slow truncated answer. */
export interface Fault {
  /** Milliseconds to wait before anything else. */
  delay?: number;
  /** Closes the connection instead of answering. */
  drop?: boolean;
  /** Breaks the answer off in the middle. */
  truncate?: boolean;
  /** HTTP status in place of the right one; without a `body`, an HTML page of maintenance comes with it. */
  status?: number;
  /** A body in place of the right one. An object is sent as JSON, text that begins with `<` as HTML. */
  body?: string | object;
  /** `token`: the OAuth error to refuse with. `authorize` and `callback`: the error the browser brings back. */
  error?: string;
  /** `profile` and `api`: the number to refuse with. */
  errno?: number;
  /** `callback`: query members to put in place of the right ones; `null` takes one out. */
  parameters?: Readonly<Record<string, string | null>>;
  /** `token`: claims in place of the right ones, by a function or by an object in which `null` takes one out. */
  idToken?: ((claims: Record<string, unknown>) => object) | Readonly<Record<string, unknown>>;
  /** `token`: signs the ID Token with a key of nobody's, or with none (`alg: none`). */
  sign?: 'other-key' | 'none';
  /** How many answers are hit. @default 1 */
  times?: number;
}

/** A fault that waits for its request. */
export interface PendingFault {
  /** Tells it from others at the same point. */
  id: number;
  point: FaultPoint;
  fault: Fault;
  /** Answers that it will still hit; null without end. */
  left: number | null;
}

const members = [
  ...['delay', 'drop', 'truncate', 'status', 'body', 'error', 'errno', 'parameters', 'idToken', 'sign'],
  'times',
];

/** The faults that wait, in the order in which they will strike. */
export class Faults {
  private pending: PendingFault[] = [];
  private lastId = 0;

  get all(): readonly PendingFault[] {
    return this.pending;
  }

  /** @throws TypeError for a point or a member that is unknown, or a value that makes no sense. */
  add(point: FaultPoint, fault: Fault): void {
    assertFault(point, fault);
    const { times = 1 } = fault;
    this.lastId += 1;
    this.pending.push({
      id: this.lastId,
      point,
      fault,
      left: times === Number.POSITIVE_INFINITY ? null : times,
    });
  }

  /** The fault of this answer, if there is one. */
  take(...points: readonly FaultPoint[]): Fault | undefined {
    const found = this.pending.find(({ point }) => points.includes(point));
    if (!found) return undefined;
    if (found.left !== null) found.left -= 1;
    if (found.left === 0) this.pending = this.pending.filter((other) => other !== found);
    return found.fault;
  }

  remove(id: number): void {
    this.pending = this.pending.filter((other) => other.id !== id);
  }

  clear(point?: FaultPoint): void {
    this.pending = this.pending.filter((other) => point !== undefined && other.point !== point);
  }
}

function assertFault(point: FaultPoint, fault: Fault): void {
  if (!faultPoints.includes(point)) {
    throw new TypeError(`fault: there is no "${point}"; there are ${faultPoints.join(', ')}`);
  }
  const unknown = Object.keys(fault).find((name) => !members.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`fault: "${unknown}" is unknown; there are ${members.join(', ')}`);
  const { delay = 0, status = 200, times = 1 } = fault;
  if (!(delay >= 0 && delay <= 600_000)) throw new TypeError('fault: delay is 0 to 600000 milliseconds');
  if (!(Number.isInteger(status) && status >= 200 && status <= 599))
    throw new TypeError('fault: status is 200 to 599');
  if (!(times >= 1)) throw new TypeError('fault: times is 1 or more');
}
