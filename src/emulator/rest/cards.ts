import { type Account, userTypeOf } from '../state/accounts';
import { numberFrom } from './made-up';

/** A campus card, as the documentation shows it. Amounts are yuan, in doubles. */
export interface Card {
  user: object;
  cardNo: string;
  cardId: string;
  cardBalance: number;
  [member: string]: unknown;
}

/** What was paid with a card, or paid in. */
export interface Transaction {
  /** Milliseconds since the epoch. */
  dateTime: number;
  amount: number;
  cardBalance: number;
  [member: string]: unknown;
}

/** The card of an account: students and staff have one, or whoever came with one. `time` is in milliseconds. */
export function cardOf(account: Account, time: number): Card | undefined {
  if (account.card) return account.card as Card;
  const { name, code, organize, userType } = account;
  const type = userTypeOf(userType);
  if (type?.group !== 'student' && type?.group !== 'staff') return undefined;
  const number = numberFrom(`card of ${account.account}`, 100_000);
  return {
    user: { code, name, organize },
    cardNo: `00${String(number).padStart(5, '0')}`,
    cardId: number.toString(16).toUpperCase().padStart(8, '0'),
    bankNo: '',
    expireDate: '20310831',
    cardBalance: transactionsOf(account, time)[0]?.cardBalance ?? 0,
    transBalance: 0,
    lost: false,
    frozen: false,
    faceType: '1',
    faceSubType: type.name.zh,
  };
}

const hour = 3_600_000;
const week = 7 * 24 * hour;
const weeksBack = 26;
// 1970-01-05, a Monday, at midnight in Shanghai.
const firstMonday = 4 * 24 * hour - 8 * hour;

// Hours after Monday's midnight, merchant, fen. A week's sum is zero, so that a balance depends on nothing before it.
const aWeek: readonly (readonly [after: number, merchantNo: string, merchant: string, fen: number])[] = [
  [7.5, 'M1001', '圈存机', 10_000],
  [12, 'M2001', '第一餐饮大楼', -1_450],
  [18.25, 'M2002', '第二餐饮大楼', -1_066],
  [36, 'M2003', '哈乐餐厅', -1_800],
  [60.5, 'M3001', '教育超市', -2_084],
  [66, 'M2001', '第一餐饮大楼', -1_200],
  [84, 'M2002', '第二餐饮大楼', -900],
  [92, 'M4001', '洗衣房', -200],
  [108.75, 'M2003', '哈乐餐厅', -1_300],
];

/** The transactions of the half year before `time`, in milliseconds, the latest first. */
export function transactionsOf(account: Account, time: number): readonly Transaction[] {
  if (account.transactions) return account.transactions as readonly Transaction[];
  const thisWeek = Math.floor((time - firstMonday) / week);
  const opening = 1_000 + numberFrom(`balance of ${account.account}`, 20_000);
  const weeks = Array.from({ length: weeksBack }, (_, back) => firstMonday + (thisWeek - back) * week);
  return weeks.flatMap((monday) => weekOf(monday, opening)).filter(({ dateTime }) => dateTime <= time);
}

function weekOf(monday: number, opening: number): Transaction[] {
  let balance = opening;
  return aWeek
    .map(([after, merchantNo, merchant, fen]) => {
      balance += fen;
      return {
        dateTime: monday + after * hour,
        system: '1',
        merchantNo,
        merchant,
        description: fen > 0 ? '银行转账' : '持卡人消费',
        amount: fen / 100,
        cardBalance: balance / 100,
      };
    })
    .reverse();
}
