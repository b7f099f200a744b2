import { entityFor } from './accounts';
import type { ApiOperation } from './api';

/** What of the REST API there is here. */
export const apiOperations: readonly ApiOperation[] = [
  {
    method: 'GET',
    path: '/v1/me/profile',
    scopes: [],
    user: true,
    answer: ({ account, scope, emulation }) => ({
      entities: account ? [entityFor(account, scope, emulation.behaviour.birthday)] : [],
    }),
  },
];
