import type { Snapshot } from '../control';
import type { Language } from '../exchange';
import { faultPoints, type PendingFault } from '../faults';
import { filled, html, type Markup } from '../html';
import { fieldsOf, pendingOf, type ReadyFault, readyFaults, summaryOf } from './ready-faults';
import { inLanguage, type Pair, type Words, words } from './text';

/** The faults that can be switched on, those that wait, and a form for any other. */
export function faultsSection({ faults, behaviour }: Snapshot, language: Language): Markup {
  const text = words[language];
  return html`<section class="card" aria-labelledby="faults">
        <h2 id="faults">${text.faults}</h2>
        <p class="soft">${text.faultsHint}</p>
        <ul class="switches" id="ready-faults" data-live>${readyFaults.map((ready) =>
          faultSwitch(ready, faults, language),
        )}${maintenanceSwitch(behaviour.maintenance === 'on', language)}
        </ul>
        <div id="pending-faults" data-live tabindex="-1">${faults.length > 0 && pendingFaults(faults, text)}</div>
        <details>
          <summary>${text.anotherFault}</summary>
          ${anyFault(text)}
        </details>
      </section>`;
}

function faultSwitch(ready: ReadyFault, faults: readonly PendingFault[], language: Language): Markup {
  const pending = pendingOf(ready, faults);
  const on = pending !== undefined;
  const fields = on ? [['id', String(pending.id)]] : fieldsOf(ready);
  const label = inLanguage(ready.label, language);
  const { once } = words[language];
  return html`
          <li><form method="post" action="/emulator/${on ? 'faults/clear' : 'fault'}" data-quiet>${fields.map(hidden)}
            ${switchButton({ id: ready.id, on, label, detail: `${ready.point} · ${summaryOf(ready.fault)}` })}
            ${!on && html`<button name="times" value="1" id="${ready.id}-once" aria-label="${label}: ${once}">${once}</button>`}
          </form></li>`;
}

const maintenance: Pair = ['停机维护', 'Down for maintenance'];

function maintenanceSwitch(on: boolean, language: Language): Markup {
  const label = inLanguage(maintenance, language);
  return html`
          <li><form method="post" action="/emulator/behaviour" data-quiet>
            ${hidden(['maintenance', on ? 'off' : 'on'])}
            ${switchButton({ id: 'maintenance', on, label, detail: 'behaviour · maintenance: on' })}
          </form></li>`;
}

interface Switch {
  id: string;
  on: boolean;
  label: string;
  detail: string;
}

// "times" means nothing where a switch is put off.
function switchButton({ id, on, label, detail }: Switch): Markup {
  return html`<button class="switch" role="switch" aria-checked="${on}" id="${id}"${!on && html` name="times" value="always"`}>
              <span><span class="label">${label}</span> <code>${detail}</code></span></button>`;
}

function pendingFaults(faults: readonly PendingFault[], text: Words): Markup {
  return html`
          <h3>${text.active}</h3>
          <ul class="pending">${faults.map((pending) => pendingFault(pending, text))}</ul>
          <form method="post" action="/emulator/faults/clear" data-quiet><button id="clear-all">${text.clearAll}</button></form>`;
}

function pendingFault({ id, point, fault, left }: PendingFault, text: Words): Markup {
  return html`
            <li><code><b>${point}</b> <bdi>${summaryOf(fault)}</bdi></code>
              <span class="soft">${left === null ? text.always : filled(text.left, left)}</span>
              <form method="post" action="/emulator/faults/clear" data-quiet>${hidden(['id', String(id)])}
                <button id="clear-${id}" aria-label="${text.clear}: ${point} ${summaryOf(fault)}">${text.clear}</button></form></li>`;
}

// The rest of the members of a fault are text.
const texts = ['delay', 'status', 'body', 'error', 'errno', 'parameters', 'idToken', 'times'];

const examples: Readonly<Record<string, string>> = {
  delay: '3000',
  status: '503',
  error: 'server_error',
  errno: '10010',
  parameters: '{"state":null}',
  idToken: '{"aud":"library"}',
  times: '1',
};

function anyFault(text: Words): Markup {
  return html`<form class="fields grid" method="post" action="/emulator/fault" data-quiet>
            ${select('point', text.faultPoint, faultPoints)}${texts.map(
              (name) => html`
            <label><code>${name}</code> <input name="${name}" placeholder="${examples[name]}" autocomplete="off"></label>`,
            )}
            ${select('sign', html`<code>sign</code>`, ['other-key', 'none'], text.unset)}
            <label class="check"><input type="checkbox" name="drop"> <code>drop</code></label>
            <label class="check"><input type="checkbox" name="truncate"> <code>truncate</code></label>
            <button class="primary" id="add-fault">${text.add}</button>
          </form>`;
}

function select(name: string, label: string | Markup, values: readonly string[], none?: string): Markup {
  return html`<label>${label} <select name="${name}">${none && html`<option value="">${none}</option>`}${values.map(
    (value) => html`<option>${value}</option>`,
  )}</select></label>`;
}

function hidden([name, value]: readonly string[]): Markup {
  return html`<input type="hidden" name="${name}" value="${value}">`;
}
