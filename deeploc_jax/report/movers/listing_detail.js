// What opens under a row: its cells, its class probabilities, and its other numbers.
const LEAST = 0.01;  // classes with less than this in all conditions are summed up

function drawDetail(row) {
  const sides = data.sides.map((_, side) => side);
  const inside = make('div', {class: 'detail'},
    make('div', {class: 'sides'}, ...sides.map(side => drawCells(row, side))),
    make('div', {class: 'side'}, drawBars(row, sides), drawFacts(row)));
  return make('tr', {class: 'opened', id: `opened-${row}`}, make('td', {colspan: listed.length}, inside));
}

function drawCells(row, side) {
  const title = make('b', {}, data.sides[side]);
  const stored = document.getElementById(`cells-${data.cells[side][row]}`);
  if (!stored) {
    return make('figure', {class: 'cells'}, make('figcaption', {}, title,
      ' no pictures of its cells are on this page.'));
  }
  const {shown, total, gain, width} = stored.dataset;
  const rule = `nearest to the median of ${Number(total).toLocaleString('en')} cells`;
  const image = make('img', {
    src: 'data:image/jpeg;base64,' + stored.textContent.trim(), width,
    alt: `${data.rows.protein[row]}, ${data.sides[side]}: the ${shown} ${rule}.`,
  });
  image.style.setProperty('--gain', gain);
  return make('figure', {class: 'cells'},
    make('figcaption', {}, title, ` the ${shown} ${rule}`), image);
}

function drawBars(row, sides) {
  const shares = sides.map(side => data.bars[side][row]);
  if (!shares.some(Boolean)) return '';
  const largest = index => Math.max(...shares.map(share => share ? share[index] : 0));
  const order = data.classes.map((_, index) => index)
    .filter(index => largest(index) >= LEAST)
    .sort((a, b) => largest(b) - largest(a));
  const head = make('tr', {}, make('th', {scope: 'col'}, 'class'),
    ...sides.map(side => make('th', {scope: 'col', class: 'number'}, data.sides[side])));
  const lines = order.map(index => make('tr', {},
    make('th', {scope: 'row'}, data.classes[index]),
    ...shares.map((share, side) => drawBar(share && share[index], side))));
  const rest = data.classes.length - order.length;
  const note = rest ? [make('p', {class: 'note'},
    `${rest} other ${rest === 1 ? 'class has' : 'classes have'} less than 1 %.`)] : [];
  return make('div', {}, make('table', {class: 'bars'}, make('caption', {}, data.bars_title),
    make('thead', {}, head), make('tbody', {}, ...lines)), ...note);
}

function drawBar(share, side) {
  if (share === null || share === undefined) return make('td', {class: 'number'}, '\u2013');
  const cell = make('td', {class: `number bar ${side ? 'after' : 'before'}`},
    `${(100 * share).toFixed(1)}\u00a0%`);
  cell.style.setProperty('--share', `${100 * share}%`);
  return cell;
}

function drawFacts(row) {
  const facts = data.columns.filter(column => column.where === 'opened' && ![null, ''].includes(data.rows[column.key][row]));
  const lines = facts.map(column => make('tr', {},
    make('th', {scope: 'row', title: column.note}, column.title),
    make('td', {}, ...[written(column, row)].flat())));
  return make('table', {class: 'plain facts'}, make('tbody', {}, ...lines));
}
