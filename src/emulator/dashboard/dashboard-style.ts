export const dashboardStyle = `
.dashboard { display: grid; gap: 1.25rem; grid-template-columns: repeat(12, minmax(0, 1fr)); align-items: start; }
.dashboard > * { grid-column: span 12; }
.dashboard h2 { margin-bottom: .6rem; }
.dashboard > .half { grid-column: span 6; height: 100%; }
.dashboard > .requests { grid-area: span 2 / span 8; height: 100%; }
.dashboard > .side { grid-column: span 4; height: 100%; }
.endpoints > div { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: 0 .75rem; padding: .3rem 0; border-top: 1px solid var(--line); align-items: center; }
.endpoints dt { color: var(--soft); font-size: .875rem; }
.endpoints dd { display: flex; gap: .75rem; align-items: center; }
.endpoints code { flex: 1; min-width: 0; font-size: .85rem; }
.copy { flex: none; min-height: 1.9rem; padding: 0 .7rem; font-size: .8rem; border-color: var(--line); background: var(--card); }
.environment { border-top: 1px solid var(--line); }
summary { display: flow-root list-item; cursor: pointer; padding: .5rem .25rem; font-weight: 600; }
.code { display: flex; justify-content: space-between; align-items: center; margin-bottom: .35rem; }
.environment pre { margin: 0 0 .85rem; padding: .75rem 1rem; overflow-x: auto; background: var(--well); border-radius: .5rem; font-size: .8rem; overflow-wrap: normal; tab-size: 4; }

.heading { display: flex; justify-content: space-between; gap: 1rem; }
.live { font-size: .825rem; color: var(--good); white-space: nowrap; }
.live::before { content: ""; display: inline-block; width: .5rem; height: .5rem; margin-right: .4rem; border-radius: 50%; background: currentcolor; }
.live.lost { color: var(--bad); }
.scroll { max-height: 43rem; overflow: auto; }
table { width: 100%; border-collapse: collapse; }
th { position: sticky; top: 0; background: var(--card); text-align: left; font-size: .8rem; color: var(--soft); font-weight: 600; white-space: nowrap; }
th, td { padding: .4rem .6rem .4rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
td:nth-child(2) { width: 100%; min-width: 0; }
td, time { font-size: .85rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:nth-child(2) { white-space: normal; }
.duration { text-align: right; padding-right: 0; }
.status { font-weight: 600; }
.status.good { color: var(--good); } .status.redirect { color: var(--link); } .status.refused { color: var(--warn); } .status.bad { color: var(--bad); }
.parameters { display: flex; flex-wrap: wrap; gap: .1rem .75rem; font: .76rem/1.5 ui-monospace, Menlo, "DejaVu Sans Mono", monospace; color: var(--soft); }
.members { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem; font-size: .875rem; }
.members dt { color: var(--soft); }
.members .soft { font-size: .8rem; }

.switches { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); margin: .85rem 0; }
.switches form { display: flex; gap: .5rem; height: 100%; }
.switch { flex: 1; min-width: 0; display: flex; gap: .75rem; align-items: center; text-align: left; border-color: var(--line); padding: .45rem .75rem; }
.switch > span { flex: 1; min-width: 0; line-height: 1.4; }
.switch .label { display: block; }
.switch code { color: var(--soft); font-size: .76rem; }
.switch::after { content: ""; flex: none; width: 2.3rem; height: 1.3rem; border-radius: 1rem; border: 1px solid var(--edge);
  background: radial-gradient(circle at .58rem 50%, var(--edge) .4rem, transparent .45rem) var(--well); }
.switch[aria-checked=true] { border-color: var(--accent); background: var(--tint); color: inherit; }
.switch[aria-checked=true]::after { border-color: var(--red);
  background: radial-gradient(circle at 1.62rem 50%, var(--on-red) .4rem, transparent .45rem) var(--red); }
.switches form > button:last-child:not(.switch) { flex: none; font-size: .825rem; padding: 0 .7rem; border-color: var(--line); }
.pending { margin-bottom: .75rem; }
.pending li { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; padding: .4rem 0; border-top: 1px solid var(--line); }
.pending code { flex: 1; }
#faults ~ details { margin-top: .85rem; border-top: 1px solid var(--line); }
.grid { grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); align-items: end; padding: .5rem 0; }
.grid .check { align-items: center; min-height: 2.25rem; }
.grid .check input { margin: 0; }
.behaviours { display: grid; gap: .85rem 1.25rem; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); margin: .85rem 0 1rem; align-items: end; }
.behaviours span { display: block; font-size: .875rem; margin-bottom: .2rem; }
.behaviours code { color: var(--soft); font-size: .8rem; }
.changed select { border-color: var(--accent); background: var(--tint); }
.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; margin-top: .75rem; }
.row label { flex: 1 1 7rem; max-width: 10rem; }
.row span { font-size: .875rem; }
#reset { margin-top: .6rem; }
#refusal { position: sticky; top: .5rem; z-index: 1; background: var(--card); }
@media (max-width: 68rem) { .dashboard > :is(.half, .requests, .side) { grid-area: auto / span 12; } }
@media (max-width: 48rem) {
  .dashboard { gap: 1rem; }
  .endpoints > div { grid-template-columns: minmax(0, 1fr); padding: .5rem 0; }
  .switches { grid-template-columns: minmax(0, 1fr); }
  .duration { display: none; }
  .scroll { max-height: 26rem; }
  .copy { min-height: 2.75rem; }
  td, time { font-size: .8rem; }
  .row label { max-width: none; }
}
`;
