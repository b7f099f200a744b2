import { apiRefusal } from '../http/refusal';
import type { Account } from '../state/accounts';
import type { ApiCall, ApiOperation, Entities } from './api';
import { type Card, cardOf, type Transaction, transactionsOf } from './cards';
import { ofApplications } from './enterprise';
import { badParameter, choice, integer, page, parameter } from './query';

/** @see developer.sjtu.edu.cn/api/card.html */
export const cardOperations: readonly ApiOperation[] = [
  {
    method: 'GET',
    path: '/v1/me/card',
    scopes: ['card_info'],
    user: true,
    answer: (call) => ({ entities: cardsOf(call.account, call) }),
  },
  {
    // The shape is not known: it is what the card says of its user.
    method: 'GET',
    path: '/v1/me/card/user',
    scopes: ['manage_card', 'card_info'],
    user: true,
    answer: (call) => ({ entities: cardsOf(call.account, call).map(({ user }) => user) }),
  },
  {
    method: 'GET',
    path: '/v1/me/card/transactions',
    scopes: ['card_transactions'],
    user: true,
    answer: transactions,
  },
  {
    method: 'GET',
    path: '/v1/card',
    scopes: ['card_info'],
    user: false,
    answer: ofApplications(card),
  },
];

function cardsOf(account: Account | undefined, { emulation }: ApiCall): Card[] {
  const card = account && cardOf(account, emulation.now() * 1000);
  return card ? [card] : [];
}

function transactions(call: ApiCall): Entities {
  const { account, emulation, query } = call;
  const cardNo = parameter(query, 'cardNo');
  const begin = integer(query, 'beginDate') ?? 0;
  const end = integer(query, 'endDate') ?? Number.POSITIVE_INFINITY;
  const orderBy = choice(query, 'orderBy', ['dateTime', 'dateTimeAccount']);
  const [card] = cardsOf(account, call);
  if (!account || !card) return page([], query);
  if (cardNo !== undefined && cardNo !== card.cardNo) throw apiRefusal(10008);
  const all = transactionsOf(account, emulation.now() * 1000)
    .filter(({ dateTime }) => !(dateTime < begin || dateTime > end))
    .map((transaction) => (orderBy === 'dateTime' ? transaction : withPostingTime(transaction)));
  return page(all, query);
}

const postingDelay = 6 * 3_600_000;

// jAccount's spelling, an "e" short; it is there when asked to order by it.
function withPostingTime({ dateTime, ...rest }: Transaction): object {
  return { dateTime, dateTimAccount: dateTime + postingDelay, ...rest };
}

// By student or staff number, or by the number of the chip. How the parameters are called is not known.
function card(call: ApiCall): Entities {
  const code = parameter(call.query, 'code');
  const cardId = parameter(call.query, 'cardId');
  if ((code === undefined) === (cardId === undefined)) throw badParameter('code or cardId is required');
  const found = call.emulation.directory.all
    .filter((account) => code === undefined || account.code === code)
    .flatMap((account) => cardsOf(account, call))
    .find((one) => cardId === undefined || one.cardId === cardId);
  if (!found) throw apiRefusal(10008);
  return { entities: [found] };
}
