import type { Language } from '../http/exchange';
import { filled, html, type Markup } from '../http/html';
import { layout } from '../pages/layout';
import { type Words, words } from '../pages/text';
import { behaviourSection } from './behaviour-section';
import type { Snapshot } from './control';
import { type Environment, environments } from './environment';
import { faultsSection } from './faults-section';
import { idTokenSection } from './id-token-section';
import { requestsSection } from './requests-section';

export interface DashboardPage {
  language: Language;
  snapshot: Snapshot;
}

/** What a developer needs to point an application here, and to see and bend what happens. */
export function dashboardPage({ language, snapshot }: DashboardPage): string {
  const text = words[language];
  return layout(
    { language, title: text.dashboard, width: 'wide' },
    html`
    <div class="title">
      <h1>${text.ready}</h1>
      <p id="signed-in" data-live>${signedInText(snapshot.signedIn, text)}</p>
    </div>
    <p class="alert" role="alert" id="refusal" hidden></p>
    <p class="unseen" role="status" id="copied" data-copied="${text.copied}"></p>
    <div class="dashboard">
      ${endpointsSection(snapshot, text)}
      ${environmentSection(snapshot, text)}
      ${requestsSection(snapshot, language)}
      ${idTokenSection(snapshot, language)}
      ${clockSection(snapshot, text)}
      ${faultsSection(snapshot, language)}
      ${behaviourSection(snapshot, language)}
    </div>`,
  );
}

function signedInText(account: string | undefined, text: Words): Markup {
  if (account === undefined) return html`${text.nobodySignedIn}`;
  return html`${filled(text.signedInAs, html`<b><bdi>${account}</bdi></b>`)} <a href="/oauth2/logout">${text.signOut}</a>`;
}

function endpointsSection({ endpoints, discovery, jwks, client, caFile }: Snapshot, text: Words): Markup {
  const rows = Object.entries({ ...client, ...endpoints, discovery, jwks, caFile });
  return html`<section class="card half" aria-labelledby="endpoints">
        <h2 id="endpoints">${text.endpoints}</h2>
        <dl class="endpoints">${rows.map(
          ([name, value]) =>
            value &&
            html`
          <div><dt>${name}</dt><dd><code>${value}</code>${copyButton(name, value, text)}</dd></div>`,
        )}
        </dl>
      </section>`;
}

function environmentSection(snapshot: Snapshot, text: Words): Markup {
  return html`<section class="card half" aria-labelledby="environment">
        <h2 id="environment">${text.environment}</h2>${environments(snapshot, text.variables).map(
          (environment, index) => html`
        <details class="environment" name="environment"${index === 0 && html` open`}>
          <summary>${environment.name}</summary>${codeBlocks(environment, text)}
        </details>`,
        )}
      </section>`;
}

function codeBlocks({ name, blocks }: Environment, text: Words): Markup[] {
  return blocks.map(
    ({ title, lines }) => html`
          <div class="code"><span class="soft">${title}</span>${copyButton(`${name}, ${title}`, lines, text)}</div>
          <pre tabindex="0" role="group" aria-label="${name}, ${title}"><code>${lines}</code></pre>`,
  );
}

function copyButton(name: string, value: string, { copy }: Words): Markup {
  return html`<button type="button" class="copy" data-copy="${value}" data-name="${name}" aria-label="${copy} ${name}">${copy}</button>`;
}

function clockSection({ skew }: Snapshot, text: Words): Markup {
  return html`<section class="card side" aria-labelledby="clock">
        <h2 id="clock">${text.clock}</h2>
        <p id="skew" data-live><b>${filled(text.ahead, skew)}</b></p>
        <p class="soft">${text.clockHint}</p>
        <form class="row" method="post" action="/emulator/advance" data-quiet>
          <button name="seconds" value="60" id="advance-60">+60 s</button>
          <button name="seconds" value="1800" id="advance-1800">+1800 s</button>
        </form>
        <form class="row" method="post" action="/emulator/advance" data-quiet>
          <label><span>${text.seconds}</span> <input type="number" name="seconds" value="3600" min="1" required></label>
          <button id="advance">${text.advance}</button>
        </form>
        <h3>${text.reset}</h3>
        <p class="soft">${text.resetHint}</p>
        <form method="post" action="/emulator/reset" data-quiet><button class="danger" id="reset">${text.reset}</button></form>
      </section>`;
}
