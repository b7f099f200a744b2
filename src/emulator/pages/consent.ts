import type { Language } from '../http/exchange';
import { filled, html, type Markup } from '../http/html';
import type { Account } from '../state/accounts';
import { layout } from './layout';
import { face, nameOf } from './person';
import { purposeOf } from './scope-text';
import { words } from './text';

export interface ConsentPage {
  language: Language;
  /** The application that asks. */
  client: string;
  account: Account;
  scopes: readonly string[];
  returl: string;
}

/** Asks whether an application may have what it wants. Each scope can be refused by itself. */
export function consentPage({ language, client, account, scopes, returl }: ConsentPage): string {
  const text = words[language];
  const who = html`<b><bdi>${nameOf(account)}</bdi></b> <code><bdi>${account.account}</bdi></code>`;
  return layout(
    { language, title: text.consent, width: 'narrow' },
    html`
    <section class="card consent">
      <h1>${filled(text.consentAsks, html`<b class="client"><bdi>${client}</bdi></b>`)}</h1>
      <p class="person">${face(account)} <span>${filled(text.signedInAs, who)}</span></p>
      <form method="post" action="/jaccount/consent">
        <input type="hidden" name="returl" value="${returl}">
        <fieldset>
          <legend>${text.permissions}</legend>${scopes.map((scope) => checkbox(scope, language))}
        </fieldset>
        <label class="check"><input type="checkbox" name="remember" value="on" checked> <span>${text.remember}</span></label>
        <div class="actions">
          <button class="primary" name="decision" value="allow">${text.allow}</button>
          <button name="decision" value="deny">${text.deny}</button>
        </div>
      </form>
    </section>`,
  );
}

function checkbox(scope: string, language: Language): Markup {
  const purpose = purposeOf(scope, language);
  return html`
          <label class="check"><input type="checkbox" name="scope" value="${scope}" checked>
            <span>${purpose && html`${purpose} `}<code><bdi>${scope}</bdi></code></span></label>`;
}
