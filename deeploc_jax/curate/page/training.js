// Training again in the background, how far it is, and what the labels were worth.
'use strict';

let round; // the last one whose network names the cells
const WIDE = 420, HIGH = 190, LEFT = 48, BOTTOM = 36, TOP = 12, RIGHT = 14;

function left(seconds) {
  if (seconds === null) return '';
  return seconds < 90 ? `, ${Math.ceil(seconds)} s left` : `, ${Math.ceil(seconds / 60)} min left`;
}

function tell(found) {
  $('train').disabled = found.running;
  $('how-far').hidden = !found.running;
  if (found.running) {
    $('how-far').max = found.of || 1;
    $('how-far').value = found.done;
    $('stage').textContent = found.of
      ? `${found.stage}: ${found.done} of ${found.of} fits${left(found.left)}` : found.stage;
  } else $('stage').textContent = '';
  $('train-error').textContent = found.error;
  $('network').textContent = found.network ? `Names and doubts: ${found.network}.` : 'No network names the cells.';
  $('learned').textContent = found.words;
  if (round !== undefined && found.round > round) say('The next sheet begins with what the new network doubts.');
  if (found.round !== round) drawCurve(found.points);
  round = found.round;
  const names = [...$('order').options].map((option) => option.value);
  if (found.orders.join() !== names.join()) {
    const chosen = $('order').value;
    $('order').replaceChildren(...found.orders.map((name) => element('option', '', name)));
    if (found.orders.includes(chosen)) $('order').value = chosen;
  }
  if (found.running) setTimeout(() => follow(() => ask('training')), 250);
}

async function follow(question) {
  try {
    tell(await question());
  } catch (error) {
    $('train-error').textContent = error.message;
  }
}

function svg(name, attributes, text = '') {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function drawCurve(points) {
  const known = points.filter((point) => point.accuracy !== null && point.error !== null);
  $('curves').hidden = known.length < 2;
  if (known.length < 2) return;
  const low = Math.floor(Math.min(...known.map((p) => p.accuracy - p.error)) * 10) / 10;
  const high = Math.min(1, Math.ceil(Math.max(...known.map((p) => p.accuracy + p.error)) * 10) / 10);
  const most = known.at(-1).decided;
  const x = (n) => LEFT + (WIDE - LEFT - RIGHT) * n / most;
  const y = (value) => TOP + (HIGH - TOP - BOTTOM) * (high - Math.min(value, high)) / (high - low);
  const parts = [low, (low + high) / 2, high].flatMap((value) => [
    svg('line', { class: 'grid', x1: LEFT, x2: WIDE - RIGHT, y1: y(value), y2: y(value) }),
    svg('text', { x: LEFT - 6, y: y(value) + 4, 'text-anchor': 'end' }, value.toFixed(2)),
  ]);
  const line = known.map((p) => `${x(p.decided)},${y(p.accuracy)}`).join(' ');
  parts.push(svg('polyline', { points: line }));
  let free = Infinity; // numbers below the axis are left out where others are near
  for (const p of known.toReversed()) {
    const words = `${p.decided.toLocaleString('en')} cells decided on: ${p.accuracy.toFixed(3)} ± ${p.error.toFixed(3)}`;
    const circle = svg('circle', { cx: x(p.decided), cy: y(p.accuracy), r: 4 });
    circle.append(svg('title', {}, words));
    parts.push(
      svg('line', { x1: x(p.decided), x2: x(p.decided), y1: y(p.accuracy - p.error), y2: y(p.accuracy + p.error) }),
      circle,
    );
    if (x(p.decided) > free - 30) continue;
    free = x(p.decided);
    parts.push(svg('text', { x: free, y: HIGH - BOTTOM + 16, 'text-anchor': 'middle' }, p.decided.toLocaleString('en')));
  }
  parts.push(svg('text', { x: (WIDE + LEFT) / 2, y: HIGH - 4, 'text-anchor': 'middle' }, 'cells decided on'));
  $('curve').setAttribute('aria-label', `Accuracy by cells decided on. ${
    known.map((p) => `${p.decided}: ${p.accuracy.toFixed(3)}`).join('; ')}`);
  $('curve').setAttribute('viewBox', `0 0 ${WIDE} ${HIGH}`);
  $('curve').replaceChildren(...parts);
}

$('train').addEventListener('click', () => follow(() => ask('train', {})));
follow(() => ask('training'));
