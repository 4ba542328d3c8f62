// What the page shows is in the hash of its address, so that a link shows the same.
const data = JSON.parse(document.getElementById('data').textContent);
const rowOf = new Map(data.keys.map((key, row) => [key, row]));
const start = {q: '', show: data.show, view: data.views[0].key, sort: data.sort, open: []};
for (const place of data.places) start[place] = '';
const state = {...start};

function known(name, value) {
  if (name === 'show') return data.shows.some(show => show.key === value);
  if (name === 'view') return data.views.some(view => view.key === value);
  if (name === 'sort') return data.columns.some(c => c.key === value.replace(/^-/, ''));
  if (data.places.includes(name)) return value === '' || data.classes.includes(value);
  return true;
}

function readHash() {
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(start)) {
    if (name === 'open') state.open = asked.getAll('open').filter(key => rowOf.has(key));
    else {
      const value = asked.get(name) ?? start[name];
      state[name] = known(name, value) ? value : start[name];
    }
  }
}

function writeHash() {
  const kept = new URLSearchParams();
  for (const name of Object.keys(start)) {
    if (name === 'open') state.open.forEach(key => kept.append('open', key));
    else if (state[name] !== start[name]) kept.set(name, state[name]);
  }
  try {
    history.replaceState(null, '', '#' + kept);
  } catch {
    // Safari refuses more than a hundred in half a minute; the next one will do.
  }
}

// The rows that the state asks for, in its order.
function chosenRows() {
  const show = data.shows.find(one => one.key === state.show).column;
  return sorted(foundRows().filter(row => !show || data.rows[show][row]));
}

// The rows that fit what is searched for, whether they moved or not.
function foundRows() {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  return data.keys.map((_, row) => row).filter(row =>
    data.places.every(place => !state[place] || data.rows[place][row] === state[place]) &&
    words.every(word => data.search.some(
      key => String(data.rows[key][row] ?? '').toLowerCase().includes(word))));
}

// What is not known comes last in either direction; rows that are equal keep their order.
function sorted(rows) {
  const down = state.sort.startsWith('-') ? -1 : 1;
  const values = data.rows[state.sort.replace(/^-/, '')];
  const unknown = row => values[row] === null || values[row] === '';
  const inOrder = (a, b) => typeof a === 'number' || typeof a === 'boolean'
    ? a - b : collator.compare(a, b);
  return rows.sort((a, b) => unknown(a) - unknown(b) ||
    (unknown(a) ? 0 : down * inOrder(values[a], values[b])) || a - b);
}
const collator = new Intl.Collator('en', {numeric: true});
