// The table: headers that sort, rows that open, and a button for more of them.
const STEP = 200;  // rows drawn at once
const table = document.getElementById('rows');
let drawn = STEP;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);  // strings become text, never markup
  return element;
}

const minus = text => text.replace('-', '\u2212');
const formats = {
  text: value => value,
  count: value => value.toLocaleString('en'),
  percent: value => minus(`${(100 * value).toFixed(0)}\u00a0%`),
  decimal: value => minus(value.toFixed(2)),
  signed: value => (value > 0 ? '+' : '') + minus(value.toFixed(2)),
  probability: value => value >= 0.001 ? value.toFixed(3)
    : value > 0 ? minus(value.toExponential(0)) : '0',
  flag: value => value ? 'yes' : 'no',
};

function written(column, row) {
  const value = data.rows[column.key][row];
  if (value === null || value === '') return '\u2013';
  const text = formats[column.kind](value);
  const low = column.low && data.rows[column.low][row];
  if (typeof low !== 'number') return text;
  const bound = key => formats[column.kind](data.rows[key][row]);
  return [text, make('span', {class: 'interval'}, ` ${bound(column.low)} to ${bound(column.high)}`)];
}

const listed = data.columns.filter(column => column.where === 'table');
const isNumber = column => !['text', 'flag'].includes(column.kind);

function drawHead() {
  const head = make('tr');
  for (const column of listed) {
    const order = state.sort === column.key ? 'ascending'
      : state.sort === '-' + column.key ? 'descending' : null;
    const button = make('button', {type: 'button', title: column.note}, column.title);
    button.addEventListener('click', () => {
      const first = column.first + column.key;
      const other = column.first ? column.key : '-' + column.key;
      update({sort: state.sort === first ? other : first});
      table.tHead.querySelectorAll('button')[listed.indexOf(column)].focus();
    });
    head.append(make('th', {scope: 'col', 'aria-sort': order,
                            class: isNumber(column) && 'number'}, button));
  }
  table.tHead.replaceChildren(head);
}

function drawRow(row) {
  const open = state.open.includes(data.keys[row]);
  const line = make('tr', {'data-row': row, class: open ? 'row open' : 'row'});
  listed.forEach((column, index) => {
    const content = [written(column, row)].flat();
    const faint = column.unless && !data.rows[column.unless][row] ? ' faint' : '';
    if (index) line.append(make('td', {class: (isNumber(column) ? 'number' : '') + faint}, ...content));
    else line.append(make('th', {scope: 'row'},
      make('button', {type: 'button', 'aria-expanded': String(open),
                      'aria-controls': open && `opened-${row}`}, ...content)));
  });
  return open ? [line, drawDetail(row)] : [line];
}

function drawBody(rows) {
  table.tBodies[0].replaceChildren(...rows.slice(0, drawn).flatMap(drawRow));
  const left = Math.max(0, rows.length - drawn);
  const more = document.getElementById('more');
  more.hidden = !left;
  more.textContent = `Show more (${left.toLocaleString('en')} left)`;
  document.getElementById('count').textContent = rows.length
    ? `${rows.length.toLocaleString('en')} of ${data.keys.length.toLocaleString('en')} ${data.noun}`
    : `Nothing matches among ${data.keys.length.toLocaleString('en')} ${data.noun}.`;
}

// Every column of the rows that are chosen, with their numbers in full.
function csv() {
  const quoted = value => /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const keys = data.columns.map(column => column.key);
  const lines = chosenRows().map(
    row => keys.map(key => quoted(String(data.rows[key][row] ?? ''))).join(','));
  return [keys.map(quoted).join(','), ...lines, ''].join('\r\n');
}
