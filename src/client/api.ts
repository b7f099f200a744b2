import { ApiError } from '../errors';
import { type Operation, type OperationName, operationOf } from '../jaccount/operations';
import type { Envelope } from '../jaccount/wire';
import { profileFromEntity } from '../profile/from-entity';
import type { JaccountProfile } from '../profile/profile';
import { authorize, buildApiRequest, sendApiRequest } from '../protocol/api';
import { parseEnvelope, profileIn, soleEntityIn } from '../protocol/envelope';
import type { HttpRequest, Transport } from '../protocol/http';
import { buildAddress, encodeSegment, fillPath, millisecondsOf, termSegment } from './address';
import type { Card, CardTransaction, Department, Lesson, Position, TransactionRange } from './entities';
import type { ClientSettings } from './options';
import { pagesOf } from './pages';
import {
  assertAccessToken,
  assertSendable,
  type CallOptions,
  type Entity,
  type OperationOptions,
  type PageOptions,
  type RequestOptions,
} from './request';
import type { TokenSet } from './token-set';
import { TokenSource } from './token-source';
import { unrepeatable } from './unrepeatable';

/**
 * jAccount's REST API. A {@link JaccountClient} is one; {@link JaccountApi.as} makes one that calls for one user.
 *
 * Each call resolves with entities: what jAccount's documentation calls an object. Errors are the same for all:
 * {@link ApiError} where jAccount refused (10010: it says which scope is missing), {@link MalformedResponseError} and
 * {@link NetworkError} where it could not answer, a `TypeError` for what cannot be sent. `retryable` is true for a GET
 * only: what else was sent may have been done. Nothing is repeated but a call for a {@link TokenSource} whose token
 * jAccount did not take, once, with a new one.
 */
export class JaccountApi {
  /** @internal */
  constructor(
    protected readonly settings: ClientSettings,
    protected readonly transport: Transport,
    // A function, so that the token is not printed with the object.
    private readonly caller: () => CallOptions['accessToken'] = () => undefined,
  ) {}

  /**
   * The API as one user, or one application, calls it: no call then needs an `accessToken` of its own.
   *
   * @example
   * ```ts
   * import type { JaccountClient, TokenSource } from 'passport-jaccount';
   *
   * async function timetable(client: JaccountClient, tokens: TokenSource) {
   *   const user = client.as(tokens);
   *   const [profile, lessons] = await Promise.all([user.profile(), user.lessons('2025-2026-1')]);
   *   return { name: profile.displayName, lessons: lessons.map(({ name }) => name) };
   * }
   * ```
   */
  as(accessToken: NonNullable<CallOptions['accessToken']>): JaccountApi {
    return new JaccountApi(this.settings, this.transport, () => accessToken);
  }

  /**
   * Calls any path of the API: `/me/lessons`, or with its version `/v2/task/message`. Resolves with the entities, none
   * for what has none. Images and files come otherwise: send an {@link JaccountApi.apiRequest} for them yourself.
   *
   * @example
   * ```ts
   * import type { JaccountClient } from 'passport-jaccount';
   *
   * const rightsOf = (client: JaccountClient, accessToken: string, account: string) =>
   *   client.request('/enterprise/user/rights', { accessToken, query: { account } });
   * ```
   *
   * @see developer.sjtu.edu.cn/api/overview.html
   */
  async request<T = Entity>(path: string, options: RequestOptions = {}): Promise<T[]> {
    const { entities } = await this.envelope(path, options);
    return entities as T[];
  }

  /**
   * Calls an operation by its name in {@link operations}, such as `GET /v1/lesson/{code}` with `params: { code }`.
   *
   * @throws TypeError for an operation that is not documented; {@link JaccountApi.request} takes any path.
   */
  async call<T = Entity>(
    operation: OperationName,
    { params = {}, ...options }: OperationOptions = {},
  ): Promise<T[]> {
    const [method = '', template = ''] = operation.split(' ');
    const path = fillPath(template, params);
    const { method: known } = operationOf(method, path) ?? {};
    if (known === undefined)
      throw new TypeError('JaccountClient: operation must be one of the table of operations');
    return this.request(path, { ...options, method: known });
  }

  /**
   * Goes through a long list page by page: by jAccount's `nextToken`, or by position where `start` is given. Leave the
   * loop when you have enough; the next page is fetched only when it is wanted.
   *
   * @throws {@link MalformedResponseError} after `maxPages`, or where a page repeats itself: nothing is left out silently.
   *
   * @example
   * ```ts
   * import type { JaccountClient } from 'passport-jaccount';
   *
   * async function circles(client: JaccountClient, accessToken: string) {
   *   const all: unknown[] = [];
   *   for await (const page of client.pages('/me/circles', { accessToken, limit: 50 })) all.push(...page);
   *   return all;
   * }
   * ```
   */
  pages<T = Entity>(path: string, options: PageOptions = {}): AsyncGenerator<T[], void> {
    const { limit: _limit, start: _start, maxPages: _maxPages, query, ...rest } = options;
    const pages = pagesOf(
      (place) => this.envelope(path, { ...rest, query: { ...query, ...place } }),
      options,
    );
    return pages as AsyncGenerator<T[], void>;
  }

  /** A call of the API as a request that is not sent. It needs the access token itself, and holds it: not for logs. */
  apiRequest(path: string, options: RequestOptions & { accessToken?: string } = {}): HttpRequest {
    return withAccessToken(this.prepare(path, options).request, options.accessToken);
  }

  /** The profile of the user: any of `basic`, `essential`, `profile`, `privacy`, which decides how much of it. */
  async profile(options?: CallOptions): Promise<JaccountProfile> {
    return this.profileAt('/me/profile', options);
  }

  /** The profile of another user, by account or by the person's id: scopes as for {@link JaccountApi.profile}. */
  async profileOf(account: string, options?: CallOptions): Promise<JaccountProfile> {
    return this.profileAt(`/profile/${encodeSegment('account', account)}`, options);
  }

  /** The posts that the user holds: `basic`, `essential` or `profile`. */
  async positions(options?: CallOptions): Promise<Position[]> {
    const entities = await this.request<{ positions?: Position[] }>('/enterprise/user/positions', options);
    return entities.flatMap(({ positions }) => positions ?? []);
  }

  /** The rights of the user, or, with a token of the application, of `account`: any of the profile scopes. */
  async rights({ account, ...options }: CallOptions & { account?: string } = {}): Promise<Entity[]> {
    return this.request('/enterprise/user/rights', { ...options, query: { account } });
  }

  /** The departments and their codes. No scope is documented, nor are the members: they are those of a position's. */
  async organizations(options?: CallOptions): Promise<Department[]> {
    return this.request('/enterprise/organizes', options);
  }

  /**
   * The user's teaching classes in a term such as `2025-2026-1`, or in the present one: `lessons`. `classes: false`
   * leaves out when and where they meet.
   */
  async lessons(
    term?: string,
    { classes, ...options }: CallOptions & { classes?: boolean } = {},
  ): Promise<Lesson[]> {
    return this.request(`/me/lessons${termSegment(term)}`, { ...options, query: { classes } });
  }

  /** One teaching class, by `code` or `bsid`: `lessons`. */
  async lesson(id: string, options: CallOptions = {}): Promise<Lesson> {
    return soleEntityIn(await this.envelope(`/lesson/${encodeSegment('id', id)}`, options)) as Entity &
      Lesson;
  }

  /** The user's examinations in a term such as `2025-2026-1`, or in the present one: `exams` or `scores`. */
  async examinations(term?: string, options?: CallOptions): Promise<Entity[]> {
    return this.request(`/me/examinations${termSegment(term)}`, options);
  }

  /** The academic calendar between two days, `yyyy-mm-dd`. No scope is documented. */
  async calendar(from: string, to: string, options: CallOptions = {}): Promise<Entity[]> {
    return this.request('/enterprise/calendar', { ...options, query: { from, to } });
  }

  /** The user's campus cards, one as a rule: `card_info`. */
  async card(options?: CallOptions): Promise<Card[]> {
    return this.request('/me/card', options);
  }

  /**
   * What was paid with the user's campus card, one after the other, a hundred to a request: `card_transactions`.
   *
   * @example
   * ```ts
   * import type { JaccountClient } from 'passport-jaccount';
   *
   * async function spent(client: JaccountClient, accessToken: string, from: Date, to: Date) {
   *   let cents = 0;
   *   for await (const { amount = 0 } of client.cardTransactions({ from, to }, { accessToken })) {
   *     if (amount < 0) cents -= Math.round(amount * 100);
   *   }
   *   return cents;
   * }
   * ```
   */
  async *cardTransactions(
    { from, to, cardNo }: TransactionRange = {},
    options?: CallOptions,
  ): AsyncGenerator<CardTransaction, void> {
    const query = { cardNo, beginDate: millisecondsOf('from', from), endDate: millisecondsOf('to', to) };
    const pages = this.pages<CardTransaction>('/me/card/transactions', {
      ...options,
      query,
      start: 0,
      limit: 100,
    });
    for await (const page of pages) yield* page;
  }

  private async profileAt(path: string, options: CallOptions = {}): Promise<JaccountProfile> {
    return profileFromEntity(profileIn(await this.envelope(path, options)), this.settings.deriveEmail);
  }

  private async envelope(path: string, { accessToken, ...options }: RequestOptions): Promise<Envelope> {
    const call = this.prepare(path, options);
    const caller = accessToken ?? this.caller();
    if (!(caller instanceof TokenSource)) return this.send(call, caller);
    const tokens = await caller.tokens();
    try {
      return await this.send(call, tokens.accessToken);
    } catch (error) {
      const renewed = await renewedAfter(error, caller, tokens);
      if (renewed === tokens) throw error;
      return this.send(call, renewed.accessToken);
    }
  }

  // What is wrong with a call is found here, before a token is fetched for it.
  private prepare(path: string, options: RequestOptions): Call {
    const { method = 'GET', query, body } = options;
    assertSendable(method, body);
    const address = buildAddress(this.settings.apiURL, path, query);
    return {
      request: buildApiRequest(address.url, method, body),
      operation: operationOf(method, address.path),
    };
  }

  private async send({ request, operation }: Call, accessToken: string | undefined): Promise<Envelope> {
    const authorized = withAccessToken(request, accessToken);
    try {
      return parseEnvelope(await sendApiRequest(authorized, this.transport), operation);
    } catch (error) {
      throw request.method === 'GET' ? error : unrepeatable(error);
    }
  }
}

interface Call {
  request: HttpRequest;
  operation: Readonly<Operation> | undefined;
}

// Both errnos say that nothing was done. An access token is worth nothing (10002) also where another call has renewed it
// meanwhile; it is no reason to renew one.
async function renewedAfter(error: unknown, source: TokenSource, used: TokenSet): Promise<TokenSet> {
  const { errno } = error instanceof ApiError ? error : {};
  if (errno === 10007) return source.renew(used);
  return errno === 10002 ? source.tokens() : used;
}

function withAccessToken(request: HttpRequest, accessToken: string | undefined): HttpRequest {
  if (accessToken === undefined) return request;
  assertAccessToken(accessToken);
  return authorize(request, accessToken);
}
