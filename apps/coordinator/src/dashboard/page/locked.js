'use strict';
/* Who may not look is told what is needed. */

/** Whether this page may show the run: null, or what to do. */
async function refusal() {
  if (inside) return null;
  const answer = await fetch('allowed.json', { headers: credentials() });
  const said = await answer.json();
  return said.allowed ? null : said;
}

const credentials = () => (token ? { authorization: `Bearer ${token}` } : {});

function locked(main, { byToken, remedy }) {
  document.getElementById('head').replaceChildren(headline('Trunkline'));
  document.title = 'Trunkline';
  const input = el('input', { id: 'token', type: 'password', autocomplete: 'off', required: true });
  const form = el(
    'form',
    {
      class: 'bar after',
      onsubmit: (submitted) => {
        submitted.preventDefault();
        token = input.value.trim();
        void begin();
      },
    },
    el('label', { for: 'token' }, 'Token'),
    input,
    el('button', {}, 'Look'),
  );
  main.replaceChildren(
    el(
      'section',
      { 'aria-labelledby': 'locked' },
      el('h2', { id: 'locked' }, byToken ? 'This run asks for its token' : 'This page is for this machine alone'),
      byToken && token ? el('p', { class: 'bad', role: 'alert' }, '✕ That token is not the one of this run.') : null,
      el('p', {}, remedy),
      byToken ? form : null,
    ),
  );
  if (byToken) input.focus();
}
