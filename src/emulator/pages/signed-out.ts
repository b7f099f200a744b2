import type { Language } from '../http/exchange';
import { html } from '../http/html';
import { layout } from './layout';
import { words } from './text';

/** Where a logout ends that names no other place. */
export function signedOutPage({ language }: { language: Language }): string {
  const { signedOut, signedOutOf, toDashboard } = words[language];
  return layout(
    { language, title: signedOut, width: 'narrow' },
    html`
    <section class="card middle">
      <h1>${signedOut}</h1>
      <p>${signedOutOf}</p>
      <a class="primary" href="/">${toDashboard}</a>
    </section>`,
  );
}
