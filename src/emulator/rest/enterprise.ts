import { profileScopes } from '../../jaccount/scopes';
import { canonicalUserType } from '../../jaccount/user-types';
import type { Organization } from '../../jaccount/wire';
import { apiRefusal } from '../http/refusal';
import { type Account, entityFor, userTypeOf } from '../state/accounts';
import { organizations, university } from '../state/organizations';
import type { ApiCall, ApiOperation, Entities } from './api';
import { accountNamed } from './profile';
import { badParameter, parameter } from './query';
import { termsOf, today } from './terms';

/** @see developer.sjtu.edu.cn/api/enterprise.html */
export const enterpriseOperations: readonly ApiOperation[] = [
  {
    method: 'GET',
    path: '/v1/enterprise/user/positions',
    scopes: ['basic', 'essential', 'profile'],
    user: true,
    answer: ({ account }) => ({ entities: account ? [positionsEntity(account)] : [] }),
  },
  {
    method: 'GET',
    path: '/v1/enterprise/user/rights',
    scopes: profileScopes,
    user: false,
    answer: rights,
  },
  {
    method: 'GET',
    path: '/v1/enterprise/position/{position}/users',
    scopes: ['basic'],
    user: false,
    answer: ofApplications(positionUsers),
  },
  {
    method: 'GET',
    path: '/v1/enterprise/organizes',
    scopes: [],
    user: false,
    answer: () => ({ entities: [...organizations.values()].map(departmentOf) }),
  },
  {
    method: 'GET',
    path: '/v1/enterprise/calendar',
    scopes: [],
    user: false,
    answer: calendar,
  },
];

/** An operation for client credentials: a token that a user gave is not entitled to it. */
export function ofApplications(answer: ApiOperation['answer']): ApiOperation['answer'] {
  return (call) => {
    if (call.account) throw apiRefusal(10003);
    return answer(call);
  };
}

interface Position {
  post: { postCode: string; bizTypes: readonly string[] };
  dept: { organizeId: string };
}

// Who has no post here has none there either.
const posts: ReadonlyMap<string, readonly [code: string, name: string]> = new Map([
  ['faculty', ['BuiltInFaculty', '教职员工']],
  ['student', ['BuiltInStudent', '学生']],
  ['yxy', ['BuiltInAffiliated', '附属单位职工']],
  ['fsyyjzg', ['BuiltInAffiliated', '附属单位职工']],
  ['postphd', ['BuiltInPostphd', '博士后']],
  ['external_teacher', ['BuiltInExternal', '外聘教师']],
  ['team', ['BuiltInTeam', '集体账号']],
  ['alumni', ['BuiltInAlumni', '校友']],
  ['outside', ['BuiltInOutside', '校外人员']],
  ['fszxjs', ['BuiltInAffiliatedSchool', '附属中学职工']],
  ['freshman', ['BuiltInFreshman', '本科新生(中国)']],
]);

function positionsEntity(account: Account): object {
  return { account: account.account, name: account.name, positions: positionsOf(account) };
}

// One for each identity; an account without identities has its own.
function positionsOf(account: Account): readonly object[] {
  if (account.positions) return account.positions;
  const identities = (account.identities ?? [account]) as { userType?: string; organize?: object }[];
  return identities.flatMap(({ userType = '', organize = {} }) => {
    const post = posts.get(canonicalUserType(userType));
    if (!post || !('id' in organize)) return [];
    const dept = departmentOf(organizations.get(String(organize.id)) ?? (organize as Organization));
    return [{ post: { postCode: post[0], postName: post[1], bizTypes: [], formal: true }, dept }];
  });
}

// The members are those that the positions show of a department. What organizes shows is not known.
function departmentOf({ id, name, parent = university }: Organization & { parent?: string }): object {
  return {
    organizeId: id,
    organizeName: name,
    parentOrganizeId: parent,
    independent: parent === university,
  };
}

// `dept:post:biz`, the last of them where a post is for one kind of business only.
function positionUsers({ emulation, path, scope }: ApiCall): Entities {
  const [, dept, post, biz] = /^([^:]+):([^:]+)(?::([^:]*))?$/.exec(path.position ?? '') ?? [];
  if (dept === undefined) throw badParameter('position is as in 03000:BuiltInStudent');
  const holders = emulation.directory.all.filter((account) =>
    (positionsOf(account) as Partial<Position>[]).some(
      (position) =>
        position.dept?.organizeId === dept &&
        position.post?.postCode === post &&
        (!biz || position.post?.bizTypes?.includes(biz)),
    ),
  );
  return { entities: holders.map((account) => entityFor(account, scope)) };
}

// The shape is not known: this is the least that tells one right from another.
const rightsByGroup: Readonly<Record<string, readonly object[]>> = {
  student: [{ code: 'library.borrow', name: '图书借阅' }],
  staff: [
    { code: 'library.borrow', name: '图书借阅' },
    { code: 'classroom.book', name: '教室预约' },
  ],
};

// A user's token tells of the user alone; an application has to say whom it means.
function rights(call: ApiCall): Entities {
  const named = parameter(call.query, 'account');
  if (named === undefined && !call.account) throw badParameter('account is required');
  const account = named === undefined ? call.account : accountNamed(named, call);
  if (!account || (call.account && call.account.account !== account.account)) throw apiRefusal(10003);
  const group = userTypeOf(account.userType)?.group ?? '';
  const all = account.rights ?? rightsByGroup[group] ?? [];
  return { entities: [{ account: account.account, name: account.name, rights: all }] };
}

const maxYears = 10;

// The shape is not known. Without days it is the term of today.
function calendar({ emulation, query }: ApiCall): Entities {
  const from = dayIn(query, 'from') ?? today(emulation.now());
  const to = dayIn(query, 'to') ?? from;
  const [first, last] = [Number(from.slice(0, 4)) - 1, Number(to.slice(0, 4))];
  if (from > to || last - first > maxYears) throw badParameter(`from and to span at most ${maxYears} years`);
  const years = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const terms = years.flatMap(termsOf).filter(({ begin, end }) => begin <= to && from <= end);
  return { entities: terms };
}

function dayIn(query: URLSearchParams, name: string): string | undefined {
  const day = parameter(query, name);
  const isDay = day === undefined || (/^[12]\d{3}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(day)));
  if (!isDay) throw badParameter(`${name} is as in 2026-09-01`);
  return day;
}
