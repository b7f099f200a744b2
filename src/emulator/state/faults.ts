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

interface Member {
  /** The rest of the sentence that begins with the member's name. */
  rule: string;
  holds(value: unknown): boolean;
  /** Where it means something; everywhere, if they are left out. */
  points?: readonly FaultPoint[];
}

const isBoolean = (value: unknown) => typeof value === 'boolean';
const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumber = (value: unknown, from: number, to: number): value is number =>
  typeof value === 'number' && value >= from && value <= to;

const members: Record<keyof Fault, Member> = {
  delay: { rule: 'is 0 to 600000 milliseconds', holds: (value) => isNumber(value, 0, 600_000) },
  drop: { rule: 'is true or false', holds: isBoolean },
  truncate: { rule: 'is true or false', holds: isBoolean },
  status: {
    rule: 'is 200 to 599',
    holds: (value) => isNumber(value, 200, 599) && Number.isInteger(value),
  },
  body: {
    rule: 'is text or an object',
    holds: (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  },
  error: {
    rule: 'is the name of an OAuth error',
    holds: (value) => typeof value === 'string' && value !== '',
    points: ['authorize', 'callback', 'token'],
  },
  errno: {
    rule: 'is a number other than 0',
    holds: (value) => Number.isInteger(value) && value !== 0,
    points: ['profile', 'api'],
  },
  parameters: {
    rule: 'is an object of texts, or null for what is to be left out',
    holds: (value) =>
      isRecord(value) && Object.values(value).every((text) => text === null || typeof text === 'string'),
    points: ['callback'],
  },
  idToken: {
    rule: 'is a function or an object of claims',
    holds: (value) => typeof value === 'function' || isRecord(value),
    points: ['token'],
  },
  sign: {
    rule: 'is "other-key" or "none"',
    holds: (value) => value === 'other-key' || value === 'none',
    points: ['token'],
  },
  times: {
    rule: 'is 1 or more, or Infinity',
    holds: (value) => value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && Number(value) >= 1),
  },
};

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

  /** @throws TypeError for a point that is unknown. */
  clear(point?: FaultPoint): void {
    if (point !== undefined) assertPoint(point);
    this.pending = this.pending.filter((other) => point !== undefined && other.point !== point);
  }
}

function assertFault(point: FaultPoint, fault: Fault): void {
  assertPoint(point);
  if (!isRecord(fault)) throw new TypeError('fault: what goes wrong is an object');
  for (const [name, value] of Object.entries(fault)) assertMember(point, name, value);
}

function assertPoint(point: FaultPoint): void {
  if (faultPoints.includes(point)) return;
  throw new TypeError(`fault: there is no "${point}"; there are ${faultPoints.join(', ')}`);
}

function assertMember(point: FaultPoint, name: string, value: unknown): void {
  if (!Object.hasOwn(members, name)) {
    throw new TypeError(`fault: "${name}" is unknown; there are ${Object.keys(members).join(', ')}`);
  }
  const { rule, holds, points } = members[name as keyof Fault];
  if (!holds(value)) throw new TypeError(`fault: ${name} ${rule}`);
  if (points && !points.includes(point)) {
    throw new TypeError(`fault: ${name} means nothing at "${point}", but at ${points.join(', ')}`);
  }
}
