import type { Pair } from '../pages/text';
import type { Behaviour, BehaviourName } from '../state/behaviour';

interface Explanation<Value extends string> {
  label: Pair;
  values: Readonly<Record<Value, Pair>>;
}

/** What each switch decides, and what each of its values does. */
export const behaviourTexts: Readonly<{ [Name in BehaviourName]: Explanation<Behaviour[Name]> }> = {
  idToken: {
    label: ['何时有 ID Token', 'An ID Token comes'],
    values: {
      openid: ['scope 有 openid 时', 'with the scope openid'],
      always: ['总有', 'always'],
      never: ['从不', 'never'],
    },
  },
  nonce: {
    label: ['ID Token 里的 nonce', 'The nonce in the ID Token'],
    values: { echoed: ['原样返回', 'comes back'], omitted: ['没有', 'is left out'] },
  },
  tokenType: {
    label: ['token_type 的写法', 'Spelling of token_type'],
    values: { plain: ['Bearer', 'Bearer'], spaced: ['前后有空格', 'with spaces around'] },
  },
  expiresIn: {
    label: ['expires_in 的值', 'Value of expires_in'],
    values: {
      '1800': ['1800', '1800'],
      '1799': ['1799', '1799'],
      string: ['字符串 "1800"', 'the string "1800"'],
    },
  },
  refresh: {
    label: ['刷新后的令牌', 'A refresh gives'],
    values: {
      rotated: ['两个新令牌', 'two new tokens'],
      kept: ['新访问令牌，刷新令牌不变', 'a new access token, the same refresh token'],
      unmentioned: ['只有新访问令牌', 'a new access token alone'],
      renewed: ['原访问令牌，延长寿命', 'the same access token, renewed'],
    },
  },
  apiErrorStatus: {
    label: ['API 出错时的 HTTP 状态', 'HTTP status of an API error'],
    values: { '403': ['403', '403'], '200': ['200', '200'] },
  },
  profile: {
    label: ['个人信息的形式', 'Form of the profile'],
    values: { enveloped: ['在 entities 里', 'in an envelope'], bare: ['直接返回', 'bare'] },
  },
  envelopeError: {
    label: ['成功时 error 的值', 'The error of a success'],
    values: { success: ['success', 'success'], 'Succeed.': ['Succeed.', 'Succeed.'], null: ['null', 'null'] },
  },
  envelopeTotal: {
    label: ['单个实体的 total', 'The total of one entity'],
    values: { '0': ['0', '0'], '1': ['1', '1'], string: ['字符串 "1"', 'the string "1"'] },
  },
  birthday: {
    label: ['生日的形式', 'Form of a birthday'],
    values: { object: ['对象', 'an object'], number: ['毫秒数', 'milliseconds'] },
  },
  accountCase: {
    label: ['账号的大小写', 'Case of an account'],
    values: { registered: ['与注册时相同', 'as registered'], typed: ['与输入时相同', 'as typed'] },
  },
  consent: {
    label: ['授权页', 'The permission page'],
    values: {
      never: ['不出现', 'never comes'],
      first: ['第一次出现', 'comes the first time'],
      always: ['每次出现', 'comes every time'],
    },
  },
  sso: {
    label: ['再次登录', 'A second login'],
    values: { kept: ['不再询问', 'is silent'], forgotten: ['重新询问', 'asks again'] },
  },
  redirectURI: {
    label: ['redirect_uri', 'A redirect_uri'],
    values: { registered: ['须已登记', 'must be registered'], any: ['任意', 'can be any'] },
  },
  pkce: {
    label: ['PKCE', 'PKCE'],
    values: { honoured: ['检查', 'is checked'], ignored: ['忽略', 'is ignored'] },
  },
  implicit: {
    label: ['隐式流程', 'The implicit flow'],
    values: {
      refused: ['拒绝', 'is refused'],
      json: ['返回 JSON', 'answers JSON'],
      fragment: ['放在 # 之后', 'answers in the fragment'],
    },
  },
  logoutClient: {
    label: ['退出时的 client_id', 'The client_id of a logout'],
    values: { optional: ['可以没有', 'may be absent'], required: ['必须有', 'must be there'] },
  },
  logoutState: {
    label: ['退出时的 state', 'The state of a logout'],
    values: {
      clean: ['正常返回', 'comes back clean'],
      malformed: ['多出 ? 和 &', 'comes with a stray ? and &'],
    },
  },
  maintenance: {
    label: ['维护', 'Maintenance'],
    values: { off: ['否', 'off'], on: ['所有端点返回 503', 'every endpoint answers 503'] },
  },
};
