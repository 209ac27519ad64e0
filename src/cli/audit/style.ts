/** Of the page that `ingot audit export` writes: no file beside it, light and dark, and readable on paper. */
export const style = `
:root { color-scheme: light dark; --ink: #1a1d21; --paper: #ffffff; --soft: #5c6570; --line: #d5dae0; --tint: #f3f5f7; --good: #17663a; --bad: #a3161f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #14171a; --soft: #9aa4ae; --line: #343b42; --tint: #1d2226; --good: #6fd39a; --bad: #ff8f8f; } }
@media print { :root { --ink: #000000; --paper: #ffffff; --soft: #444444; --line: #999999; --tint: #ffffff; --good: #000000; --bad: #000000; } details > *:not(summary) { display: block; } section { break-inside: avoid-page; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 0.25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 0.75rem; padding-bottom: 0.25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.25rem 0 0.5rem; }
p { margin: 0.5rem 0; max-width: 46rem; }
.soft { color: var(--soft); }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 700; }
.alarm { border: 2px solid var(--bad); border-radius: 6px; padding: 0.75rem 1rem; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.925rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; }
th[scope="row"] { width: 11rem; }
code, pre { font: 0.85em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--tint); border: 1px solid var(--line); border-radius: 6px; padding: 0.75rem; white-space: pre-wrap; margin: 0.5rem 0; }
details { margin: 0.35rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
`;
