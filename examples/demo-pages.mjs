// The pages of the demo: strings in, HTML out. No script runs in them, and every value is escaped.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { JaccountError, messageFor, userTypes } from 'passport-jaccount';

const roadTexts = {
  openid: ['只读 ID Token，登录后不再请求', 'the ID Token only: no request follows the login'],
  essential: ['读取个人信息接口', 'the profile API'],
  'openid essential': ['两者都读，并核对是同一账号', 'both, which must name the same account'],
  'openid profile': ['两者都读，另有联系方式', 'both, with contact details'],
};

/** What may be asked for at /login. */
export const scopeChoices = [...Object.keys(roadTexts), 'basic', 'profile'];

export function signedOutPage({ failures, emulatorURL }) {
  return page(
    { title: '登录 Sign in', emulatorURL },
    html`
    ${failures.map(failureNotice)}
    <section class="card welcome">
      <h1>欢迎 <small lang="en">Welcome</small></h1>
      <p>用 jAccount 登录这个示例应用。<br>
        <span lang="en">Sign in to this sample application with jAccount.</span></p>
      <a class="button" href="/login?scope=openid">使用 jAccount 登录 <span lang="en">Sign in with jAccount</span></a>
    </section>
    ${scopeLinks('用别的 scope 登录', 'Sign in with another scope', 'openid')}`,
  );
}

export function signedInPage({ user, scope, csrf, failures, emulatorURL }) {
  const { username, displayName, code, organization, mailbox, contactEmail, roads } = user;
  return page(
    { title: '已登录 Signed in', emulatorURL },
    html`
    ${failures.map(failureNotice)}
    <section class="card">
      <div class="person">
        <span class="face" aria-hidden="true">${[...displayName][0]}</span>
        <div>
          <h1>${displayName}</h1>
          <p>已登录 <span lang="en">Signed in</span></p>
        </div>
        <form method="post" action="/logout">
          <input type="hidden" name="csrf" value="${csrf}">
          <button class="button quiet">退出 <span lang="en">Sign out</span></button>
        </form>
      </div>
      <dl>
        ${fact('账号', 'Account', html`<code>${username}</code>`)}
        ${fact('身份', 'User type', userTypeText(user.userType))}
        ${fact('学工号', 'Number', code && html`<code>${code}</code>`)}
        ${fact('单位', 'Organisation', organization)}
        ${fact('交大邮箱', 'SJTU mailbox', mailbox)}
        ${fact('联系邮箱', 'Contact', contactEmail && contactText(contactEmail))}
        ${fact('资料来源', 'Source', roadText(roads))}
        ${fact('权限范围', 'Scope', html`<code>${scope}</code>`)}
      </dl>
    </section>
    ${scopeLinks('换一个 scope 再登录', 'Sign in again with another scope', scope)}`,
  );
}

export function errorPage({ error, emulatorURL }) {
  const { status = 500, code = 'DEMO_ERROR', message } = error;
  // What an unforeseen error says is for the log only.
  const told = error instanceof JaccountError || status < 500;
  const [zh, en] = sentencesFor(error, status);
  return page(
    { title: '出错了 Error', emulatorURL },
    html`
    <section class="card trouble">
      <h1>出错了 <small lang="en">Something went wrong</small></h1>
      <p>${zh}<br>
        <span lang="en">${en}</span></p>
      <dl>
        ${fact('代码', 'Code', html`<code>${code}</code>`)}
        ${fact('详情', 'Detail', html`<span lang="en">${told ? message : 'see the terminal that runs the demo'}</span>`)}
      </dl>
      <a class="button" href="/">返回首页 <span lang="en">Back to the start</span></a>
    </section>`,
  );
}

function sentencesFor(error, status) {
  // The demo's own refusals, such as of a page that does not exist.
  if (!(error instanceof JaccountError) && status < 500)
    return ['这次请求没有完成，没有新的用户登录。', 'This request was not completed, and signed nobody in.'];
  return [messageFor(error, 'zh'), messageFor(error, 'en')];
}

function failureNotice(failure) {
  const { code, detail } = failure;
  return html`<div class="notice" role="alert"><b>登录没有完成 <span lang="en">Sign-in not completed</span></b>
      <p>${messageFor(failure, 'zh')}<br><span lang="en">${messageFor(failure, 'en')}</span></p>
      <p class="soft" lang="en">${code && html`<code>${code}</code> `}${detail}</p></div>`;
}

function scopeLinks(zh, en, current) {
  const others = Object.entries(roadTexts).filter(([scope]) => scope !== current);
  return html`<nav class="scopes" aria-labelledby="scopes">
      <h2 id="scopes">${zh} <small lang="en">${en}</small></h2>
      <ul>${others.map(
        ([scope, [road, roadInEnglish]]) => html`
        <li><a href="/login?${new URLSearchParams({ scope })}"><code>${scope}</code>
          <span>${road} <small lang="en">${roadInEnglish}</small></span></a></li>`,
      )}
      </ul>
    </nav>`;
}

function fact(zh, en, value) {
  const absent = html`<span class="soft">未提供 <span lang="en">not provided</span></span>`;
  return html`<div><dt>${zh} <span lang="en">${en}</span></dt><dd>${value || absent}</dd></div>
        `;
}

function userTypeText(code) {
  const name = userTypes.get(code)?.name;
  return name ? html`${name.zh} <span class="soft" lang="en">${name.en}</span>` : code;
}

function contactText(address) {
  return html`${address} <small>用户自己填写，未经验证 <span lang="en">typed by the user, not verified</span></small>`;
}

function roadText({ idToken, profileAPI }) {
  const idTokenText = html`ID Token <small>签名已验证 <span lang="en">signature verified</span></small>`;
  const apiText = html`Profile API <small>个人信息接口</small>`;
  return [idToken && idTokenText, profileAPI && apiText].filter(Boolean).map((text) => html`<p>${text}</p>`);
}

const style = readFileSync(new URL('demo.css', import.meta.url), 'utf8');
const styleHash = createHash('sha256').update(style).digest('base64');

/** Nothing but the pages' own style; forms go home, and on from there to jAccount's logout. */
export function securityPolicy(jaccountURL) {
  return [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    `form-action 'self' ${jaccountURL}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function page({ title, emulatorURL }, body) {
  return html`<!doctype html>
<html lang="zh-CN">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title} · passport-jaccount</title>
  <style>${new Markup(style)}</style>
</head>
<body>
  <header><a href="/"><b>passport-jaccount</b> <span>示例应用 <span lang="en">demo</span></span></a></header>
  <main>${body}</main>
  <footer>这里的 jAccount 是本机模拟器，人物均为虚构。
    <span lang="en">The jAccount here is an emulator on your machine; everybody is invented.</span>
    <a href="${emulatorURL}">${emulatorURL}</a></footer>
</body>
</html>
`.text;
}

/** Text that is HTML already. */
class Markup {
  constructor(text) {
    this.text = text;
  }
}

/** A template of HTML in which every value is text, unless it was made by this very function. */
function html(parts, ...values) {
  return new Markup(String.raw({ raw: parts }, ...values.map(render)));
}

function render(value) {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  return String(value ?? '').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
