'use strict';
/* The page: draws what `figures.json` says of a run, again when the run changes. A report carries the same figures inside itself. */

const inside = document.getElementById('figures');
const asked = new URLSearchParams(location.search);
let token = new URLSearchParams(location.hash.slice(1)).get('token') ?? asked.get('token');
let from = 0;
let told;
let shape = '';
const charts = new Map();
const table = { filter: '', sort: 'client', down: false, page: 0 };
const CLIENTS_A_PAGE = 100;
const SIGNS = {
  training: '▶',
  evaluating: '✓',
  gathering: '…',
  paused: '❚❚',
  running: '▶',
  finished: '■',
  failed: '✕',
  stopped: '■',
  unfinished: '?',
};
/** States that ask for somebody. */
const BAD = new Set(['failed', 'unfinished']);
const REFRESH_MS = 2000;

async function read() {
  if (inside) return JSON.parse(inside.textContent);
  const query = new URLSearchParams(asked);
  query.delete('token');
  query.set('from', from);
  const answer = await fetch(`figures.json?${query}`, { headers: credentials() });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

async function refresh() {
  told = await read();
  draw();
}

function draw() {
  const main = document.getElementById('main');
  if (told.runs) return runs(main);
  const { pictures } = told;
  const first = pictures[0];
  document.title = `${first.view.run} · Trunkline`;
  head(first);
  const next = `${theme.now()} ${pictures.map(({ rows }) => rows.map(({ id, metrics }) => [id, Object.keys(metrics).length > 0]).join()).join('|')} ${first.conflicts !== null} ${from}`;
  if (next !== shape) {
    shape = next;
    charts.clear();
    main.replaceChildren(
      section('problems', 'Needs attention'),
      section('curves', 'Learning'),
      section('gains', 'Alone, together, Δ'),
      section('conflicts', 'Gradient conflicts'),
      section('clients', 'Clients'),
      section('rounds', 'Rounds: time and bytes'),
      section('events', 'Events'),
      section('config', 'Configuration'),
    );
  }
  problems(first.view);
  curves(pictures);
  gains(pictures);
  conflicts(first);
  clients(first.view);
  rounds(first);
  events(first);
  config(first);
}

const section = (id, title) =>
  el(
    'section',
    { id, 'aria-labelledby': `${id}-title`, tabindex: id === 'curves' ? '-1' : null },
    el('h2', { id: `${id}-title` }, title),
    el('div', { class: 'body' }),
  );
const bodyOf = (id) => document.querySelector(`#${id} .body`);
const shown = (id, yes) => (document.getElementById(id).hidden = !yes);

const nameOf = (folder) => folder.split(/[\\/]/).at(-1);

function problems({ problems: all }) {
  shown('problems', all.length > 0);
  bodyOf('problems').replaceChildren(
    ...all
      .slice(0, 20)
      .map(({ who, kind, what, remedy }) =>
        el(
          'p',
          {},
          el('strong', { class: 'bad' }, `✕ ${who}: ${kind}`),
          ` ${what}`,
          el('br'),
          el('span', { class: 'quiet' }, `→ ${remedy}`),
        ),
      ),
    ...(all.length > 20
      ? [el('p', { class: 'quiet' }, `and ${all.length - 20} more; \`coordinator status\` lists them`)]
      : []),
  );
}

/** The chart of that name inside `parent`, made once. */
function chartIn(parent, name, options) {
  let one = charts.get(name);
  if (!one) {
    one = chart(options);
    charts.set(name, one);
    parent.append(one.element);
  }
  return one;
}

function rounds({ timing, bytes: sent }) {
  const body = bodyOf('rounds');
  if (timing.answers.x.length === 0) return body.replaceChildren(el('p', { class: 'quiet' }, 'No round is over yet.'));
  if (!body.querySelector('.grid')) body.replaceChildren(el('div', { class: 'grid' }));
  chartIn(body.firstChild, 'timing', { title: 'time by phase', unit: duration, height: 190 }).draw([
    { label: 'clients answer', points: timing.answers },
    { label: 'aggregation and step', points: timing.aggregate },
    { label: 'the rest (scores, checkpoints)', points: timing.rest },
  ]);
  chartIn(body.firstChild, 'bytes', { title: 'bytes a round', unit: bytes, height: 190 }).draw([
    { label: 'up', points: sent.up },
    { label: 'down', points: sent.down },
  ]);
}

function events({ events: all, forgotten }) {
  const body = bodyOf('events');
  const list = el(
    'ol',
    { class: 'events' },
    ...all.map(({ at, event, text }) =>
      el(
        'li',
        { class: event === 'error' || event === 'refused' || event === 'damaged' ? 'bad' : null },
        el('time', { datetime: new Date(at).toISOString() }, new Date(at).toLocaleTimeString()),
        el('span', {}, text),
      ),
    ),
  );
  if (body.firstChild) body.firstChild.replaceChildren(list);
  else body.append(scroll('Events, the newest first', list), el('p', { class: 'quiet' }));
  body.lastChild.textContent = forgotten > 0 ? `${forgotten} older ones are in events.jsonl.` : '';
}

function config({ config: text }) {
  shown('config', text !== null);
  if (text !== null && !bodyOf('config').firstChild)
    bodyOf('config').append(
      el('details', {}, el('summary', {}, 'config.yaml, as it is in effect'), el('pre', { tabindex: '0' }, text)),
    );
}

/** The page says so when nothing comes any more; the browser itself connects again. */
function follow() {
  const source = new EventSource(`changes${token ? `?token=${encodeURIComponent(token)}` : ''}`);
  let due = null;
  source.addEventListener('message', () => {
    due ??= setTimeout(() => {
      due = null;
      if (document.hidden) document.addEventListener('visibilitychange', () => void refresh(), { once: true });
      else refresh().catch(() => undefined);
    }, REFRESH_MS / 2);
  });
  source.addEventListener('error', () => {
    const state = document.getElementById('state');
    if (state && !state.textContent.includes('no connection')) state.textContent += ' · no connection';
  });
}

async function begin() {
  try {
    const refused = await refusal();
    if (refused) return locked(document.getElementById('main'), refused);
    await refresh();
    if (told.live) follow();
  } catch (error) {
    document.getElementById('head').replaceChildren(headline('Trunkline'));
    document
      .getElementById('main')
      .replaceChildren(
        el('section', { role: 'alert' }, el('h2', {}, 'The run cannot be shown'), el('p', {}, error.message)),
      );
  }
}
let resizing = null;
addEventListener('resize', () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => told?.pictures && draw(), 150);
});
void begin();
