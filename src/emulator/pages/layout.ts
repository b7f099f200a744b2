import type { Language } from '../http/exchange';
import { html, type Markup } from '../http/html';
import { words } from './text';

export interface Shell {
  language: Language;
  title: string;
  /** How much room the page takes: a card in the middle, or all the width there is. */
  width: 'narrow' | 'wide';
}

/** A whole page. Style and script are the emulator's own; the icon is the page's own. */
export function layout({ language, title, width }: Shell, body: Markup): string {
  const { emulator, notReal, skip, dashboard } = words[language];
  return html`<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title} · jAccount ${emulator}</title>
  <link rel="icon" href="${icon}">
  <link rel="stylesheet" href="/emulator/style.css">
  <script src="/emulator/script.js"></script>
</head>
<body>
  <a class="skip" href="#main">${skip}</a>
  <header>
    <p class="brand"><b>jAccount</b> <span class="tag">${emulator}</span></p>
    <nav><a href="/">${dashboard}</a></nav>
  </header>
  <p class="banner" role="note">${notReal}</p>
  <main id="main" class="${width}" tabindex="-1">${body}
  </main>
</body>
</html>
`.text;
}

const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#a6192e"/>' +
    '<path d="M10 3v6.5a2.5 2.5 0 0 1-5 0" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>',
)}`;
