// Controls, charts and address follow the state, and the state follows them.
const controls = document.getElementById('controls');

function update(changes = {}) {
  Object.assign(state, changes);
  if (!('open' in changes)) drawn = STEP;
  writeHash();
  draw();
}

function draw() {
  const rows = chosenRows();
  const last = Math.max(-1, ...state.open.map(key => rows.indexOf(rowOf.get(key))));
  drawn = Math.max(drawn, last + 1);
  drawHead();
  drawBody(rows);
  document.body.dataset.view = state.view;
  for (const field of controls.elements) {
    if (field.type === 'radio') field.checked = state[field.name] === field.value;
    else if (field.name in state && field.value !== state[field.name]) field.value = state[field.name];
  }
  const found = new Set(foundRows());
  for (const point of document.querySelectorAll('svg [data-row]')) {
    const row = Number(point.dataset.row);
    point.classList.toggle('aside', !found.has(row));
    point.classList.toggle('open', state.open.includes(data.keys[row]));
  }
  for (const arrow of document.querySelectorAll('svg [data-from]')) {
    const open = data.places.every((p, i) => state[p] === [arrow.dataset.from, arrow.dataset.to][i]);
    arrow.classList.toggle('open', open);
  }
}

function toggle(row) {
  const key = data.keys[row], open = state.open.includes(key);
  update({open: open ? state.open.filter(other => other !== key) : [...state.open, key]});
  table.querySelector(`tr[data-row="${row}"] button`).focus({preventScroll: true});
}

// A link of a chart opens one row, which is brought into view.
function reveal(row) {
  state.open = [data.keys[row]];
  if (!chosenRows().includes(row)) {
    for (const name of ['q', ...data.places]) state[name] = '';
    state.show = data.shows.find(show => !show.column).key;
  }
  update({open: state.open});
  const line = table.querySelector(`tr[data-row="${row}"]`);
  line.querySelector('button').focus({preventScroll: true});
  line.scrollIntoView({block: 'center'});
}

table.tBodies[0].addEventListener('click', event => {
  const line = event.target.closest('tr.row');
  const selects = event.detail && String(getSelection());  // not a click of a key
  if (line && !selects) toggle(Number(line.dataset.row));
});
controls.addEventListener('input', event => update({[event.target.name]: event.target.value}));
controls.addEventListener('submit', event => event.preventDefault());
document.getElementById('skip').addEventListener('click', () => controls.elements.q.focus());
document.getElementById('reset').addEventListener('click', () => update({...start, open: []}));
document.getElementById('download').addEventListener('click', () => {
  const file = new Blob([csv()], {type: 'text/csv'});
  const link = make('a', {href: URL.createObjectURL(file), download: data.file});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
});
const more = document.getElementById('more');
more.addEventListener('click', () => { drawn += STEP; draw(); });
new IntersectionObserver(seen => { if (seen.some(one => one.isIntersecting)) more.click(); },
                         {rootMargin: '400px'}).observe(more);
document.querySelectorAll('svg').forEach(chart => chart.addEventListener('click', event => {
  const link = event.target.closest('[data-row], [data-from]');
  if (!link) return;
  event.preventDefault();
  if (link.dataset.row) reveal(Number(link.dataset.row));
  else {
    const [from, to] = data.places;
    update({...start, open: [], show: 'moved', sort: state.sort, view: state.view,
            [from]: link.dataset.from, [to]: link.dataset.to});
    table.scrollIntoView();
  }
}));
addEventListener('hashchange', () => { readHash(); draw(); });
readHash();
draw();
