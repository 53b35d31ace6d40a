'use strict';
/* Curves by task, and the table alone / together / Δ. */

function curves(pictures) {
  const body = bodyOf('curves');
  const [first] = pictures;
  if (!body.firstChild) {
    const pages = pager('Tasks', {
      at: first.from,
      size: 12,
      all: first.all,
      go: (to) => {
        from = to;
        void refresh();
      },
    });
    body.append(
      ...(first.all > first.rows.length ? [el('div', { class: 'bar' }, ...pages)] : []),
      el('div', { class: 'grid' }),
    );
  }
  const grid = body.lastChild;
  if (first.rows.length === 0) grid.replaceChildren(el('p', { class: 'quiet' }, 'No round is over yet.'));
  const runName = ({ view }, what) => (pictures.length > 1 ? `${nameOf(view.folder)}` : what);
  for (const { id, metrics } of first.rows) {
    const same = pictures.flatMap((picture) =>
      picture.rows.filter((row) => row.id === id).map((row) => ({ picture, row })),
    );
    let card = document.getElementById(`row ${id}`);
    if (!card) {
      card = el('div', { class: 'card', id: `row ${id}` }, el('h3', {}, id));
      grid.append(card);
    }
    chartIn(card, `${id} loss`, { title: 'train loss' }).draw(
      same.map(({ picture, row }) => ({ label: runName(picture, 'train loss'), points: row.loss })),
    );
    const [metric] = Object.keys(metrics);
    if (metric === undefined) continue;
    const lines = same
      .filter(({ row }) => row.metrics[metric])
      .map(({ picture, row }) => ({ label: runName(picture, `together`), points: row.metrics[metric] }));
    const alone = first.rows.find((row) => row.id === id).alone[metric];
    if (alone !== undefined && alone !== null)
      lines.push({ label: 'alone (test)', points: { x: [], mean: [] }, flat: alone });
    chartIn(card, `${id} metric`, { title: `validation ${metric}` }).draw(lines);
  }
}

function pager(what, { at, size, all, go }) {
  return [
    el('button', { type: 'button', disabled: at === 0, onclick: () => go(Math.max(0, at - size)) }, `← previous`),
    el('span', {}, `${what} ${all === 0 ? 0 : at + 1}–${Math.min(at + size, all)} of ${all}`),
    el('button', { type: 'button', disabled: at + size >= all, onclick: () => go(at + size) }, `next →`),
  ];
}

const scroll = (label, content) =>
  el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label }, content);
const sign = (value) =>
  value === null || value === undefined
    ? '–'
    : `${value > 0 ? '▲ +' : value < 0 ? '▼ −' : ''}${figure(Math.abs(value))}`;

function gains(pictures) {
  const all = pictures.filter((picture) => picture.gains.length > 0);
  shown('gains', all.length > 0);
  if (all.length === 0 || bodyOf('gains').firstChild) return;
  const header = el(
    'tr',
    {},
    ...['task', 'run', 'metric', 'alone', 'together', 'Δ'].map((name, i) =>
      el('th', { scope: 'col', class: i < 3 ? 'left' : null }, name),
    ),
  );
  const rows = all.flatMap(({ view, gains: found }) =>
    found.map((one) =>
      el(
        'tr',
        {},
        el('th', { scope: 'row', class: 'name' }, one.task),
        el('td', { class: 'name' }, nameOf(view.folder)),
        el('td', { class: 'left' }, one.metric),
        ...[figure(one.alone), figure(one.together), sign(one.delta)].map((cell) => el('td', {}, cell)),
      ),
    ),
  );
  bodyOf('gains').append(
    scroll('Scores alone and together', el('table', {}, el('thead', {}, header), el('tbody', {}, ...rows))),
  );
}
