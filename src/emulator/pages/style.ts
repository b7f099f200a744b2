import { dashboardStyle } from '../dashboard/dashboard-style';
import { loginStyle } from './login-style';

const base = `
:root { color-scheme: light dark;
  --red: #a6192e; --red-dark: #8b1426; --on-red: #fff; --accent: #a6192e; --tint: #f8ebed;
  --ink: #1f2328; --soft: #59636e; --line: #d8dee4; --edge: #818b98; --paper: #f6f7f9; --card: #fff; --well: #f3f4f6;
  --focus: #0969da; --link: #0a58b8; --good: #116329; --warn: #7d4e00; --bad: #b3001e;
  --note: #fff4d6; --note-line: #ecd9a0; --shadow: 0 1px 2px #1f23280f, 0 2px 8px #1f23280a; }
@media (prefers-color-scheme: dark) { :root {
  --red: #8f1a2c; --red-dark: #a6283b; --accent: #ff9aa5; --tint: #3a2226;
  --ink: #e6e8eb; --soft: #a3abb5; --line: #343a42; --edge: #747e8a; --paper: #121417; --card: #1b1e23; --well: #24282e;
  --focus: #6cb1ff; --link: #82b8ff; --good: #6fd287; --warn: #e5b35a; --bad: #ff8f8f;
  --note: #332a12; --note-line: #574717; --shadow: none; } }
*, ::before, ::after { box-sizing: border-box; }
[hidden], html:not(.with-script) .scripted, html:not(.with-clipboard) .copy { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 15px/1.55 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
h1, h2, h3, p, ul, dl, dd, fieldset { margin: 0; }
h1 { font-size: 1.55rem; line-height: 1.3; }
h2 { font-size: 1.05rem; line-height: 1.4; }
h3 { font-size: .875rem; margin: 1rem 0 .35rem; }
ul { list-style: none; padding: 0; }
a { color: var(--link); }
code, pre { font: .925em/1.5 ui-monospace, "Cascadia Mono", Menlo, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
[tabindex="-1"]:focus { outline: none; }
.soft { color: var(--soft); font-size: .875rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 1; padding: .6rem 1rem; background: var(--card); border-radius: .5rem; }
.skip:focus { top: .4rem; }

header { display: flex; align-items: center; gap: 1rem; min-height: 3.25rem; padding: .25rem 1.5rem; background: var(--red); color: var(--on-red); }
.brand { flex: 1; font-size: 1.2rem; letter-spacing: .01em; }
.tag { margin-left: .35rem; padding: .1rem .55rem; border: 1px solid #ffffff80; border-radius: 1rem; font-size: .8rem; vertical-align: .1em; }
header a { display: inline-flex; align-items: center; min-height: 2.75rem; padding: 0 .25rem; color: inherit; text-underline-offset: .25em; }
header :focus-visible { outline-color: var(--on-red); }
.banner { padding: .45rem 1.5rem; background: var(--note); border-bottom: 1px solid var(--note-line); font-size: .875rem; }
main { margin: 0 auto; padding: 1.75rem 1.5rem 3rem; }
main.wide { max-width: 84rem; }
main.narrow { max-width: 32rem; padding-top: 3.5rem; }
.title { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; margin-bottom: 1.25rem; }
.title p { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: 1.25rem; box-shadow: var(--shadow); min-width: 0; }
.middle { display: grid; gap: 1rem; justify-items: center; text-align: center; padding: 2.5rem 1.5rem; }

button, input, select, .primary { font: inherit; color: inherit; min-height: 2.25rem; border: 1px solid var(--edge); border-radius: .5rem; background: var(--card); }
button, .primary { cursor: pointer; padding: .3rem .9rem; }
button:hover { border-color: var(--accent); color: var(--accent); }
.primary { display: inline-flex; align-items: center; justify-content: center; padding: .4rem 1.25rem; font-weight: 600;
  color: var(--on-red); background: var(--red); border-color: var(--red); text-decoration: none; }
.primary:hover { color: var(--on-red); background: var(--red-dark); border-color: var(--red-dark); }
.danger { color: var(--bad); border-color: currentcolor; }
input, select { width: 100%; padding: .3rem .65rem; }
input::placeholder { color: var(--soft); opacity: 1; }
input[aria-invalid] { border-color: var(--bad); border-width: 2px; }
input[type=checkbox] { width: 1.15rem; height: 1.15rem; min-height: 0; flex: none; margin: .2rem 0 0; accent-color: var(--accent); }
.fields { display: grid; gap: .85rem; }
.fields label > span { display: block; font-weight: 600; font-size: .875rem; margin-bottom: .25rem; }
.fields .check, .check { display: flex; gap: .65rem; align-items: flex-start; }
.alert { padding: .6rem .85rem; margin-bottom: .85rem; border: 1px solid var(--bad); border-left-width: 4px; border-radius: .5rem; color: var(--bad); }
.face { flex: none; width: 2.6rem; height: 2.6rem; border-radius: 50%; display: grid; place-items: center; font-size: 1.15rem; font-weight: 600;
  color: hsl(var(--hue) 60% 28%); background: hsl(var(--hue) 55% 91%); --hue: 350; }
.student { --hue: 212; } .staff { --hue: 350; } .alumni { --hue: 268; } .guest { --hue: 160; } .collective { --hue: 32; } .other { --hue: 230; }
@media (prefers-color-scheme: dark) { .face { color: hsl(var(--hue) 75% 84%); background: hsl(var(--hue) 32% 25%); } }

.consent h1 { font-size: 1.3rem; font-weight: 500; }
.client { font-weight: 700; color: var(--accent); }
.person { display: flex; gap: .75rem; align-items: center; padding: .9rem 0; margin: .9rem 0; border: solid var(--line); border-width: 1px 0; }
.consent code { color: var(--soft); font-size: .85em; }
.consent fieldset { border: 0; padding: 0; margin-bottom: .9rem; }
.consent legend { font-weight: 600; padding: 0; margin-bottom: .25rem; }
.consent .check { padding: .4rem 0; }
.consent form > .check { padding-top: .8rem; border-top: 1px solid var(--line); }
.actions { display: flex; gap: .75rem; margin-top: .9rem; }
.actions button { flex: 1; min-height: 2.75rem; }

@media (max-width: 48rem) {
  body { font-size: 16px; }
  header, .banner { padding-left: 1rem; padding-right: 1rem; }
  main, main.narrow { padding: 1.25rem 1rem 2.5rem; }
  button, input, select, .primary, summary { min-height: 2.75rem; }
  .card { padding: 1rem; }
}
@media (prefers-reduced-motion: no-preference) { button, .people button { transition: border-color .12s, box-shadow .12s; } }
`;

/** The style of every page. */
export const styleSheet = base + loginStyle + dashboardStyle;
