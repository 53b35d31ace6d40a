'use strict';
/* The table of clients: sorted by any column, found by a part of it, a page at a time. */

const COLUMNS = [
  ['client', ({ client }) => client],
  ['tasks', ({ tasks }) => tasks.join(', ')],
  [
    'state',
    ({ state }) => `${['missing', 'refused', 'stalled', 'diverging', 'revoked'].includes(state) ? '✕ ' : ''}${state}`,
  ],
  ['round', ({ round }) => figure(round), ({ round }) => round],
  ['samples/s', ({ samplesPerSecond }) => figure(samplesPerSecond), ({ samplesPerSecond }) => samplesPerSecond],
  ['lag', ({ lagMs }) => duration(lagMs), ({ lagMs }) => lagMs],
  ['up', ({ up }) => bytes(up), ({ up }) => up],
  ['down', ({ down }) => bytes(down), ({ down }) => down],
  ['last loss', ({ loss }) => figure(loss), ({ loss }) => loss],
  ['score', ({ score }) => (score ? `${score.metric} ${figure(score.value)}` : '–'), ({ score }) => score?.value],
];

function clients(view) {
  const body = bodyOf('clients');
  if (!body.firstChild) {
    const input = el('input', {
      type: 'search',
      id: 'filter',
      autocomplete: 'off',
      oninput: ({ target }) => {
        Object.assign(table, { filter: target.value, page: 0 });
        clients(told.pictures[0].view);
      },
    });
    input.value = table.filter;
    const heads = COLUMNS.map(([name]) =>
      el(
        'th',
        { scope: 'col' },
        el(
          'button',
          {
            type: 'button',
            onclick: () => {
              Object.assign(table, { down: table.sort === name && !table.down, sort: name, page: 0 });
              clients(told.pictures[0].view);
            },
          },
          name,
        ),
      ),
    );
    body.append(
      el(
        'div',
        { class: 'bar' },
        el('label', { for: 'filter' }, 'Find'),
        input,
        el('span', { class: 'bar', id: 'pages' }),
      ),
      scroll('Table of clients', el('table', {}, el('thead', {}, el('tr', {}, ...heads)), el('tbody', {}))),
    );
  }
  const [, text, value] = COLUMNS.find(([name]) => name === table.sort);
  const key = value ?? text;
  const wanted = table.filter.toLowerCase();
  const found = view.clients.filter((client) =>
    COLUMNS.slice(0, 3).some(([, cell]) => cell(client).toLowerCase().includes(wanted)),
  );
  found.sort((a, b) => {
    const [x, y] = [key(a) ?? -Infinity, key(b) ?? -Infinity];
    return (x < y ? -1 : x > y ? 1 : 0) * (table.down ? -1 : 1);
  });
  const at = table.page * CLIENTS_A_PAGE;
  body
    .querySelector('tbody')
    .replaceChildren(
      ...found
        .slice(at, at + CLIENTS_A_PAGE)
        .map((client) =>
          el(
            'tr',
            {},
            ...COLUMNS.map(([name, cell], i) =>
              el(
                i === 0 ? 'th' : 'td',
                i === 0
                  ? { scope: 'row', class: 'name' }
                  : { class: i === 1 ? 'name' : name === 'state' && cell(client).startsWith('✕') ? 'bad' : null },
                cell(client),
              ),
            ),
          ),
        ),
    );
  if (found.length === 0) {
    const why = view.clients.length === 0 ? 'No client has joined yet.' : `No client matches “${table.filter}”.`;
    const cell = el('td', { colspan: COLUMNS.length, class: 'left quiet' }, why);
    body.querySelector('tbody').append(el('tr', {}, cell));
  }
  body
    .querySelectorAll('thead th')
    .forEach((th, i) =>
      COLUMNS[i][0] === table.sort
        ? th.setAttribute('aria-sort', table.down ? 'descending' : 'ascending')
        : th.removeAttribute('aria-sort'),
    );
  document.getElementById('pages').replaceChildren(
    ...(found.length > CLIENTS_A_PAGE
      ? pager('Clients', {
          at,
          size: CLIENTS_A_PAGE,
          all: found.length,
          go: (to) => {
            table.page = to / CLIENTS_A_PAGE;
            clients(told.pictures[0].view);
          },
        })
      : [el('span', { class: 'quiet' }, `${found.length} of ${view.clients.length}`)]),
  );
}
