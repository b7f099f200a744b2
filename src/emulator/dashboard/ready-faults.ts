import type { Pair } from '../pages/text';
import type { Fault, FaultPoint, PendingFault } from '../state/faults';

export interface ReadyFault {
  id: string;
  point: FaultPoint;
  fault: Fault;
  label: Pair;
}

/** What goes wrong most, or is forgotten most. */
export const readyFaults: readonly ReadyFault[] = [
  of('token-500', 'token', { status: 500 }, '令牌端点返回 500', 'The token endpoint answers 500'),
  of('token-slow', 'token', { delay: 5000 }, '令牌端点慢 5 秒', 'The token endpoint takes 5 s'),
  of('token-drop', 'token', { drop: true }, '令牌端点断开连接', 'The token endpoint hangs up'),
  of('invalid-grant', 'token', { error: 'invalid_grant' }, '授权码无效', 'The code is refused'),
  of(
    'other-key',
    'token',
    { sign: 'other-key' },
    'ID Token 用别的密钥签名',
    'ID Token signed with another key',
  ),
  of('wrong-nonce', 'token', { idToken: { nonce: 'of-another-login' } }, 'nonce 不对', 'Wrong nonce'),
  of('expired', 'token', { idToken: { exp: 1 } }, 'ID Token 已过期', 'Expired ID Token'),
  of('profile-10007', 'profile', { errno: 10007 }, '个人信息接口拒绝', 'The profile API refuses'),
  of('access-denied', 'callback', { error: 'access_denied' }, '用户拒绝授权', 'The user declines'),
  of('wrong-state', 'callback', { parameters: { state: 'of-another-login' } }, 'state 不对', 'Wrong state'),
];

/** The fault of this kind that waits, if one does. */
export function pendingOf(
  { point, fault }: ReadyFault,
  pending: readonly PendingFault[],
): PendingFault | undefined {
  const sought = summaryOf(fault);
  return pending.find((other) => other.point === point && summaryOf(other.fault) === sought);
}

/** A fault in one line: its members, without how often. */
export function summaryOf(fault: Fault): string {
  const members = Object.entries(fault).filter(([name, value]) => name !== 'times' && value !== undefined);
  return members.map(([name, value]) => `${name}: ${valueText(value)}`).join(', ');
}

/** A fault as the fields of the form that makes it. */
export function fieldsOf({ point, fault }: ReadyFault): [name: string, value: string][] {
  const members = Object.entries(fault).map(([name, value]): [string, string] => [
    name,
    value === true ? 'on' : valueText(value),
  ]);
  return [['point', point], ...members];
}

function valueText(value: unknown): string {
  if (typeof value === 'function') return 'function';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function of(id: string, point: FaultPoint, fault: Fault, zh: string, en: string): ReadyFault {
  return { id, point, fault, label: [zh, en] };
}
