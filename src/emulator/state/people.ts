/** Somebody, or something, in the fewest words; what an account has beside is made from these. */
export interface Person {
  type: string;
  account: string;
  name: string;
  code?: string;
  /** The id of an organization. */
  organize?: string;
  /** False for an account that is no single person's: it has no id and no identities. */
  personal?: boolean;
  /** Where there are more than the one that `type` and `code` name, or where that one has members of its own. */
  identities?: readonly PersonIdentity[];
  /** Members of the account beside those that everybody has. */
  more?: Readonly<Record<string, unknown>>;
}

export interface PersonIdentity {
  type: string;
  code: string;
  more?: Readonly<Record<string, unknown>>;
}

const graduated = { status: '离校', expireDate: '2023-07-31', defaultOptional: false };

// Invented, every one of them. One for each user type, in the order of the table of user types.
const oneOfEachType: readonly Person[] = [
  { type: 'faculty', account: 'linmuqing', name: '林慕青', code: '10327', organize: '03000' },
  // Three identities at once: graduated as a bachelor, so an alumnus, and enrolled again.
  {
    type: 'student',
    account: 'zhaoyichen',
    name: '赵一辰',
    code: '523030910417',
    organize: '03000',
    identities: [
      { type: 'alumni', code: 'AA519021910217' },
      { type: 'student', code: '523030910417', more: { classNo: 'F2303004' } },
      { type: 'student', code: '519021910217', more: graduated },
    ],
    more: { classNo: 'F2303004', unionId: 'o6_emulated_union_id' },
  },
  { type: 'yxy', account: 'hesuwen', name: '何素问', code: 'YX20418', organize: '70000' },
  // `fs` and `fsyyjzg` are one type under two codes.
  { type: 'fs', account: 'tangrenjie', name: '唐仁杰', code: 'FS30562', organize: '70100' },
  { type: 'vip', account: 'guibin.ou', name: '欧贵宾', code: 'V0007', organize: '00000' },
  { type: 'postphd', account: 'jiangyuanhe', name: '江远河', code: 'B0210933', organize: '07200' },
  { type: 'external_teacher', account: 'emma-wales', name: 'Emma Wales', code: 'W41208', organize: '03000' },
  { type: 'summer', account: 'sunny_day', name: '夏天晴', code: 'S240618', organize: '00000' },
  // No id, no identities, an empty code: whoever keys users by id merges all teams into one.
  { type: 'team', account: 'robot.club', name: '机器人俱乐部', code: '', organize: '03000', personal: false },
  // The number has letters before it, and the identity no status, no date of expiry.
  { type: 'alumni', account: 'xuguilai', name: '许归来', code: 'AA5080309417', organize: '03000' },
  { type: 'green', account: 'lutongdao', name: '陆通道', code: 'G2400153', organize: '00000' },
  // Organizations are `{}`, identities `[]`: there, and empty.
  { type: 'outside', account: 'hezuozhe', name: '贺佐哲', code: 'TQ24001' },
  { type: 'fszxjs', account: 'fangzhongxue', name: '方忠学', code: 'ZX1180', organize: '80500' },
  { type: 'freshman', account: 'xinlaide', name: '辛来德', code: '626030910001', organize: '03000' },
];

const fortyCharacters = 'x-guillermina.fernanda_de-la-cruz.y-rios';
const longName = [
  'Guillermina Fernanda Maximiliana Wilhelmina Alejandra Bernardina',
  'Constantina Philippina de la Cruz y Ríos von und zu Hohenwald-Lichtenstein-Oberwassertal',
].join(' ');

const hardOnes: readonly Person[] = [
  // Registered with capitals. Accounts are the same in any case: two spellings must not become two users.
  {
    type: 'student',
    account: 'LiuMingXuan',
    name: '刘鸣轩',
    code: '524030910233',
    organize: '03300',
    identities: [
      {
        type: 'student',
        code: '524030910233',
        more: {
          classNo: 'F2403302',
          gjm: '156',
          major: { id: '080901', name: '计算机科学与技术' },
          admissionDate: '2024-09-01',
          graduateDate: '2028-07-01',
          trainLevel: '本科生',
        },
      },
    ],
    // A document that cannot be anybody's: there is no region 000000.
    more: { classNo: 'F2403302', cardType: '01', cardNo: '000000200401010000' },
  },
  // A user type that no page lists: it has to be passed through.
  {
    type: 'micro_degree',
    account: 'weizhuanye',
    name: '魏专业',
    code: 'M2600042',
    organize: '24000',
    identities: [{ type: 'micro_degree', code: 'M2600042', more: { userTypeName: '微专业学员' } }],
  },
  // U+20BB7 is two units of UTF-16 and four octets of UTF-8: cut in the middle, it is broken.
  { type: 'faculty', account: 'jigang', name: '𠮷㛃', code: '10981', organize: '03400' },
  // A middle dot belongs to the name, and there is no surname before it.
  {
    type: 'student',
    account: 'narentuoya',
    name: '娜仁托娅·查干湖',
    code: '525240910008',
    organize: '24000',
  },
  // As long as an account may be, and a name that fits into no VARCHAR(64), no column of a table.
  { type: 'external_teacher', account: fortyCharacters, name: longName, code: 'W60001', organize: '24000' },
  // All digits, the first a zero: read as a number it is another account.
  { type: 'alumni', account: '0730309118', name: '宋旧号', code: 'AA0730309118', organize: '07200' },
  // Another default identity at each login: type and number change, the person does not.
  {
    type: 'student',
    account: 'bianhuan',
    name: '卞桓',
    code: '522030910077',
    organize: '03400',
    identities: [
      { type: 'student', code: '522030910077' },
      { type: 'alumni', code: 'AA518030910077' },
      { type: 'faculty', code: '11206' },
    ],
    more: { changesIdentity: true },
  },
  // The only one whom the login page asks for a password.
  {
    type: 'faculty',
    account: 'mima',
    name: '宓玛',
    code: '10742',
    organize: '40100',
    more: { password: 'open-sesame' },
  },
];

export const people: readonly Person[] = [...oneOfEachType, ...hardOnes];
