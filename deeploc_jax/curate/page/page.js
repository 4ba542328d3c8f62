// The page of one annotator. All text goes in as text, never as HTML.
'use strict';

const $ = (id) => document.getElementById(id);
const secret = document.querySelector('meta[name=secret]').content;
let cells = [];
let place = 0; // of the cell that the keyboard is at
let busy = Promise.resolve(); // decisions go one after the other
const ahead = new Map(); // pictures of the sheet that comes next, by row

async function ask(name, fields) {
  const options = fields === undefined ? {} : {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Curate-Secret': secret },
    body: JSON.stringify(fields),
  };
  let answer;
  try {
    answer = await fetch(name, options);
  } catch {
    throw new Error('The server does not answer. Nothing was decided by the last click; start the command again.');
  }
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

function run(work) {
  busy = busy.then(work).then(
    () => { $('error').textContent = ''; return true; },
    (error) => { $('error').textContent = error.message; return false; },
  );
  return busy;
}

const say = (words) => { $('status').textContent = words; };

function shown() {
  const number = (id) => Number($(id).value);
  return {
    view: number('view'), scale: $('scale').value,
    brightness: number('brightness'), contrast: number('contrast'),
  };
}

function words(cell) {
  if (cell.kind === 'keep') return cell.now === cell.label ? '✓ kept' : `✓ ${cell.now}`;
  if (cell.kind === 'discard') return '✗ discarded';
  if (cell.kind === 'relabel') return `→ ${cell.now}`;
  return cell.kind === 'skip' ? 'skipped' : '';
}

function says(cell) {
  if (!cell.guess || cell.guess === cell.label) return '';
  return `network: ${cell.guess} ${cell.sure.toFixed(2)}`;
}

function element(name, kind, text) {
  const made = document.createElement(name);
  made.className = kind;
  made.textContent = text;
  return made;
}

function draw(cell, index) {
  const button = cell.button;
  button.className = `cell ${cell.kind}`;
  button.tabIndex = index === place ? 0 : -1;
  button.querySelector('.state').textContent = words(cell);
  const label = cell.label || 'without a label';
  button.setAttribute('aria-label',
    [`Cell ${index + 1} of ${cells.length}`, label, says(cell), words(cell)].filter(Boolean).join(', '));
}

function picture(url) {
  const image = document.createElement('img');
  image.alt = '';
  if (url) image.src = url;
  return image;
}

function make(cell, index) {
  const button = element('button', 'cell', '');
  button.type = 'button';
  button.append(ahead.get(cell.row) ?? picture(), element('span', 'label', cell.label || '(no label)'),
    element('span', 'says', says(cell)), element('span', 'state', ''));
  button.addEventListener('click', () => { move(index); click(index); });
  button.addEventListener('focus', () => move(index));
  return button;
}

async function show(found) {
  const same = found.cells.length === cells.length &&
    found.cells.every((cell, index) => cell.row === cells[index].row);
  found.cells.forEach((cell, index) => {
    cell.button = same ? cells[index].button : make(cell, index);
  });
  cells = found.cells;
  if (!same) place = 0;
  cells.forEach(draw);
  $('sheet').textContent = cells.length ? `Sheet ${found.sheet}, ${cells.length} cells` : 'No cell is left in this order';
  $('progress').textContent = `${found.seen.toLocaleString('en')} of ${found.total.toLocaleString('en')} cells seen.`;
  if (same) return;
  const there = cells.every((cell) => ahead.has(cell.row));
  $('cells').replaceChildren(...cells.map((cell) => cell.button));
  if (there) shownNow(); else await pictures();
}

const asPictures = () => `view=${$('view').value}&scale=${$('scale').value}`;

async function pictures() {
  const urls = await ask(`pictures?${asPictures()}`);
  cells.forEach((cell, index) => { cell.button.querySelector('img').src = urls[index]; });
  shownNow();
}

function shownNow() {
  document.body.dataset.sheet = $('sheet').textContent; // for whoever waits until it is there
  ahead.clear();
  document.body.dataset.ahead = 0;
  // Once these are on the screen. What fails is said to who asks for the sheet itself.
  requestAnimationFrame(() => setTimeout(() => lookAhead().catch(() => {})));
}

async function lookAhead() { // pictures are made, fetched and decoded while people look at these
  const [asked, sheet] = [asPictures(), cells];
  const found = await ask(`ahead?${asked}`);
  if (asked !== asPictures() || sheet[0]?.row !== cells[0]?.row) return;
  found.rows.forEach((row, index) => {
    const image = picture(found.pictures[index]);
    image.decode().catch(() => {});
    ahead.set(row, image);
  });
  document.body.dataset.ahead = ahead.size;
}

function move(index) {
  if (!cells[index]) return;
  if (cells[place]) cells[place].button.tabIndex = -1;
  place = index;
  cells[place].button.tabIndex = 0;
}

function decide(indices, kind, label = '') {
  const rows = indices.map((index) => cells[index].row);
  if (!rows.length) return Promise.resolve(true);
  return run(async () => {
    await show(await ask('decide', { rows, kind, label, shown: shown() }));
    const first = cells[indices[0]];
    say(rows.length === 1 ? `Cell ${indices[0] + 1}: ${words(first)}` : `${rows.length} cells: ${words(first)}`);
  });
}

function takeGuess(index) {
  const { guess } = cells[index];
  if (guess) decide([index], 'relabel', guess); else say('No network has named this cell.');
}

function click(index) {
  const action = $('click').value;
  const { kind } = cells[index];
  if (action === 'guess') takeGuess(index);
  else if (action.startsWith('=')) decide([index], 'relabel', action.slice(1));
  else if (kind === action) decide([index], action === 'keep' ? 'discard' : 'keep');
  else decide([index], action);
}

const rest = () => cells.map((cell, index) => index).filter((index) => !cells[index].kind);

function next() {
  return run(async () => {
    await show(await ask('next', {
      order: $('order').value, only: $('only').value.trim(),
      again: $('again').checked, size: Number($('size').value),
    }));
    say($('sheet').textContent);
    if (cells.length) cells[0].button.focus();
  });
}

async function finish(kind) {
  if (await decide(rest(), kind)) next();
}

function step(name, nothing) {
  return run(async () => {
    const found = await ask(name, {});
    await show(found);
    say(found.done ? $('sheet').textContent : nothing);
  });
}

function relabel(index) {
  const dialog = $('relabel');
  $('label').value = cells[index].guess || cells[index].label || $('label').value;
  dialog.returnValue = '';
  dialog.onclose = () => {
    cells[index].button.focus();
    if (dialog.returnValue === 'ok') decide([index], 'relabel', $('label').value);
  };
  dialog.showModal();
}

function across() { // cells in a row of the page as it is now
  const top = cells[0].button.offsetTop;
  const second = cells.findIndex((cell) => cell.button.offsetTop > top);
  return second < 0 ? cells.length : second;
}

const KEYS = {
  k: () => decide([place], 'keep'),
  d: () => decide([place], 'discard'),
  Delete: () => decide([place], 'discard'),
  g: () => takeGuess(place),
  r: () => relabel(place),
};
const ANYWHERE = {
  n: () => finish('keep'),
  s: () => finish('skip'),
  u: () => step('undo', 'Nothing is left to undo.'),
  b: () => step('back', 'This is the first sheet.'),
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $('relabel').open) return;
  const onCell = event.target.classList.contains('cell');
  const typing = ['INPUT', 'SELECT', 'TEXTAREA'].includes(event.target.tagName);
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1, Home: 0, End: 0 };
  if (onCell && event.key in moves) {
    const vertical = event.key === 'ArrowUp' || event.key === 'ArrowDown';
    let to = place + moves[event.key] * (vertical ? across() : 1);
    if (event.key === 'Home') to = 0;
    if (event.key === 'End') to = cells.length - 1;
    if (cells[to]) { move(to); cells[to].button.focus(); }
  } else if (onCell && event.key in KEYS) KEYS[event.key]();
  else if (!typing && event.key in ANYWHERE) ANYWHERE[event.key]();
  else return;
  event.preventDefault();
});

function table(rows) {
  const number = (value) => (value === null ? '–' : value.toFixed(3));
  $('agreements').tBodies[0].replaceChildren(...rows.map((row) => {
    const line = document.createElement('tr');
    line.append(...[row.annotators, row.method, row.cells, number(row.agreed), number(row.kappa)]
      .map((value) => element('td', '', String(value))));
    return line;
  }));
  $('agreements').hidden = !rows.length;
  say(rows.length ? 'Agreement is below the cells.' : 'Only one annotator has decided so far.');
}

function level(id, unit) {
  const set = () => document.documentElement.style.setProperty(`--${id === 'zoom' ? 'side' : id}`, $(id).value + unit);
  $(id).addEventListener('input', set);
}

level('brightness', '');
level('contrast', '');
level('zoom', 'px');
for (const id of ['view', 'scale']) $(id).addEventListener('change', () => run(pictures));
for (const id of ['which', 'how']) $(id).addEventListener('submit', (event) => event.preventDefault());
$('which').addEventListener('submit', next);
$('keep-rest').addEventListener('click', ANYWHERE.n);
$('skip').addEventListener('click', ANYWHERE.s);
$('discard-rest').addEventListener('click', () => decide(rest(), 'discard'));
$('undo').addEventListener('click', ANYWHERE.u);
$('back').addEventListener('click', ANYWHERE.b);
$('export').addEventListener('click', () => run(async () => say((await ask('export', {})).words)));
$('agreement').addEventListener('click', () => run(async () => table(await ask('agreement'))));
run(async () => show(await ask('sheet')));
