import type { Language } from '../http/exchange';
import { filled, html, type Markup } from '../http/html';
import { inLanguage, type Pair, type Words, words } from '../pages/text';
import type { Behaviour } from '../state/behaviour';
import { faultPoints, type PendingFault } from '../state/faults';
import type { Snapshot } from './control';
import { fieldsOf, pendingOf, type ReadyFault, readyFaults, summaryOf } from './ready-faults';

/** The faults that can be switched on, those that wait, and a form for any other. */
export function faultsSection({ faults, behaviour }: Snapshot, language: Language): Markup {
  const text = words[language];
  return html`<section class="card" aria-labelledby="faults">
        <h2 id="faults">${text.faults}</h2>
        <p class="soft">${text.faultsHint}</p>
        <ul class="switches" id="ready-faults" data-live>${readyFaults.map((ready) =>
          faultSwitch(ready, faults, language),
        )}${maintenanceSwitch(behaviour, language)}
        </ul>
        <div id="pending-faults" data-live tabindex="-1">${faults.length > 0 && pendingFaults(faults, text)}</div>
        <details>
          <summary>${text.anotherFault}</summary>
          ${anyFault(text)}
        </details>
      </section>`;
}

function faultSwitch(ready: ReadyFault, faults: readonly PendingFault[], language: Language): Markup {
  const { id, point, fault } = ready;
  const pending = pendingOf(ready, faults);
  const label = inLanguage(ready.label, language);
  const detail = `${point} · ${summaryOf(fault)}`;
  if (pending) {
    return switchForm('faults/clear', switchButton({ id, label, detail, off: ['id', String(pending.id)] }));
  }
  const { once } = words[language];
  return switchForm(
    'fault',
    html`${fieldsOf(ready).map(hidden)}${switchButton({ id, label, detail, on: ['times', 'always'] })}
            <button name="times" value="1" id="${id}-once" aria-label="${label}: ${once}">${once}</button>`,
  );
}

const maintenance: Pair = ['停机维护', 'Down for maintenance'];

function maintenanceSwitch({ maintenance: now }: Behaviour, language: Language): Markup {
  const label = inLanguage(maintenance, language);
  const next = now === 'on' ? { off: ['maintenance', 'off'] } : { on: ['maintenance', 'on'] };
  const detail = 'behaviour · maintenance: on';
  return switchForm('behaviour', switchButton({ id: 'maintenance', label, detail, ...next }));
}

function switchForm(control: string, content: Markup): Markup {
  return html`
          <li><form method="post" action="/emulator/${control}" data-quiet>${content}</form></li>`;
}

interface Switch {
  id: string;
  label: string;
  detail: string;
  /** What is sent to switch it on, where it is off; or off, where it is on. */
  on?: readonly string[];
  off?: readonly string[];
}

function switchButton({ id, label, detail, on, off }: Switch): Markup {
  const [name, value] = on ?? off ?? [];
  return html`
            <button class="switch" role="switch" aria-checked="${on === undefined}" id="${id}" name="${name}" value="${value}">
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
            <li><code><b>${point}</b> <bdi>${summaryOf(fault).slice(0, 200)}</bdi></code>
              <span class="soft">${left === null ? text.always : filled(text.left, left)}</span>
              <form method="post" action="/emulator/faults/clear" data-quiet>${hidden(['id', String(id)])}
                <button id="clear-${id}" aria-label="${text.clear}: ${point} ${summaryOf(fault).slice(0, 40)}">${text.clear}</button></form></li>`;
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
