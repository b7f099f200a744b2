import type { Language } from '../http/exchange';
import { html, type Markup } from '../http/html';
import { inLanguage, type Pair, words } from '../pages/text';
import { type Behaviour, type BehaviourName, behaviours } from '../state/behaviour';
import { behaviourTexts } from './behaviour-text';
import type { Snapshot } from './control';

/** Every switch of `behaviour`, explained. */
export function behaviourSection({ behaviour }: Snapshot, language: Language): Markup {
  const text = words[language];
  const names = Object.keys(behaviours) as BehaviourName[];
  return html`<section class="card" aria-labelledby="behaviour">
        <h2 id="behaviour">${text.behaviour}</h2>
        <p class="soft">${text.behaviourHint}</p>
        <form method="post" action="/emulator/behaviour" data-quiet>
          <div class="behaviours" id="behaviours" data-live>${names.map((name) => choice(name, behaviour, language))}
          </div>
          <button class="primary" id="apply">${text.apply}</button>
        </form>
      </section>`;
}

function choice(name: BehaviourName, behaviour: Readonly<Behaviour>, language: Language): Markup {
  const { label, values } = behaviourTexts[name];
  const [usual] = behaviours[name];
  const changed = behaviour[name] !== usual;
  return html`
            <label${changed && html` class="changed"`}><span>${inLanguage(label, language)} <code>${name}</code></span>
              <select name="${name}" id="behaviour-${name}">${Object.entries(values).map(
                ([value, meaning]) => html`
                <option value="${value}"${value === behaviour[name] && html` selected`}>${optionText(value, inLanguage(meaning as Pair, language))}</option>`,
              )}
              </select></label>`;
}

function optionText(value: string, meaning: string): string {
  return value === meaning ? value : `${value} · ${meaning}`;
}
