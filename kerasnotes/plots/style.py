"""How the page looks: system fonts, light and dark, phone to paper."""

CSS = """
:root {
  --page: #ffffff; --ink: #1d2129; --muted: #59616c; --rule: #dfe2e6;
  --soft: #f5f6f8; --accent: #1a5fb4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #141414; --ink: #e8e8e8; --muted: #a3a8b0; --rule: #34373c;
    --soft: #1f2124; --accent: #7fb2f0;
  }
  /* White becomes the page's own dark, and hues stay. */
  .chart img { filter: invert(0.92) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body {
  max-width: 64rem; margin: 0 auto;
  padding: clamp(1.5rem, 5vw, 4rem) clamp(1rem, 4vw, 2rem);
  background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto,
    "Helvetica Neue", "Liberation Sans", sans-serif;
  overflow-wrap: anywhere; -webkit-text-size-adjust: 100%;
}
h1, h2 { line-height: 1.2; text-wrap: balance; }
h1 { margin: 0; font-size: clamp(1.7rem, 5vw, 2.4rem); font-weight: 700;
  letter-spacing: -0.02em; }
header p { max-width: none; margin: 0.5rem 0 0; color: var(--muted); }
section { margin-top: 2rem; }
section:has(> h2) { margin-top: 2.75rem; padding-top: 1.75rem;
  border-top: 1px solid var(--rule); }
h2 { margin: 0 0 0.75rem; font-size: 1.3rem; font-weight: 650;
  letter-spacing: -0.01em; }
p { max-width: 42rem; margin: 0 0 1rem; }
.facts { display: flex; flex-wrap: wrap; gap: 1.25rem 2rem;
  margin: 0 0 1.5rem; }
.facts div { display: flex; flex-direction: column-reverse;
  justify-content: flex-end; flex: 0 1 auto; min-width: 8rem;
  padding-left: 0.9rem;
  border-left: 3px solid var(--rule); }
.facts div:first-child { border-color: var(--accent); }
.facts dt { color: var(--muted); font-size: 0.875rem; line-height: 1.35; }
.facts dd { margin: 0; font-size: clamp(1.5rem, 5vw, 2rem);
  font-weight: 650; line-height: 1.25; letter-spacing: -0.02em;
  font-variant-numeric: tabular-nums; }
.scroll { overflow: auto; max-width: 100%; }
.scroll:has(table) { margin: 0 0 1.25rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.9rem; line-height: 1.4;
  font-variant-numeric: tabular-nums; }
caption { padding: 0 0 0.5rem; color: var(--muted); text-align: left; }
/* Of a table that scrolls, what a phone's width has room for. */
caption span { display: inline-block; max-width: min(42rem,
  calc(100vw - 2 * clamp(1rem, 4vw, 2rem))); }
th, td { padding: 0.4rem clamp(0.7rem, 2vw, 1.25rem) 0.4rem 0; text-align: left;
  vertical-align: top; border-bottom: 1px solid var(--rule);
  max-width: 36rem; min-width: 3.5rem; }
th:last-child, td:last-child { padding-right: 0.5rem; }
.n { text-align: right; white-space: nowrap; }
thead th { position: sticky; top: 0; background: var(--page);
  color: var(--muted); font-weight: 500; white-space: nowrap;
  border-bottom: 0; box-shadow: inset 0 -1px var(--muted); }
/* Words stay whole: a wide table scrolls. */
th, td { overflow-wrap: break-word; }
tbody th { font-weight: 500; }
@media screen and (max-width: 40rem) {
  .stack, .stack caption, .stack tbody, .stack tr, .stack th, .stack td {
    display: block; }
  .stack thead, .stack td:empty { display: none; }
  .stack tr { padding: 0.5rem 0; border-bottom: 1px solid var(--rule); }
  .stack tr > * { padding: 0; border: 0; text-align: left; max-width: none;
    overflow-wrap: anywhere; }
  .stack td[data-title]::before { content: attr(data-title) ": ";
    color: var(--muted); }
}
figure { margin: 0 0 1.5rem; }
figcaption { max-width: 42rem; color: var(--muted); font-size: 0.875rem;
  line-height: 1.45; }
img { display: block; max-width: 100%; height: auto; }
.gallery { display: grid; gap: 1.25rem 0.75rem; padding: 0;
  margin: 0 0 1rem; list-style: none;
  grid-template-columns: repeat(auto-fill, minmax(6.2rem, 1fr)); }
.gallery.large {
  grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); }
.gallery figure { margin: 0; }
.mat { display: grid; place-items: center; aspect-ratio: 1;
  padding: 0.4rem; margin-bottom: 0.4rem; background: var(--soft);
  border: 1px solid var(--rule); border-radius: 0.4rem; }
.mat img { max-height: 100%; object-fit: contain; }
.gallery figcaption { font-size: 0.8125rem; }
strong { color: var(--ink); font-weight: 650; }
pre { margin: 0 0 1rem; padding: 0.9rem 1.1rem; background: var(--soft);
  border: 1px solid var(--rule); border-radius: 0.4rem;
  font: 0.85rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas,
    "Liberation Mono", monospace;
  white-space: pre-wrap; }
code { font: inherit; }
code span { display: inline-block; max-width: 100%;
  word-break: break-all; }
@media print {
  :root { --page: #fff; --ink: #000; --muted: #444; --rule: #ccc;
    --soft: #fff; --accent: #1a5fb4; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .chart img { filter: none; }
  .scroll { overflow: visible; }
  .scroll img { min-width: 0 !important; }
  .gallery li, figure, tr, .facts, pre { break-inside: avoid; }
  h2 { break-after: avoid; }
}
"""
