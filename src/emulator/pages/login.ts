import type { Language } from '../http/exchange';
import { filled, html, type Markup } from '../http/html';
import { type Account, userTypeOf } from '../state/accounts';
import { layout } from './layout';
import { face, groupOf, groups, nameOf, typeNameOf } from './person';
import { type Words, words } from './text';

export interface LoginPage {
  language: Language;
  people: readonly Account[];
  /** Where the login goes on. */
  returl: string;
  /** The application that asked for it. */
  clientID?: string | undefined;
  /** Why the last attempt failed, and what had been typed then. */
  problem?: 'unknown-account' | 'wrong-password' | undefined;
  typed?: string | undefined;
}

/** The login page: everybody there is, one button each, and a form to type into. */
export function loginPage(login: LoginPage): string {
  const { language, people, returl, clientID } = login;
  const text = words[language];
  const client = clientID && html`<code><bdi>${clientID}</bdi></code>`;
  return layout(
    { language, title: text.signIn, width: 'wide' },
    html`
    <div class="title">
      <h1>${text.signIn}</h1>
      <p>${text.chooseSomebody} ${client && filled(text.towards, client)}</p>
    </div>
    <div class="login">
      <section aria-labelledby="people">
        <h2 id="people" class="unseen">${text.people}</h2>
        <a class="jump" href="#typed">${text.typeAccount}</a>
        ${filters(people, text)}
        <form method="post" action="/jaccount/ulogin">
          <input type="hidden" name="returl" value="${returl}">
          <ul class="people">${people.map((person) => card(person, language))}
          </ul>
        </form>
        <p class="nobody" data-nobody hidden>${text.nobody}</p>
      </section>
      ${typedForm(login, text)}
    </div>`,
  );
}

function filters(people: readonly Account[], text: Words): Markup {
  const present = groups.filter((group) => people.some((person) => groupOf(person) === group));
  return html`<div class="filters scripted" data-filters>
          <label class="search"><span>${text.search}</span>
            <input type="search" placeholder="${text.searchFor}" autocomplete="off" spellcheck="false"></label>
          <div class="chips" role="group" aria-label="${text.userType}">
            <button type="button" data-group="" aria-pressed="true">${text.everybody}</button>${present.map(
              (group) => html`
            <button type="button" data-group="${group}" aria-pressed="false">${text[group]}</button>`,
            )}
          </div>
          <p class="soft" role="status" data-shown="${text.shown}">${filled(text.shown, people.length)}</p>
        </div>`;
}

function card(person: Account, language: Language): Markup {
  const { account, code, password } = person;
  const { needsPassword } = words[language];
  const name = nameOf(person);
  const type = typeNameOf(person, language);
  return html`
            <li data-group="${groupOf(person)}" data-search="${searchTextOf(person)}">
              <button name="account" value="${account}"${password && html` data-locked`}>
                ${face(person)}
                <span class="who">
                  <span class="line" title="${name}"><b><bdi>${name}</bdi></b>
                    ${password && html`<span class="lock" role="img" aria-label="${needsPassword}" title="${needsPassword}"></span>`}</span>
                  <span class="line" title="${account}"><code><bdi>${account}</bdi></code></span>
                  <span class="line soft" title="${type}">${code && html`<bdi>${code}</bdi>`}${code && type && ' · '}<bdi>${type}</bdi></span>
                </span>
              </button>
            </li>`;
}

// In both languages, whichever the page has: somebody may look for 校友 on an English page.
function searchTextOf({ account, name, code, userType }: Account): string {
  const type = userTypeOf(userType);
  return [name, account, code, userType, type?.name.zh, type?.name.en]
    .filter(Boolean)
    .join('\n')
    .toLowerCase();
}

function typedForm({ returl, problem, typed = '' }: LoginPage, text: Words): Markup {
  const wrong = (field: string) => problem?.endsWith(field) && html` aria-invalid="true" autofocus`;
  return html`<section class="card" aria-labelledby="typed">
        <h2 id="typed">${text.typeAccount}</h2>
        ${problem && html`<p class="alert" role="alert" id="problem">${text[problem]}</p>`}
        <form class="fields" method="post" action="/jaccount/ulogin" data-typed>
          <input type="hidden" name="returl" value="${returl}">
          <label><span>${text.account}</span>
            <input name="account" value="${typed}" required autocomplete="off" autocapitalize="none" spellcheck="false"${problem && html` aria-describedby="problem"`}${wrong('account')}></label>
          <label><span>${text.password}</span>
            <input name="password" type="password" autocomplete="off" aria-describedby="optional"${wrong('password')}></label>
          <p class="soft" id="optional">${text.passwordOptional}</p>
          <button class="primary">${text.signIn}</button>
        </form>
      </section>`;
}
