import type { JaccountErrorCode } from './errors';
import type { Language } from './language';

/** Two sentences in each language: what happened, and what to do. */
export type Sentences = Readonly<Record<Language, string>>;

/** The sentences for a code, and those for what its error tells more exactly: a `reason`, `fault`, `error` or `errno`. */
interface Entry {
  readonly any: Sentences;
  readonly exactly?: Readonly<Record<string, Sentences>>;
}

const administrator: Sentences = {
  zh: '请联系网站的管理员。',
  en: "Please contact the site's administrator.",
};
const again: Sentences = { zh: '请重新登录。', en: 'Please sign in again.' };
const later: Sentences = { zh: '请稍后再试。', en: 'Please try again later.' };
const againOrAdministrator: Sentences = {
  zh: '请重新登录；如果仍然失败，请联系网站的管理员。',
  en: "Please sign in again, and contact the site's administrator if it fails again.",
};

const invalidToken = say('您的登录凭证无效。', 'Your sign-in is not valid.', again);
const notSignedIn = say('您还没有登录。', 'You are not signed in.', {
  zh: '请先登录。',
  en: 'Please sign in first.',
});
const notGranted = say(
  'jAccount 没有允许这个网站获取所需的信息。',
  'jAccount does not let this site have the information that it needs.',
  administrator,
);
const wrongClient = say(
  '这个网站的 jAccount 配置有误，暂时无法登录。',
  'This site is not set up correctly, so signing in with jAccount does not work.',
  administrator,
);
const wrongClock = say(
  '网站服务器的时间可能不准，登录没有通过检查。',
  "The clock of this site's server may be wrong, so the sign-in did not pass a check.",
  administrator,
);
const cookieLost = say(
  '浏览器没有保留这次登录的信息：可能禁用了 Cookie，也可能登录时间太长。',
  'Your browser did not keep this sign-in: it may block cookies, or the sign-in took too long.',
  { zh: '请允许使用 Cookie，然后重新登录。', en: 'Please allow cookies, then sign in again.' },
);
const unavailable = say('jAccount 暂时无法提供服务。', 'jAccount is not available at the moment.', later);

/** What a person reads about an error, by its code. A new code without sentences does not compile. */
export const sentencesByCode: Readonly<Record<Exclude<JaccountErrorCode, 'ERR_JACCOUNT_FORBIDDEN'>, Entry>> =
  {
    ERR_JACCOUNT_AUTHORIZATION: {
      any: say(
        'jAccount 没有接受这个网站的登录请求。',
        'jAccount did not accept the sign-in request of this site.',
        administrator,
      ),
      exactly: {
        access_denied: say('您取消了登录。', 'You cancelled the sign-in.', {
          zh: '如果要继续，请重新登录。',
          en: 'To continue, please sign in again.',
        }),
        server_error: unavailable,
        temporarily_unavailable: unavailable,
      },
    },
    ERR_JACCOUNT_CALLBACK: {
      any: say(
        '登录没有完成，因为打开的地址或链接不正确。',
        'The sign-in was not completed, because the address or the link is not the right one.',
        {
          zh: '请重新打开网站并登录。',
          en: 'Please open the site again and sign in.',
        },
      ),
    },
    ERR_JACCOUNT_STATE: {
      any: say('这次登录已经失效。', 'This sign-in is no longer valid.', again),
      exactly: {
        'no-session': wrongClient,
        'no-transaction': cookieLost,
        unknown: say(
          '这次登录不是从这个浏览器发起的，或者已经失效。',
          'This sign-in was not started in this browser, or is no longer valid.',
          again,
        ),
        expired: say(
          '登录用时超过了十分钟，已经失效。',
          'The sign-in took more than ten minutes and has expired.',
          again,
        ),
        used: say(
          '这次登录已经处理过了，可能是刷新或重复打开了页面。',
          'This sign-in was used before, perhaps because the page was reloaded or opened twice.',
          {
            zh: '如果还没有登录，请重新登录。',
            en: 'If you are not signed in, please sign in again.',
          },
        ),
        foreign: say(
          '这次登录是从另一个入口发起的。',
          'This sign-in was started at another entrance of the site.',
          again,
        ),
        user: say(
          '登录过程中，这个浏览器登录了另一个账号。',
          'Another account was signed in with this browser in the meantime.',
          {
            zh: '如果要换用账号，请重新登录。',
            en: 'To change the account, please sign in again.',
          },
        ),
      },
    },
    ERR_JACCOUNT_ACCOUNT_MISMATCH: {
      any: say(
        'jAccount 返回了两个不同的账号，为了安全没有登录。',
        'jAccount named two different accounts, so you were not signed in.',
        againOrAdministrator,
      ),
    },
    ERR_JACCOUNT_TOKEN: {
      any: say('jAccount 没有完成这次登录。', 'jAccount did not complete the sign-in.', later),
      exactly: {
        invalid_grant: say(
          '登录用时太长，或者被提交了两次。',
          'The sign-in took too long, or was sent twice.',
          again,
        ),
        invalid_client: wrongClient,
        unauthorized_client: wrongClient,
        redirect_uri_mismatch: wrongClient,
        invalid_scope: wrongClient,
      },
    },
    ERR_JACCOUNT_ID_TOKEN: {
      any: say('登录没有通过安全检查。', 'The sign-in did not pass a security check.', againOrAdministrator),
      exactly: {
        missing: notGranted,
        expired: wrongClock,
        'issued-at': wrongClock,
        signature: wrongClient,
      },
    },
    ERR_JACCOUNT_API: {
      any: say(
        'jAccount 暂时没有提供所需的信息。',
        'jAccount did not provide the information that is needed.',
        later,
      ),
      exactly: {
        10002: say('您的登录已经失效。', 'Your sign-in is no longer valid.', again),
        10003: notGranted,
        10007: say('您的登录已经失效。', 'Your sign-in is no longer valid.', again),
        10010: notGranted,
      },
    },
    ERR_JACCOUNT_RESPONSE: {
      any: say(
        'jAccount 可能正在维护，没有正常响应。',
        'jAccount may be under maintenance, and did not answer properly.',
        later,
      ),
    },
    ERR_JACCOUNT_NETWORK: {
      any: say('这个网站暂时连接不上 jAccount。', 'This site cannot reach jAccount at the moment.', later),
    },
    ERR_JACCOUNT_BEARER: {
      any: invalidToken,
      exactly: {
        missing: notSignedIn,
        scheme: notSignedIn,
        expired: say('您的登录已经过期。', 'Your sign-in has expired.', again),
        user: refusedByApplication(),
      },
    },
    ERR_JACCOUNT_KEYS: {
      any: say('网站暂时无法验证登录。', 'This site cannot check sign-ins at the moment.', later),
    },
  };

/** About a user that the application does not accept. */
export const notAccepted: Sentences = refusedByApplication();

/** For an error that is the application's own. */
export const failed: Sentences = say(
  '网站出了问题，操作没有完成。',
  'Something went wrong on this site.',
  later,
);

function refusedByApplication(): Sentences {
  return say('这个网站没有接受您的账号。', 'This site did not accept your account.', {
    zh: '如果您认为应当可以登录，请联系网站的管理员。',
    en: "If you think that it should, please contact the site's administrator.",
  });
}

function say(zh: string, en: string, then: Sentences): Sentences {
  return { zh: zh + then.zh, en: `${en} ${then.en}` };
}
