import { type Grant, grantsOf } from './scopes';

/** One operation of jAccount's REST API, as its documentation lists it. */
export interface Operation {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With its version. `{name}` stands for a value, `[…]` for what may be left out. */
  path: string;
  /** How an application may come by a token for it; empty where the documentation says nothing. */
  grants: readonly Grant[];
  /** Any one of these opens it; empty where the documentation names none. */
  scopes: readonly string[];
}

/** The name of an operation that jAccount documents, such as `GET /v1/gpa`, and any other text: an editor proposes the former. */
export type OperationName = NameOf<(typeof table)[number]> | (string & {});

type NameOf<Row> = Row extends readonly [infer Method extends string, infer Path extends string, ...unknown[]]
  ? `${Method} ${Path}`
  : never;

type Row = readonly [method: Operation['method'], path: string, grants: string, scopes: string];

// Method, path, letters of the grants, scopes: the pages under developer.sjtu.edu.cn/api/.
const table = [
  ['GET', '/v1/me/profile', 'A', 'basic essential profile privacy'],
  ['GET', '/v1/profile/{account}', 'AC', 'basic essential profile privacy'],
  ['POST', '/v2/task/message', 'C', 'tasks'],
  ['GET', '/v1/enterprise/user/positions', 'A', 'basic essential profile'],
  ['GET', '/v1/enterprise/user/rights', 'AC', 'basic essential privacy profile'],
  ['GET', '/v1/enterprise/position/{dept}:{post}:{biz}/users', 'C', 'basic'],
  ['PUT', '/v1/enterprise/position/{dept}:{post}/users', 'A', 'profile'],
  ['DELETE', '/v1/enterprise/position/{dept}:{post}/users', 'A', 'profile'],
  ['GET', '/v1/enterprise/organizes', '', ''],
  ['GET', '/v1/enterprise/calendar', '', ''],
  ['PUT', '/v1/file', 'C', 'storage'],
  ['GET', '/v1/file/preview', 'C', 'storage'],
  ['GET', '/v1/file/edit', 'C', 'storage'],
  ['GET', '/v1/file/{id}', '', ''],
  ['POST', '/v1/file/{id}', 'C', 'storage'],
  ['GET', '/v1/file/{id}/meta', 'C', 'storage'],
  ['POST', '/v1/file/{id}/meta', 'C', 'storage'],
  ['GET', '/v1/file/{id}/thumb/{size}', '', ''],
  ['PUT', '/v1/notification', 'P', 'send_notification send_app_notification'],
  ['GET', '/v1/notification/status', 'C', 'notifications'],
  ['POST', '/v1/notification/status', 'C', 'modify_notification'],
  ['GET', '/v1/mails[/{state}]', 'A', 'read_mails'],
  ['PUT', '/v1/mail', 'AP', 'send_mail'],
  ['POST', '/v1/mail/{mailId}', 'AP', 'send_mail'],
  ['GET', '/v1/finance/appointments/{businessType}/{businessNo}', 'C', 'connect_finance'],
  ['PUT', '/v1/finance/appointments/{businessType}/{businessNo}', 'C', 'connect_finance'],
  ['DELETE', '/v1/finance/appointments/{businessType}/{businessNo}', 'C', 'connect_finance'],
  ['POST', '/v1/finance/appointments/{businessType}/{businessNo}', 'C', 'connect_finance'],
  ['GET', '/v1/finance/appointments/{businessType}', 'C', 'connect_finance'],
  ['GET', '/v1/lesson/{code}', 'A', 'lessons'],
  ['GET', '/v1/me/lessons[/{term}]', 'A', 'lessons'],
  ['GET', '/v1/me/examinations[/{term}]', 'A', 'exams scores'],
  ['GET', '/v1/gpa', 'A', 'scores'],
  ['GET', '/v1/me/card', 'A', 'card_info'],
  ['PUT', '/v1/me/card', 'A', 'manage_card'],
  ['POST', '/v1/me/card', 'A', 'write_card_info'],
  ['GET', '/v1/me/card/user', 'A', 'manage_card card_info'],
  ['GET', '/v1/me/card/transactions', 'A', 'card_transactions'],
  ['GET', '/v1/me/card/photo', 'A', 'privacy'],
  ['POST', '/v1/me/card/photo', 'A', 'write_card_info'],
  ['POST', '/v1/me/card/recharge', 'A', 'write_card_info'],
  ['GET', '/v1/me/card/recharge/{id}', 'A', 'write_card_info'],
  ['GET', '/v1/me/card/transfer', 'A', 'write_card_info'],
  ['POST', '/v1/me/card/transfer', 'A', 'write_card_info'],
  ['POST', '/v1/card/foundLostCard', 'C', 'card_info'],
  ['GET', '/v1/card', 'C', 'card_info'],
  ['POST', '/v1/card', 'C', 'write_card_info'],
  ['GET', '/v1/unicode', 'C', 'unicode'],
  ['POST', '/v1/unicode', 'A', 'unicode'],
  ['GET', '/v1/unicode/identity', 'A', 'unicode card_info'],
  ['GET', '/v1/unicode/identity/advertising', 'A', 'unicode'],
  ['GET', '/v1/unicode/pay', 'A', 'unicode'],
  ['GET', '/v1/unicode/parameters', 'A', 'unicode'],
  ['GET', '/v1/unicode/transactions', 'A', 'card_transactions'],
  ['GET', '/v1/barcode/qr/{fileName}.{imageType}', '', ''],
  ['GET', '/v1/barcode/{type}/{value}.{imageType}', '', ''],
  ['POST', '/v1/calendar/event', 'C', 'calendar'],
  ['DELETE', '/v1/calendar/event/{id}', 'C', 'calendar'],
  ['POST', '/v1/signature/{eSignCode}', 'C', 'signature'],
] as const satisfies readonly Row[];

/**
 * Every operation that jAccount's REST API documents, by method and path: `operations.get('GET /v1/gpa')`. Which of
 * them a client may use, its approval decides.
 *
 * @see developer.sjtu.edu.cn/api/list.html
 */
export const operations: ReadonlyMap<string, Readonly<Operation>> = new Map(
  table.map(([method, path, letters, scopes]: Row) => [
    `${method} ${path}`,
    Object.freeze({
      method,
      path,
      grants: grantsOf(letters),
      scopes: Object.freeze(scopes.split(' ').filter((name) => name !== '')),
    }),
  ]),
);

const patterns = [...operations.values()].map((operation) => ({
  operation,
  pattern: new RegExp(
    `^${operation.path
      .replaceAll('.', '\\.')
      .replaceAll('[', '(?:')
      .replaceAll(']', ')?')
      .replaceAll(/\{\w+\}/g, '[^/]+')}$`,
  ),
}));

/** The operation that a request is; undefined for what the table does not have. */
export function operationOf(method: string, path: string): Readonly<Operation> | undefined {
  return patterns.find(({ operation, pattern }) => operation.method === method && pattern.test(path))
    ?.operation;
}
