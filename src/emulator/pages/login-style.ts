export const loginStyle = `
.login { display: grid; gap: 1.5rem; grid-template-columns: minmax(0, 1fr) 20rem; align-items: start; }
.login > .card { position: sticky; top: 1.5rem; }
.login h2 { margin-bottom: .85rem; }
.jump { display: none; }
.filters { display: grid; gap: .75rem 1rem; grid-template-columns: minmax(0, 26rem) 1fr; align-items: center; margin-bottom: 1rem; }
.search { display: flex; gap: .6rem; align-items: center; }
.search span { flex: none; font-weight: 600; font-size: .875rem; }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; grid-area: 2 / 1 / 3 / -1; }
.filters > .soft { text-align: right; white-space: nowrap; }
.chips button { border-radius: 2rem; padding: .15rem .8rem; min-height: 2rem; font-size: .875rem; border-color: var(--line); }
.chips button[aria-pressed=true] { color: var(--on-red); background: var(--red); border-color: var(--red); }
.people { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(14.5rem, 1fr)); }
.people li { min-width: 0; }
.people button { width: 100%; height: 100%; display: flex; gap: .8rem; align-items: center; text-align: left; padding: .75rem .85rem;
  border-color: var(--line); border-radius: .7rem; box-shadow: var(--shadow); }
.people button:hover { color: inherit; border-color: var(--accent); background: var(--tint); }
.who { flex: 1; min-width: 0; line-height: 1.4; }
.line { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.line code { font-size: .85rem; }
.line.soft { font-size: .825rem; }
.lock { display: inline-block; width: .8rem; height: .62rem; margin-left: .35rem; border-radius: .12rem; background: var(--soft); position: relative; }
.lock::before { content: ""; position: absolute; left: .16rem; right: .16rem; bottom: 100%; height: .34rem;
  border: 2px solid var(--soft); border-bottom: 0; border-radius: .3rem .3rem 0 0; }
.nobody { padding: 2.5rem 1rem; text-align: center; color: var(--soft); }
@media (max-width: 60rem) { .login { grid-template-columns: minmax(0, 1fr) 16rem; } }
@media (max-width: 48rem) {
  .login { grid-template-columns: minmax(0, 1fr); }
  .login > .card { position: static; }
  .jump { display: inline-flex; align-items: center; min-height: 2.75rem; margin: -.5rem 0 .25rem; }
  .filters { grid-template-columns: minmax(0, 1fr); }
  .chips { flex-wrap: nowrap; overflow-x: auto; margin: 0 -1rem; padding: .25rem 1rem; grid-area: auto; }
  .filters > .soft { text-align: left; }
  .chips button { flex: none; min-height: 2.75rem; padding: 0 1rem; }
  .people { gap: .5rem; }
}
`;
