import type { Language } from '../http/exchange';
import { html, type Markup } from '../http/html';
import { type Words, words } from '../pages/text';
import type { LoggedRequest } from '../state/request-log';
import type { Snapshot } from './control';

const maxShown = 50;

/** The last requests, the newest on top. */
export function requestsSection({ requests }: Snapshot, language: Language): Markup {
  const text = words[language];
  const newestFirst = requests.slice(-maxShown).reverse();
  return html`<section class="card requests" aria-labelledby="requests">
        <div class="heading">
          <h2 id="requests">${text.requests}</h2>
          <p class="live scripted" id="connection" role="status" data-lost="${text.lost}">${text.live}</p>
        </div>
        <p class="unseen" role="log" id="latest-request"></p>
        <div class="scroll" id="request-rows" data-live tabindex="0" role="group" aria-labelledby="requests">${
          requests.length > 0 ? requestTable(newestFirst, text) : html`<p class="soft">${text.noRequests}</p>`
        }</div>
      </section>`;
}

function requestTable(requests: readonly LoggedRequest[], text: Words): Markup {
  return html`<table aria-labelledby="requests">
          <thead><tr><th scope="col">${text.time}</th><th scope="col">${text.request}</th>
            <th scope="col">${text.status}</th><th scope="col" class="duration">${text.duration}</th></tr></thead>
          <tbody>${requests.map((request) => requestRow(request, text))}
          </tbody>
        </table>`;
}

function requestRow(
  { method, path, status, parameters, time, duration }: LoggedRequest,
  text: Words,
): Markup {
  const shown = status === 0 ? text.unanswered : String(status);
  const at = new Date(time);
  return html`
            <tr data-summary="${method} ${path}: ${shown}">
              <td><time datetime="${at.toISOString()}">${at.toTimeString().slice(0, 8)}</time></td>
              <td><code><b>${method}</b> <bdi>${path}</bdi></code>${parameterList(parameters)}</td>
              <td><span class="status ${outcomeOf(status)}">${shown}</span></td>
              <td class="duration">${duration}</td>
            </tr>`;
}

function parameterList(parameters: LoggedRequest['parameters']): Markup | false {
  const entries = Object.entries(parameters);
  if (entries.length === 0) return false;
  return html`<ul class="parameters">${entries.map(
    ([name, value]) => html`<li><bdi>${name}</bdi>=<bdi>${value}</bdi></li>`,
  )}</ul>`;
}

function outcomeOf(status: number): string {
  if (status === 0 || status >= 500) return 'bad';
  if (status >= 400) return 'refused';
  return status >= 300 ? 'redirect' : 'good';
}
