#pragma once

namespace seglab {

/// The style of report.html. Colors of lines are those of Okabe and Ito ("Color universal design"),
/// which color-blind people can tell apart, darker on light ground and brighter on dark.
inline constexpr char kReportStyle[] = R"css(
:root {
  color-scheme: light dark;
  --ground: #ffffff; --panel: #f6f7f8; --text: #1d2126; --muted: #646c76; --rule: #dcdfe3;
  --accent: #0b63a5; --heat-color: 0 114 178;
  --c0: #0072b2; --c1: #d55e00; --c2: #00866a; --c3: #b0558a; --c4: #967200; --c5: #3a9bdc;
  --c6: #5b5f66;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #15181c; --panel: #1d2126; --text: #e4e7ea; --muted: #98a1ab; --rule: #333a42;
    --accent: #7ab8ee; --heat-color: 74 163 240;
    --c0: #4aa3f0; --c1: #ff8a3d; --c2: #2fc39b; --c3: #e29cc4; --c4: #e6b422; --c5: #a5e0ff;
    --c6: #b4bac2;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 40px 24px 64px; max-width: 1180px; background: var(--ground);
  color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { font-size: 1.75rem; line-height: 1.25; font-weight: 650; margin: 0 0 .5rem;
  letter-spacing: -.01em; text-wrap: balance; }
h2 { font-size: 1.2rem; font-weight: 650; margin: 3rem 0 .75rem; }
h3 { font-size: 1rem; font-weight: 650; margin: 2rem 0 .5rem; }
p { margin: 0 0 .75rem; max-width: 44rem; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 3px; }
nav { margin: 1.25rem 0 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .9rem; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono",
  monospace; font-size: .85em; }
.made, .note { color: var(--muted); font-size: .85rem; max-width: 60rem; }
.made code { color: var(--text); }
.note { margin-top: .6rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .38rem .6rem; text-align: right; white-space: nowrap; }
thead th { font-weight: 500; color: var(--muted); vertical-align: bottom; }
thead tr:last-child th, thead th[rowspan] { border-bottom: 1px solid var(--text); }
tbody th { text-align: left; font-weight: 500; position: sticky; left: 0;
  background: var(--ground); padding-left: 0; z-index: 1; }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
.results { border-bottom: 1px solid var(--text); }
.results .pair { text-align: center; color: var(--text); padding-bottom: 0; }
.results .first, .results .pair { padding-left: 1.4rem; }
.paper, .spread { color: var(--muted); }
.spread { font-size: .86em; }
b { font-weight: 650; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr));
  gap: 2rem 2.5rem; }
.plot { margin: 0; min-width: 0; max-width: 640px; }
.plot figcaption { font-weight: 500; font-size: .95rem; }
.plot figcaption::first-letter { text-transform: uppercase; }
.plot .scroll svg { display: block; width: 100%; min-width: 340px; height: auto;
  margin-top: .5rem; }
.legend { list-style: none; margin: .35rem 0 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: .15rem 1.1rem; font-size: .82rem; color: var(--muted); }
.legend li { display: flex; align-items: center; gap: .4rem; }
.legend.classes { margin: 0 0 1rem; color: var(--text); }
.key { width: 22px; height: 8px; }
.swatch { display: inline-block; width: .85em; height: .85em; border-radius: 2px;
  box-shadow: inset 0 0 0 1px rgb(128 128 128 / .45); }
tbody th .swatch { margin-right: .5em; vertical-align: -.06em; }
svg text { font: 11.5px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
  fill: var(--muted); font-variant-numeric: tabular-nums; }
svg .label { fill: var(--c); font-size: 10.5px; font-weight: 600; }
.grid { stroke: var(--rule); fill: none; }
.axis { stroke: var(--muted); fill: none; }
.line { stroke: var(--c); stroke-width: 1.9; fill: none; stroke-linejoin: round;
  stroke-linecap: round; }
.raw { stroke: var(--c); stroke-width: 1; fill: none; opacity: .22; stroke-linejoin: round; }
.dot { fill: var(--c); stroke: var(--ground); stroke-width: 1; }
.hollow { fill: var(--ground); stroke: var(--c); stroke-width: 1.9; }
.bar { stroke: var(--c); stroke-width: 1.2; fill: none; }
.join { stroke: var(--c); stroke-width: 1.5; fill: none; opacity: .35; }
.lead { stroke: var(--c); stroke-width: 1; fill: none; opacity: .55; }
.dashed { stroke-dasharray: 5 4; }
.dot.dashed { stroke-dasharray: none; }
.c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); }
.c4 { --c: var(--c4); } .c5 { --c: var(--c5); } .c6 { --c: var(--c6); }
.pictures { border-spacing: 0; width: 100%; table-layout: fixed; }
.pictures th, .pictures td { padding: 0 .5rem 0 0; text-align: left; border: 0; width: 180px;
  vertical-align: top; }
.pictures thead tr:last-child th { padding-bottom: .3rem; border: 0; white-space: normal;
  overflow-wrap: anywhere; vertical-align: bottom; }
.pictures .caption th { padding: .7rem 0 .2rem; position: static; font-weight: 400;
  font-size: .82rem; color: var(--muted); }
.pictures .caption span { position: sticky; left: 0; }
.pictures img { display: block; width: 100%; height: auto; border-radius: 3px; }
.pictures img.small { image-rendering: pixelated; }
.pictures .none { color: var(--muted); }
.heat { background: rgb(var(--heat-color) / calc(var(--heat) * .5)); }
.classes tbody tr + tr > * { border-top: 1px solid var(--ground); }
.classes tbody th, .classes td { padding-top: .25rem; padding-bottom: .25rem; }
.classes tbody th { padding-right: 1.5rem; }
.classes td { min-width: 5rem; }
details { border-top: 1px solid var(--rule); padding: .5rem 0; }
details:last-of-type { border-bottom: 1px solid var(--rule); }
summary { cursor: pointer; font-weight: 500; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: .75rem 0; font-size: .9rem;
  font-variant-numeric: tabular-nums; }
dt { color: var(--muted); font-size: .82rem; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--panel); padding: .9rem 1rem; border-radius: 6px; overflow-x: auto;
  line-height: 1.45; margin: .5rem 0; }
@media (max-width: 600px) {
  body { padding: 24px 16px 48px; font-size: 15px; }
  h1 { font-size: 1.4rem; }
  h2 { margin-top: 2.25rem; }
  .results .first, .results .pair { padding-left: .9rem; }
  .results tbody th { white-space: normal; min-width: 6rem; max-width: 9.5rem;
    overflow-wrap: break-word; }
  .pictures th, .pictures td { width: 150px; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  .scroll { overflow: visible; }
  tbody th, .pictures .caption span { position: static; }
  .plot, .pictures tr, .classes tr { break-inside: avoid; }
  .pictures .caption { break-after: avoid; }
  h2, h3 { break-after: avoid; }
  .plot .scroll svg { min-width: 0; }
  .heat, .swatch { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

}  // namespace seglab
