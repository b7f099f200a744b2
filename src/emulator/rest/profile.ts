import { profileScopes } from '../../jaccount/scopes';
import { apiRefusal } from '../http/refusal';
import { type Account, entityFor } from '../state/accounts';
import type { ApiCall, ApiOperation } from './api';
import { page } from './query';

/** @see developer.sjtu.edu.cn/api/profile.html and, for circles, overview.html */
export const profileOperations: readonly ApiOperation[] = [
  {
    // With any scope: a token for "openid" alone was seen to open it.
    method: 'GET',
    path: '/v1/me/profile',
    scopes: [],
    user: true,
    answer: (call) => ({ entities: call.account ? [entityOf(call.account, call)] : [] }),
  },
  {
    method: 'GET',
    path: '/v1/profile/{account}',
    scopes: profileScopes,
    user: false,
    answer: (call) => ({ entities: [entityOf(accountNamed(call.path.account ?? '', call), call)] }),
  },
  {
    method: 'GET',
    path: '/v1/me/circles',
    scopes: [],
    user: true,
    answer: ({ query }) => page(circles, query),
  },
];

function entityOf(account: Account, { scope, emulation }: ApiCall): object {
  return entityFor(account, scope, emulation.behaviour.birthday);
}

/** An account by its name or by its person's id. @throws Refusal 10008 if there is none. */
export function accountNamed(name: string, { emulation: { directory } }: ApiCall): Account {
  const { account } = directory.all.find(({ id }) => id === name) ?? { account: name };
  const found = directory.find(account);
  if (!found) throw apiRefusal(10008);
  return found;
}

// The documentation's example of paging has twenty circles, in pages of five.
const circles = Array.from({ length: 20 }, (_, index) => ({
  id: String(100001 + index),
  name: `圈子 ${index + 1}`,
}));
