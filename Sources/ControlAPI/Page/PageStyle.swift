// How the status page looks, light and dark. It is allowed by its hash: no piece of it is put together.

let pageStyle: HTML = """
    :root { color-scheme: light dark;
      --paper: #f7f6f3; --card: #fff; --ink: #1d2430; --soft: #566070; --edge: #e3e0da; --rail: #cbc6bc;
      --good: #17693f; --wait: #8a5200; --bad: #b3261e; --there: #2f57a8; }
    @media (prefers-color-scheme: dark) { :root {
      --paper: #10141a; --card: #171c24; --ink: #e6e9ee; --soft: #a4aebb; --edge: #2a313c; --rail: #414b59;
      --good: #62ce98; --wait: #efb45e; --bad: #ff9187; --there: #9bb8ff; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 54rem; background: var(--paper);
      color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
    h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; font-weight: 650; display: flex;
      gap: .75rem; align-items: center; }
    h2 { margin: 0; font-size: 1.125rem; font-weight: 650; display: inline; }
    p { margin: .5rem 0 0; }
    code { font: .875em ui-monospace, monospace; }
    svg { fill: none; stroke: currentColor; stroke-width: 2.25; stroke-linecap: round;
      stroke-linejoin: round; }
    a { color: var(--there); }
    :focus-visible { outline: 3px solid var(--there); outline-offset: 3px; border-radius: 2px; }
    header { padding-left: .25rem; }
    h1 svg { width: 2.25rem; height: 2.25rem; flex: none; }
    .good h1 svg { color: var(--good); }
    .wait h1 svg, b.wait { color: var(--wait); }
    .bad h1 svg, b.bad, #stale { color: var(--bad); }
    .place, .place *, dt, .age, .state, .scale, footer { color: var(--soft); font-size: .875rem; }
    .state { font-weight: 400; margin-left: .5rem; }
    .card, figure { margin: 1.25rem 0 0; padding: 1rem 1.25rem; background: var(--card);
      border: 1px solid var(--edge); border-radius: .75rem; }
    dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
      margin: .75rem 0 0; }
    dd { margin: 0; font-variant-numeric: tabular-nums; }
    .trouble { margin: .75rem 0 0; padding: .5rem .75rem; list-style: none;
      border-left: 3px solid var(--wait); }
    .line { margin: 1rem 0 0; padding: 0; list-style: none; }
    .line li { display: flex; gap: .25rem .75rem; align-items: baseline; position: relative;
      padding: .25rem 0 .25rem 2rem; }
    .line li:not(:last-child)::before { content: ""; position: absolute; left: .6875rem;
      top: 1.5rem; bottom: -.5rem; border-left: 2px solid var(--rail); }
    .line li.more::before { top: 0; border-left-style: dotted; }
    .line svg { position: absolute; left: 0; top: .25rem; width: 1.5rem; height: 1.5rem; }
    .line .what { flex: 1; }
    .line .age { min-width: 4.5rem; text-align: right; }
    .where { font-size: .875rem; white-space: nowrap; }
    th .where { display: block; color: var(--soft); }
    .here, .saved, .here .where { color: var(--wait); }
    .here .what, .saved .what { color: var(--ink); }
    .durable svg, .durable .where { color: var(--good); }
    .origin svg, .origin .where { color: var(--there); }
    .more { color: var(--soft); font-size: .875rem; }
    .dot { fill: currentColor; }
    figure svg { display: block; width: 100%; height: 4rem; margin-top: .75rem; }
    .area { fill: var(--wait); fill-opacity: .25; stroke: var(--wait); stroke-width: 1.5;
      vector-effect: non-scaling-stroke; }
    .axis { stroke: var(--edge); vector-effect: non-scaling-stroke; }
    .scale { display: flex; justify-content: space-between; margin: .25rem 0 0; }
    figcaption p { margin: .25rem 0 0; }
    table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
    caption { text-align: left; padding-bottom: .5rem; }
    th, td { text-align: left; vertical-align: top; font-weight: 400; padding: .375rem .75rem .375rem 0;
      border-top: 1px solid var(--edge); }
    thead th { border: 0; color: var(--soft); font-size: .875rem; }
    td time { font-variant-numeric: tabular-nums; color: var(--soft); }
    .log td:first-child { width: 14rem; }
    .log time { margin-right: .5rem; }
    progress { display: block; width: 100%; height: .75rem; margin-top: .75rem; appearance: none;
      border: 0; border-radius: 1rem; overflow: hidden; background: var(--edge);
      accent-color: var(--there); }
    progress::-webkit-progress-bar { background: var(--edge); }
    progress::-webkit-progress-value, progress::-moz-progress-bar { background: var(--there); }
    #stale { padding: .5rem .75rem; border-left: 3px solid; }
    footer { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin-top: 1.25rem;
      align-items: baseline; padding-left: .25rem; }
    nav a { margin-right: .75rem; display: inline-block; padding: .25rem 0; }
    noscript p { margin: 0; }
    .unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
      clip-path: inset(50%); white-space: nowrap; }
    @media (max-width: 34rem) {
      h1 { font-size: 1.375rem; }
      .line li { flex-wrap: wrap; }
      .line .what { flex-basis: 100%; }
      .line .age { text-align: left; }
      .log td:first-child { width: 5.5rem; }
    }
    @media (prefers-reduced-motion: no-preference) {
      .area, .line svg, h1 svg { transition: color .4s, d .4s; }
      .wait h1 svg { animation: breathe 2.4s ease-in-out infinite; }
      @keyframes breathe { 50% { opacity: .45; } }
    }
    """
