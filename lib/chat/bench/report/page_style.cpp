#include "chat/bench/report/page.hpp"

namespace chat::bench {

const std::string_view kPageStyle = R"(:root {
  color-scheme: light dark;
  --page: #f6f7f6;
  --surface: #ffffff;
  --line: #dfe3e1;
  --grid: #e6e9e8;
  --text: #1b2421;
  --muted: #59645f;
  --bad: #b3261e;
  --bad-tint: #fbeceb;
  --good: #1a7f4b;
  --good-tint: #e6f3ec;
  --c0: #0f766e;
  --c1: #b03a68;
  --c2: #3b5bb5;
  --c3: #a8480f;
  --c4: #8a4fae;
  --c5: #75620b;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121615;
    --surface: #1a201e;
    --line: #2d3633;
    --grid: #2a322f;
    --text: #e6ecea;
    --muted: #9fada7;
    --bad: #ff8f85;
    --bad-tint: #3a2120;
    --good: #63c98f;
    --good-tint: #183026;
    --c0: #5ec4b6;
    --c1: #f29bbb;
    --c2: #93abf2;
    --c3: #f0a47a;
    --c4: #cfa3ea;
    --c5: #d6be5e;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); }
main { max-width: 80rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1, h2, h3, p, ul, dl, dd, figure { margin: 0; padding: 0; }
ul { list-style: none; }
h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin-bottom: .6rem; }
h3 { font-size: 1rem; }
bdi { overflow-wrap: anywhere; }
header { margin-bottom: 1.25rem; }
.kind, .aside, .y-title, .x-title { color: var(--muted); }
.aside, .y-title, .x-title { font-size: .85rem; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 1rem; min-width: 0; margin-bottom: 1rem; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; margin-bottom: 1rem; }
.columns > .card { margin-bottom: 0; }
.stack { display: grid; gap: 1rem; align-content: start; min-width: 0; }
.stack > .card { margin-bottom: 0; }
@media (min-width: 60rem) {
  main { padding: 2.5rem 2rem 4rem; }
  .columns { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .columns.three { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .card { padding: 1.25rem; }
}
.loud { background: var(--bad-tint); border: 2px solid var(--bad); border-radius: 12px; padding: .9rem 1rem; margin-bottom: 1rem; }
.loud h2 { color: var(--bad); margin-bottom: .3rem; }
.loud li { font-weight: 600; overflow-wrap: anywhere; }
.loud li + li { margin-top: .4rem; }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 700; }
.outcome { border-radius: 12px; padding: .9rem 1rem; margin-bottom: 1rem; background: var(--good-tint); font-weight: 600; overflow-wrap: anywhere; }
.outcome.is-bad { background: var(--bad-tint); color: var(--bad); }
dl { display: grid; grid-template-columns: fit-content(32%) minmax(0, 1fr); gap: .25rem 1rem; }
dt { color: var(--muted); overflow-wrap: anywhere; }
dd { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible { outline: 3px solid var(--c0); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: .85rem; padding-bottom: .4rem; }
th, td { padding: .35rem .4rem; text-align: right; vertical-align: baseline; border-top: 1px solid var(--line); white-space: nowrap; }
thead th { border-top: 0; color: var(--muted); font-weight: 500; font-size: .85rem; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
tbody th { min-width: 6.5rem; font-weight: 500; white-space: normal; overflow-wrap: anywhere; }
.text { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.columns:empty { display: none; }
.figures { columns: 20rem; column-gap: 2.5rem; margin: .6rem 0; }
.figure { break-inside: avoid; margin-bottom: 1.1rem; }
.figure caption { color: var(--text); font-weight: 650; font-size: .95rem; padding-bottom: .2rem; overflow-wrap: anywhere; }
.figure tbody th { width: 1.5rem; min-width: 0; color: var(--muted); }
.figure tbody tr:first-child > * { border-top-color: var(--text); }
td.verdict { width: 50%; white-space: normal; }
.verdict small { white-space: nowrap; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
small { display: block; color: var(--muted); font-size: .85em; font-weight: 400; }
@media (min-width: 40rem) {
  .spread small { display: inline-block; min-width: 10rem; }
}
details { margin-top: .75rem; }
summary { cursor: pointer; color: var(--muted); font-size: .92rem; }
details .scroll { margin-top: .6rem; max-height: 24rem; overflow-y: auto; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .5rem 0 .2rem; font-size: .85rem; }
.legend li { display: flex; align-items: center; gap: .45rem; min-width: 0; max-width: 100%; }
.legend .called { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 16rem; }
.swatch { flex: none; }
.runs li { display: flex; align-items: baseline; gap: .6rem; padding: .3rem 0; overflow-wrap: anywhere; }
.runs .swatch { align-self: center; }
.runs .letter { font-weight: 700; }
.runs .of { color: var(--muted); }
.nothing { color: var(--muted); margin-top: .4rem; }
.frame { padding: .8rem 1.4rem 1.7rem 3.6rem; }
svg.plot { display: block; width: 100%; height: 15rem; overflow: visible; }
.x-title { text-align: center; padding-left: 2.2rem; }
.grid line { stroke: var(--grid); stroke-width: 1; }
.ticks text { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.ticks .x { text-anchor: middle; }
.ticks .y { text-anchor: end; }
.lines { overflow: visible; }
.series { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.band { fill: currentColor; opacity: .16; }
circle { fill: currentColor; }
.c0 { color: var(--c0); }
.c1 { color: var(--c1); }
.c2 { color: var(--c2); }
.c3 { color: var(--c3); }
.c4 { color: var(--c4); }
.c5 { color: var(--c5); }
.series.d1 { stroke-dasharray: 8 4; }
.series.d2 { stroke-dasharray: 2 3; }
.series.d3 { stroke-dasharray: 12 3 2 3; }
.series.d4 { stroke-dasharray: 5 2; }
@media print {
  .card, .loud, .outcome { break-inside: avoid; }
}
)";

}  // namespace chat::bench
