'use strict';
/* Elements and figures in words. Text is set as text only: nothing of a run is ever read as markup. */

/** One element; `given.on…` are listeners, other keys attributes. */
function el(name, given = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const figure = (value) =>
  value === null || value === undefined
    ? '–'
    : Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)
      ? value.toExponential(2)
      : String(Number(value.toPrecision(4)));

function bytes(count) {
  if (count === null || count === undefined) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; count >= 1000 && unit < units.length - 1; unit++) count /= 1000;
  return `${Number(count.toPrecision(3))} ${units[unit]}`;
}

function duration(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${Number(ms.toPrecision(3))} ms`;
  const s = Math.round(ms / 1000);
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** The theme that was chosen here, or else the system's. */
const theme = {
  now: () => document.documentElement.dataset.theme,
  set(name) {
    document.documentElement.dataset.theme = name;
  },
};
theme.set(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
