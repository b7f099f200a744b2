import type { Language } from '../http/exchange';
import { html, type Markup } from '../http/html';
import { words } from '../pages/text';
import type { Snapshot } from './control';

/** The ID Token that was issued last, decoded. */
export function idTokenSection({ idToken }: Snapshot, language: Language): Markup {
  const text = words[language];
  return html`<section class="card side" aria-labelledby="id-token">
        <h2 id="id-token">${text.idToken}</h2>
        <div id="decoded" data-live>${
          idToken
            ? html`<h3>${text.header}</h3>${memberList(idToken.header)}
          <h3>${text.claims}</h3>${memberList(idToken.claims)}`
            : html`<p class="soft">${text.noIdToken}</p>`
        }</div>
      </section>`;
}

function memberList(members: object): Markup {
  return html`
          <dl class="members">${Object.entries(members).map(
            ([name, value]) => html`
            <dt><code><bdi>${name}</bdi></code></dt>
            <dd><code><bdi>${JSON.stringify(value)}</bdi></code>${dateOf(name, value)}</dd>`,
          )}
          </dl>`;
}

const dates = ['exp', 'iat', 'nbf', 'auth_time'];

function dateOf(name: string, value: unknown): Markup | false {
  if (!dates.includes(name) || typeof value !== 'number') return false;
  const date = new Date(value * 1000);
  // A fault can have put any number here.
  if (Number.isNaN(date.getTime())) return false;
  return html` <span class="soft">${date.toISOString().slice(0, 19).replace('T', ' ')} UTC</span>`;
}
