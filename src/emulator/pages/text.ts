import type { Language } from '../http/exchange';

/** What one thing is called in both languages, side by side so that neither is forgotten. */
export type Pair = readonly [zh: string, en: string];

const table = {
  emulator: ['模拟器', 'emulator'],
  notReal: [
    '这不是上海交通大学的 jAccount，人物均为虚构。',
    'This is not SJTU’s jAccount; everybody here is invented.',
  ],
  skip: ['跳到正文', 'Skip to the content'],
  dashboard: ['控制台', 'Dashboard'],

  signIn: ['登录', 'Sign in'],
  chooseSomebody: ['选一个人登录，点击即可。', 'Choose who to sign in as. One click is enough.'],
  towards: ['登录后回到应用 {}', 'You go on to the application {}'],
  people: ['人物', 'People'],
  search: ['搜索', 'Search'],
  searchFor: ['姓名、账号、学工号或身份', 'Name, account, number or type'],
  userType: ['身份', 'User type'],
  everybody: ['全部', 'All'],
  student: ['学生', 'Students'],
  staff: ['教职工', 'Staff'],
  alumni: ['校友', 'Alumni'],
  guest: ['访客', 'Guests'],
  collective: ['集体', 'Collective'],
  other: ['其他', 'Other'],
  shown: ['显示 {} 人', '{} shown'],
  nobody: ['没有这样的人。', 'Nobody is like that.'],
  needsPassword: ['需要密码', 'needs a password'],
  typeAccount: ['输入账号登录', 'Type an account'],
  account: ['账号', 'Account'],
  password: ['密码', 'Password'],
  passwordOptional: ['没有设密码的账号可以不填。', 'Leave it empty for an account without one.'],
  'unknown-account': ['没有这个账号。', 'There is no such account.'],
  'wrong-password': ['这个账号要正确的密码才能登录。', 'This account needs its right password.'],

  consent: ['授权', 'Permission'],
  consentAsks: ['应用 {} 想使用你的 jAccount', 'The application {} wants to use your jAccount'],
  signedInAs: ['已登录：{}', 'Signed in: {}'],
  permissions: ['允许它', 'Let it'],
  remember: ['记住我的选择', 'Remember my choice'],
  allow: ['同意', 'Allow'],
  deny: ['拒绝', 'Deny'],

  signedOut: ['已退出', 'Signed out'],
  signedOutOf: ['你已退出 jAccount 模拟器。', 'You are signed out of the jAccount emulator.'],
  toDashboard: ['打开控制台', 'Open the dashboard'],

  ready: ['本机 jAccount 已就绪', 'A jAccount on your machine'],
  nobodySignedIn: ['浏览器里没有人登录', 'Nobody is signed in here'],
  signOut: ['退出', 'Sign out'],
  endpoints: ['端点', 'Endpoints'],
  copy: ['复制', 'Copy'],
  copied: ['已复制', 'Copied'],
  environment: ['接入代码', 'Connect'],
  variables: ['环境变量', 'Environment variables'],
  requests: ['最近的请求', 'Last requests'],
  live: ['实时', 'Live'],
  lost: ['连不上模拟器', 'The emulator does not answer'],
  noRequests: [
    '还没有请求。应用登录一次就会出现在这里。',
    'None yet. A login of your application appears here.',
  ],
  time: ['时间', 'Time'],
  request: ['请求', 'Request'],
  status: ['状态', 'Status'],
  duration: ['毫秒', 'ms'],
  unanswered: ['断开', 'dropped'],
  faults: ['故障', 'Faults'],
  faultsHint: [
    '打开一个，看应用如何应对。开关一直有效；“一次”只击中下一个请求。',
    'Switch one on and see how your application copes. A switch lasts; “once” hits the next request.',
  ],
  once: ['一次', 'Once'],
  active: ['等待中的故障', 'Faults that wait'],
  always: ['一直', 'always'],
  left: ['还有 {} 次', '{} left'],
  clear: ['清除', 'Clear'],
  clearAll: ['全部清除', 'Clear all'],
  anotherFault: ['自定义故障', 'Another fault'],
  faultPoint: ['位置', 'Where'],
  unset: ['（不设）', '(not set)'],
  add: ['添加', 'Add'],
  behaviour: ['行为', 'Behaviour'],
  behaviourHint: [
    'jAccount 有些行为没有写明，或者会变。对两种都能工作的应用，就不必知道哪种是真的。',
    'What jAccount leaves unsaid, or varies. An application that works with each value need not know which is true.',
  ],
  apply: ['应用', 'Apply'],
  clock: ['时钟', 'Clock'],
  ahead: ['快 {} 秒', '{} s ahead'],
  clockHint: [
    '往前拨，令牌和登录就会过期：授权码 60 秒，访问令牌 1800 秒。',
    'Put it forward and tokens expire: a code after 60 s, an access token after 1800 s.',
  ],
  seconds: ['秒数', 'Seconds'],
  advance: ['拨快', 'Advance'],
  reset: ['重置', 'Reset'],
  resetHint: [
    '忘掉登录、令牌、授权、请求和故障，拨回时钟。',
    'Forgets logins, tokens, permissions, requests and faults, and puts the clock right.',
  ],
  idToken: ['最近的 ID Token', 'Last ID Token'],
  noIdToken: ['还没有签发过。', 'None has been issued yet.'],
  header: ['头部', 'Header'],
  claims: ['声明', 'Claims'],
} as const satisfies Record<string, Pair>;

export type Words = Readonly<Record<keyof typeof table, string>>;

/** Every word of the pages, by language. */
export const words: Readonly<Record<Language, Words>> = { zh: column('zh'), en: column('en') };

/** The half of a pair. */
export function inLanguage([zh, en]: Pair, language: Language): string {
  return language === 'zh' ? zh : en;
}

function column(language: Language): Words {
  const entries = Object.entries(table).map(([name, pair]) => [name, inLanguage(pair, language)]);
  return Object.fromEntries(entries);
}
