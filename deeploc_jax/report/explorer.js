// Shows a map of cells: pointing at a cell shows it, a click its nearest cells.
(() => {
  const root = document.currentScript.closest('.explorer');
  const find = (name) => root.querySelector(name);
  const data = JSON.parse(find('.data').textContent);
  const canvas = find('.map'), paint = canvas.getContext('2d');
  const which = find('.which'), by = find('.by');
  const edge = 40, wide = canvas.width - 2 * edge, near = 14;
  const sprites = new Image();
  let current = -1, nearest = [], alone = -1;

  const option = (select, value, text) => select.add(new Option(text, value));
  data.maps.forEach((map, k) => option(which, k, map.name));
  Object.keys(data.groups).forEach((name) => option(by, name, name));

  const map = () => data.maps[which.value];
  const group = () => data.groups[by.value];
  const place = (cell) => [
    edge + (map().places[2 * cell] / 1000) * wide,
    canvas.height - edge - (map().places[2 * cell + 1] / 1000) * wide,
  ];

  function ring(cell, color) {
    const [x, y] = place(cell);
    paint.strokeStyle = color;
    paint.lineWidth = 4;
    paint.beginPath();
    paint.arc(x, y, 13, 0, 7);
    paint.stroke();
  }

  function draw() {
    const { of, colors } = group();
    paint.clearRect(0, 0, canvas.width, canvas.height);
    data.ids.forEach((_, cell) => {
      const [x, y] = place(cell);
      paint.fillStyle = of[cell] < 0 ? '#c4c8ce' : colors[of[cell]];
      paint.globalAlpha = alone < 0 || of[cell] === alone ? 1 : 0.08;
      paint.beginPath();
      paint.arc(x, y, 5, 0, 7);
      paint.fill();
    });
    paint.globalAlpha = 1;
    nearest.forEach((cell) => ring(cell, '#8a8f99'));
    if (current >= 0) ring(current, '#1f2430');
  }

  function legend() {
    const { names, colors } = group();
    const lines = names.length > 40 ? [] : names.map((name, k) => {
      const line = document.createElement('li'), dot = document.createElement('span');
      const only = document.createElement('button');
      dot.style.background = colors[k];
      only.append(dot, name || '(none)');
      only.setAttribute('aria-pressed', k === alone);
      only.addEventListener('click', () => {
        alone = alone === k ? -1 : k;
        [...find('.colors').querySelectorAll('button')].forEach((button, other) =>
          button.setAttribute('aria-pressed', other === alone));
        draw();
      });
      line.append(only);
      return line;
    });
    find('.colors').replaceChildren(...lines);
  }

  function words(cell) {
    const known = Object.values(data.groups).map(({ names, of }) =>
      of[cell] < 0 ? 'not known' : names[of[cell]]);
    return [...known, data.ids[cell]].filter(Boolean).join(' · ');
  }

  function picture(cell) {
    const figure = document.createElement('figure');
    const view = document.createElement('canvas'), text = document.createElement('figcaption');
    view.width = view.height = 2 * data.side;
    const x = (cell % data.across) * data.side, y = Math.floor(cell / data.across) * data.side;
    view.getContext('2d').drawImage(
      sprites, x, y, data.side, data.side, 0, 0, view.width, view.height);
    text.textContent = words(cell);
    view.setAttribute('role', 'img');
    view.setAttribute('aria-label', words(cell));
    figure.append(view, text);
    return figure;
  }

  function show(text, cells) {
    find('.words').textContent = text;
    find('.cells').replaceChildren(...cells.map(picture));
    draw();
  }

  // The cells by their distance from a point of the canvas, the nearest first.
  function around(x, y) {
    const away = data.ids.map((_, cell) => {
      const [a, b] = place(cell);
      return Math.hypot(a - x, b - y);
    });
    const order = [...away.keys()].sort((a, b) => away[a] - away[b]);
    return order.map((cell) => [cell, away[cell]]);
  }

  function point(event) {
    const box = canvas.getBoundingClientRect(), scale = canvas.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  function choose(cell) {
    current = cell;
    nearest = map().near.slice(3 * cell, 3 * cell + 3);
    show('The cell, and the three nearest to it by this layer:', [cell, ...nearest]);
  }

  canvas.addEventListener('pointermove', (event) => {
    const [[cell, away]] = around(...point(event));
    if (away > near || cell === current) return;
    [current, nearest] = [cell, []];
    show('Click for the three nearest.', [cell]);
  });
  canvas.addEventListener('click', (event) => {
    const found = around(...point(event));
    if (found[0][1] <= near) return choose(found[0][0]);
    [current, nearest] = [-1, found.slice(0, 3).map(([cell]) => cell)];
    show('The three cells nearest to this point of the map:', nearest);
  });
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && current >= 0) choose(current);
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const [x, y] = current < 0 ? [canvas.width / 2, canvas.height / 2] : place(current);
    const next = around(x, y).find(([cell]) => {
      const [a, b] = place(cell), along = (a - x) * step[0] + (b - y) * step[1];
      return cell !== current && along > 0 && along >= Math.hypot(a - x, b - y) * 0.7;
    });
    if (!next) return;
    [current, nearest] = [next[0], []];
    show('Enter shows the three nearest.', [current]);
  });
  which.addEventListener('change', () => { nearest = []; draw(); });
  by.addEventListener('change', () => { alone = -1; legend(); draw(); });
  sprites.src = data.sprites;
  legend();
  draw();
})();
