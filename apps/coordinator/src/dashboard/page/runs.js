'use strict';
/* The list of runs: how each stands, and which to lay over each other. */

function runs(main) {
  document.title = 'Runs · Trunkline';
  document.getElementById('head').replaceChildren(headline('Runs'));
  const rows = told.runs.map((run) =>
    el(
      'tr',
      {},
      el(
        'td',
        {},
        el('input', { type: 'checkbox', name: 'run', value: run.name, 'aria-label': `compare ${run.name}` }),
      ),
      el('th', { scope: 'row', class: 'name' }, el('a', { href: `?run=${encodeURIComponent(run.name)}` }, run.name)),
      el('td', { class: BAD.has(run.state) ? 'left bad' : 'left' }, `${SIGNS[run.state] ?? ''} ${run.state}`),
      el('td', {}, run.round === null ? '–' : `${run.round} of ${run.rounds ?? '?'}`),
      el('td', { class: 'left' }, scoreOf(run)),
      el('td', {}, run.deltaM === null ? '–' : `${sign(run.deltaM)} %`),
      el(
        'td',
        {},
        el('time', { datetime: new Date(run.changed).toISOString() }, new Date(run.changed).toLocaleString()),
      ),
    ),
  );
  const heads = [
    ['compare', 'left'],
    ['run', 'left'],
    ['state', 'left'],
    ['rounds', null],
    ['score, mean over tasks', 'left'],
    ['Δm', null],
    ['changed', null],
  ].map(([name, side]) => el('th', { scope: 'col', class: side }, name));
  const table = el('table', { class: 'runs' }, el('thead', {}, el('tr', {}, ...heads)), el('tbody', {}, ...rows));
  main.replaceChildren(
    el(
      'section',
      { 'aria-label': 'Runs' },
      el(
        'form',
        {},
        scroll('Table of runs', table),
        el('p', { class: 'bar after' }, el('button', {}, 'Compare'), el('span', { class: 'quiet' }, 'the ticked ones')),
      ),
    ),
  );
}

const scoreOf = ({ scores, split }) =>
  scores.length === 0
    ? '–'
    : `${scores
        .slice(0, 2)
        .map(({ metric, mean }) => `${metric} ${figure(mean)}`)
        .join(', ')} (${split})`;
