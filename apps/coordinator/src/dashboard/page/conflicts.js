'use strict';
/* The conflict matrix, and weights and norms over time. */

function conflicts(picture) {
  const { conflicts: found, rows, cosines } = picture;
  const body = bodyOf('conflicts');
  if (!body.firstChild)
    body.append(el('div', { class: 'split' }, el('div', {}), el('div', {})), el('div', { class: 'grid' }));
  const [split, grid] = body.children;
  if (!found)
    split.firstChild.replaceChildren(
      el(
        'p',
        { class: 'quiet' },
        picture.view.round === 0 || picture.view.live
          ? 'No probe yet: rows are compared in the rounds that `probeEvery` names.'
          : 'This run measured no conflicts: its strategy needs no row a task, and `probeEvery` is 0.',
      ),
    );
  else {
    const short = (name) => (name.length > 12 ? `${name.slice(0, 11)}…` : name);
    const header = el(
      'tr',
      {},
      el('th', { scope: 'col' }, 'cosine'),
      ...found.tasks.map((name) => el('th', { scope: 'col', title: name }, short(name))),
      el('th', { scope: 'col' }, 'norm'),
    );
    const lines = found.tasks.map((name, i) =>
      el(
        'tr',
        {},
        el('th', { scope: 'row', title: name }, short(name)),
        ...found.cosines[i].map((cosine) => {
          const cell = el(
            'td',
            {},
            cosine === null ? '–' : `${cosine < -0.005 ? '−' : ''}${Math.abs(cosine).toFixed(2)}`,
          );
          if (cosine !== null)
            cell.style.backgroundColor = `rgba(${css(cosine < 0 ? '--against' : '--along')}, ${(0.42 * Math.min(1, Math.abs(cosine))).toFixed(3)})`;
          return cell;
        }),
        el('td', {}, figure(found.norms[i])),
      ),
    );
    const kept = split.firstChild.querySelector('.scroll');
    const made = el('table', { class: 'matrix' }, el('thead', {}, header), el('tbody', {}, ...lines));
    const note = `Round ${found.round}: −1 is straight against, +1 the same direction.${found.of > found.tasks.length ? ` The first ${found.tasks.length} of ${found.of} tasks.` : ''}`;
    if (kept) {
      kept.replaceChildren(made);
      split.firstChild.firstChild.textContent = note;
    } else
      split.firstChild.replaceChildren(
        el('p', { class: 'quiet' }, note),
        scroll('Cosines between the gradients of tasks', made),
      );
  }
  if (cosines.mean.x.length > 0)
    chartIn(split.lastChild, 'cosines', { title: 'cosines between tasks', height: 200 }).draw([
      { label: 'mean', points: cosines.mean },
      { label: 'least', points: cosines.least },
    ]);
  const weighted = rows.filter(({ weight }) => weight.x.length > 0);
  if (weighted.length > 0)
    chartIn(grid, 'weights', { title: 'weights', height: 190 }).draw(
      weighted.map(({ id, weight }) => ({ label: id, points: weight })),
    );
  const normed = rows.filter(({ norm }) => norm.x.length > 0);
  if (normed.length > 0)
    chartIn(grid, 'norms', { title: 'gradient norms', height: 190 }).draw(
      normed.map(({ id, norm }) => ({ label: id, points: norm })),
    );
}
