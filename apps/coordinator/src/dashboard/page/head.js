'use strict';
/* The first screen: what runs, who is waited for, how to join. */

function themeButton() {
  const other = theme.now() === 'dark' ? 'light' : 'dark';
  return el(
    'button',
    {
      type: 'button',
      id: 'theme',
      onclick: () => {
        theme.set(other);
        shape = '';
        document.getElementById('theme').replaceWith(themeButton());
        if (told?.pictures) draw();
        document.getElementById('theme').focus();
      },
    },
    `${other === 'dark' ? '☾' : '☀'} ${other}`,
  );
}

/** The line above everything: what is looked at, and the button for the theme at its end. */
const headline = (title, ...more) =>
  el('div', { class: 'top' }, el('div', { class: 'titles' }, el('h1', {}, title), ...more), themeButton());

function head({ view }) {
  const { clients, tasks } = view.waitingFor;
  const waiting = clients.length > 0 ? clients : tasks.map((task) => `task ${task}`);
  const names = waiting.slice(0, 4).join(', ') + (waiting.length > 4 ? ` and ${waiting.length - 4} more` : '');
  const facts = [
    [
      'round',
      `${view.round}${view.rounds === null ? '' : ` of ${view.rounds}`}${view.attempt > 0 ? `, attempt ${view.attempt}` : ''}`,
    ],
    ['waiting for', names || 'nobody'],
    ['elapsed', duration(view.elapsedMs)],
    ['estimated rest', duration(view.restMs)],
    ['mean loss', figure(view.loss)],
    ['sent up / down', `${bytes(view.bytes.up)} / ${bytes(view.bytes.down)}`],
    ['clients', `${view.clients.filter(({ state }) => state !== 'missing').length} of ${view.clients.length}`],
  ];
  const bad = BAD.has(view.state);
  const command = view.join;
  const others = told.pictures
    .slice(1)
    .map(({ view: { folder } }) => nameOf(folder))
    .join(', ');
  const focused = document.activeElement?.id;
  document.getElementById('head').replaceChildren(
    headline(
      view.run,
      el('span', { class: `state${bad ? ' bad' : ''}`, id: 'state' }, `${SIGNS[view.state] ?? ''} ${view.state}`),
      told.pictures.length > 1 ? el('span', { class: 'quiet' }, `compared with ${others}`) : null,
    ),
    el('progress', {
      max: view.rounds || 1,
      value: Math.min(view.round, view.rounds || 1),
      'aria-label': 'rounds done',
    }),
    el('dl', {}, ...facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
    ...(view.live && view.state !== 'finished'
      ? [
          el(
            'dl',
            {},
            el(
              'div',
              {},
              el('dt', {}, 'join'),
              el(
                'dd',
                {},
                el('code', {}, command),
                ' ',
                el(
                  'button',
                  {
                    type: 'button',
                    id: 'copy',
                    onclick: ({ target }) =>
                      void navigator.clipboard?.writeText(command).then(() => (target.textContent = 'copied')),
                  },
                  'copy',
                ),
              ),
            ),
          ),
        ]
      : []),
  );
  if (focused) document.getElementById(focused)?.focus();
}
