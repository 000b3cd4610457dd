/** Of the report; light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #fff; --ink: #1d2126; --soft: #5d6670; --rule: #e2e4e7;
  --ours: #2f6fdb; --floor: #9aa3ad; --peer: #b98a2f;
  --met: #1f8a5b; --unmet: #c8452f; --unsure: #8a8f98;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1b1f25; --ink: #e6e8eb; --soft: #9aa3ad; --rule: #2c323a;
    --ours: #6a9df5; --floor: #6d7680; --peer: #d3a94f;
    --met: #49b98a; --unmet: #ef7b64; --unsure: #9097a1;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 32px; }
header > p { max-width: 80ch; }
h1 { font-size: 26px; margin: 0; }
h2 { font-size: 20px; margin: 40px 0 8px; }
h3 { font-size: 16px; margin: 0 0 8px; }
.facts { color: var(--soft); margin: 4px 0 16px; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; }
.tile { background: var(--card); border: 1px solid var(--rule); border-left: 4px solid; border-radius: 6px; padding: 8px 16px; }
.tile b { font-size: 22px; margin-right: 4px; color: var(--ink); }
.tile.met { border-left-color: var(--met); } .tile.unmet { border-left-color: var(--unmet); } .tile.unsure { border-left-color: var(--unsure); }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 16px; margin: 16px 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
.targets { background: var(--card); border: 1px solid var(--rule); }
th { text-align: left; font-weight: 500; color: var(--soft); white-space: nowrap; padding: 4px 10px 4px 0; }
td { padding: 3px 10px 3px 0; white-space: nowrap; }
.targets th:first-child, .targets td:first-child { padding-left: 12px; }
.targets tr.title th { color: var(--ink); font-weight: 600; padding-top: 12px; border-top: 1px solid var(--rule); }
.targets td:first-child { white-space: normal; }
.drawn { width: 34%; min-width: 180px; }
.number { font-variant-numeric: tabular-nums; }
.chart { display: block; overflow: visible; }
rect.ours { fill: var(--ours); } rect.floor { fill: var(--floor); } rect.peer { fill: var(--peer); }
rect.met { fill: var(--met); } rect.unmet { fill: var(--unmet); } rect.unsure { fill: var(--unsure); }
rect { fill-opacity: .75; }
.range { stroke: var(--ink); stroke-width: 1.2; }
.target { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 3 2; }
.badge { font-size: 12.5px; font-weight: 600; white-space: nowrap; }
.badge.met { color: var(--met); } .badge.unmet { color: var(--unmet); } .badge.unsure { color: var(--unsure); }
ul { margin: 10px 0 0; padding-left: 18px; }
.remark { color: var(--soft); }
`
