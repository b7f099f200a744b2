import { type Account, userTypeOf } from './accounts';
import type { Snapshot } from './control';
import type { Language } from './exchange';
import { html, type Markup } from './html';

/** The login page: everybody there is, one button each. */
export function loginPage({
  people: accounts,
  returl,
}: {
  language: Language;
  people: readonly Account[];
  returl: string;
  clientID?: string;
  problem?: 'unknown-account' | 'wrong-password';
  typed?: string;
}): string {
  return page(
    '登录 Sign in',
    html`
    <h1>选择身份登录 <small>Choose who to sign in as</small></h1>
    <form method="post" action="/jaccount/ulogin">
      <input type="hidden" name="returl" value="${returl}">
      <ul class="people">${accounts.map(personButton)}</ul>
    </form>`,
  );
}

function personButton({ account, name, userType, code }: Account): Markup {
  const type = userTypeOf(userType);
  const label = type ? html`${type.name.zh} <span lang="en">${type.name.en}</span>` : html`${userType}`;
  return html`
        <li><button name="account" value="${account}" data-type="${type?.code ?? userType}">
          <span class="face" aria-hidden="true">${[...(name ?? account)][0]}</span>
          <span><b>${name ?? account}</b> <i>${account}</i><br>
          <em>${label}</em>${code ? html`<br><code>${code}</code>` : ''}</span>
        </button></li>`;
}

export function consentPage({
  client,
  account,
  scopes,
  returl,
}: {
  language: Language;
  client: string;
  account: Account;
  scopes: readonly string[];
  returl: string;
}): string {
  return page(
    '授权 Consent',
    html`<h1>${client} · ${account.name}</h1>
    <form method="post" action="/jaccount/consent">
      <input type="hidden" name="returl" value="${returl}">
      ${scopes.map((scope) => html`<label><input type="checkbox" name="scope" value="${scope}" checked> ${scope}</label>`)}
      <label><input type="checkbox" name="remember" checked> remember</label>
      <button name="decision" value="allow">allow</button> <button name="decision" value="deny">deny</button>
    </form>`,
  );
}

export const styleSheet = '';
export const script = '';

export function signedOutPage(_: { language: Language }): string {
  return page('已退出 Signed out', html`<h1>已退出 jAccount <small>You are signed out</small></h1>`);
}

/** What a developer needs to point an application here. */
export function dashboardPage({ snapshot }: { language: Language; snapshot: Snapshot }): string {
  const rows = Object.entries({ ...snapshot.endpoints, ...snapshot.client });
  return page(
    'jAccount',
    html`
    <h1>本机 jAccount 已就绪 <small>A jAccount on your machine</small></h1>
    <p>把下面的值交给 <code>JaccountStrategy</code>。 Give these to <code>JaccountStrategy</code>.</p>
    <dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>`)}</dl>`,
  );
}

function page(title: string, body: Markup): string {
  return html`<!doctype html>
<html lang="zh-CN">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title} · jAccount 模拟器 emulator</title>
  <style>${styles}</style>
</head>
<body>
  <header><b>jAccount</b> <span>模拟器 emulator</span></header>
  <p class="banner" role="note">这不是上海交通大学的 jAccount，人物均为虚构。
    <span lang="en">This is not SJTU’s jAccount; everybody here is invented.</span></p>
  <main>${body}</main>
</body>
</html>
`.text;
}

const styles = html`
    :root { color-scheme: light; --red: #a6192e; --ink: #1f2328; --soft: #656d76; --line: #d8dee4; --paper: #f6f7f9; }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
    header { background: var(--red); color: #fff; padding: .8rem 1.25rem; font-size: 1.15rem; }
    header span { opacity: .85; font-size: .9rem; margin-left: .35rem; }
    .banner { margin: 0; padding: .55rem 1.25rem; background: #fff4d6; border-bottom: 1px solid #ecd9a0; font-size: .875rem; }
    main { max-width: 62rem; margin: 0 auto; padding: 1.25rem; }
    h1 { font-size: 1.4rem; margin: .25rem 0 1rem; }
    h1 small { color: var(--soft); font-weight: 400; font-size: 1rem; margin-left: .4rem; }
    .people { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem;
      grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
    .people button { width: 100%; height: 100%; display: flex; gap: .85rem; align-items: center; text-align: left; cursor: pointer;
      font: inherit; color: inherit; background: #fff; border: 1px solid var(--line); border-radius: .75rem; padding: .85rem; }
    .people button:hover { border-color: var(--red); box-shadow: 0 2px 10px #0000001a; }
    .people button:focus-visible { outline: 3px solid #0969da; outline-offset: 2px; }
    .face { flex: none; width: 3rem; height: 3rem; border-radius: 50%; display: grid; place-items: center;
      background: #f3dfe2; color: var(--red); font-size: 1.3rem; font-weight: 600; }
    .people i, .people em { font-style: normal; color: var(--soft); font-size: .875rem; }
    code { font: .85rem ui-monospace, "Cascadia Mono", Menlo, monospace; color: var(--soft); overflow-wrap: anywhere; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1rem; background: #fff; border: 1px solid var(--line);
      border-radius: .75rem; padding: 1rem; margin: 1rem 0; }
    dt { color: var(--soft); } dd { margin: 0; }
    @media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } h1 small { display: block; margin: 0; } }`;
