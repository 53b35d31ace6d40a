'use strict';
/* Line charts with uPlot. A line is told by its dashes as well as by its colour. */

const DASHES = [[], [7, 3], [2, 3], [10, 3, 2, 3], [4, 2], [1, 2]];
/** With the colour it tells 36 lines apart. */
const dashOf = (i) => DASHES[(i + Math.floor(i / 6)) % 6];
const colourOf = (i) =>
  getComputedStyle(document.documentElement)
    .getPropertyValue(`--c${i % 6}`)
    .trim();
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Nothing of a band but its fill is drawn. */
const EDGE = { label: '', stroke: 'transparent', width: 0, points: { show: false }, spanGaps: true };
const SHADED = 'shaded: least to most of the rounds a point stands for';
/** With more lines than these, bands would hide them. */
const BANDED = 3;
/** Opacity of a band, as two hexadecimal digits. */
const BAND = '2e';

/** Which lines have points that stand for several rounds of different values: least and most are then shaded. */
const bandedIn = (lines) =>
  lines.length > BANDED
    ? []
    : lines.flatMap(({ points, flat }, i) =>
        flat === undefined && points.most.some((most, at) => most > points.least[at]) ? [i] : [],
      );

/** Lines on one axis of rounds: [{points, label, flat?}] → uPlot's aligned columns, then most and least of each line in `banded`. */
function aligned(lines, banded) {
  const all = new Set();
  for (const { points } of lines) for (const x of points.x) all.add(x);
  const xs = [...all].sort((a, b) => a - b);
  const column = (points, values) => {
    const at = new Map(points.x.map((x, i) => [x, values[i]]));
    return xs.map((x) => at.get(x));
  };
  const means = lines.map(({ points, flat }) =>
    flat === undefined ? column(points, points.mean) : xs.map(() => flat),
  );
  const edges = banded.flatMap((i) => [
    column(lines[i].points, lines[i].points.most),
    column(lines[i].points, lines[i].points.least),
  ]);
  return [xs, ...means, ...edges];
}

/** A figure with one chart. Answers with the element and how to give it new lines. */
function chart({ title, unit = figure, height = 130 }) {
  const reading = el('span', {});
  const caption = el('span', {});
  const plot = el('div', { class: 'plot', role: 'img' });
  plot.style.height = `${height}px`;
  const legend = el('ul', { class: 'legend' });
  const element = el('figure', {}, el('figcaption', {}, caption, reading), plot, legend);
  let drawn;
  let labels = '';
  const draw = (lines) => {
    const banded = bandedIn(lines);
    const data = aligned(lines, banded);
    const shape = `${theme.now()} ${banded.join()} ${lines.map(({ label }) => label).join('\n')}`;
    const last = lines.map(({ label, points, flat }) => `${label} ${unit(flat ?? points.mean.at(-1))}`);
    plot.setAttribute(
      'aria-label',
      `${title} by round. Newest: ${last.join('; ')}.${banded.length > 0 ? ` ${SHADED}.` : ''}`,
    );
    caption.textContent =
      lines.length === 1 ? `${title}: ${unit(lines[0].flat ?? lines[0].points.mean.at(-1))}` : title;
    if (drawn && shape === labels) {
      if (plot.clientWidth > 0 && drawn.width !== plot.clientWidth) drawn.setSize({ width: plot.clientWidth, height });
      drawn.setData(data);
      return;
    }
    labels = shape;
    drawn?.destroy();
    const axis = {
      stroke: css('--quiet'),
      grid: { stroke: css('--line'), width: 1 },
      ticks: { stroke: css('--line') },
      font: '11px system-ui, sans-serif',
    };
    drawn = new uPlot(
      {
        width: Math.max(120, plot.clientWidth),
        height,
        legend: { show: false },
        cursor: { drag: { x: true, y: false } },
        scales: { x: { time: false } },
        axes: [
          { ...axis, size: 26 },
          { ...axis, size: 58, values: (_, ticks) => ticks.map(unit) },
        ],
        series: [
          {},
          ...lines.map(({ label }, i) => ({
            label,
            stroke: colourOf(i),
            dash: dashOf(i),
            width: 1.7,
            spanGaps: true,
            points: { show: data[0].length < 3 },
          })),
          ...banded.flatMap(() => [EDGE, EDGE]),
        ],
        bands: banded.map((i, at) => ({
          series: [1 + lines.length + 2 * at, 2 + lines.length + 2 * at],
          fill: `${colourOf(i)}${BAND}`,
        })),
        hooks: {
          setCursor: [
            (plotted) => {
              const i = plotted.cursor.idx;
              reading.textContent =
                i === null || i === undefined
                  ? ''
                  : `round ${plotted.data[0][i]}: ${plotted.data
                      .slice(1, 1 + Math.min(3, lines.length))
                      .map((column) => unit(column[i]))
                      .join(' / ')}`;
            },
          ],
        },
      },
      data,
      plot,
    );
    legend.replaceChildren(
      ...(lines.length < 2 ? [] : lines.map(({ label }, i) => el('li', {}, swatch(i), label))),
      ...(banded.length > 0 ? [el('li', { class: 'quiet' }, SHADED)] : []),
    );
  };
  return { element, draw };
}

function swatch(i) {
  const space = 'http://www.w3.org/2000/svg';
  const image = document.createElementNS(space, 'svg');
  for (const [key, value] of Object.entries({ width: 26, height: 8, 'aria-hidden': 'true' }))
    image.setAttribute(key, value);
  const line = document.createElementNS(space, 'line');
  const look = {
    x1: 0,
    x2: 26,
    y1: 4,
    y2: 4,
    stroke: colourOf(i),
    'stroke-width': 2,
    'stroke-dasharray': dashOf(i).join(' '),
  };
  for (const [key, value] of Object.entries(look)) line.setAttribute(key, value);
  image.append(line);
  return image;
}
