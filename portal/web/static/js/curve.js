// The curve of one run: points are asked for from where the last answer ended, so that a long
// training costs no more per look than a short one.

const ASK_EVERY_MS = 1500;
const COLOURS = ["--accent", "--good", "--bad", "--quiet"];
const DASHES = [[], [], [6, 4], [2, 4]];

const place = document.getElementById("chart");
if (place) start(place, JSON.parse(place.dataset.curve));

async function start(place, curve) {
  const series = curve.series.map(() => []);
  const xs = [];
  let chart = null;
  let next = 0;
  for (;;) {
    const answer = await ask(curve, next);
    if (answer) {
      if (answer.attempt !== curve.attempt) { location.reload(); return; }
      next = answer.next;
      take(answer.points);
      if (xs.length && !chart) chart = draw(place, curve, [xs, ...series]);
      else if (chart && answer.points.length) chart.setData([xs, ...series]);
      if (!xs.length) say(place, place.dataset.empty);
      // A full answer has more behind it; an ended run has no more to come.
      if (answer.points.length >= 500) continue;
      if (!answer.live) return;
    }
    await new Promise((resolve) => { setTimeout(resolve, ASK_EVERY_MS); });
  }

  function take(points) {
    points.forEach((point, index) => {
      xs.push(point[curve.x] ?? xs.length + index);
      curve.series.forEach(({ name }, n) => series[n].push(point[name] ?? null));
    });
  }
}

async function ask(curve, from) {
  try {
    const answer = await fetch(`${curve.url}?from=${from}`, { headers: { Accept: "application/json" } });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function say(place, words) {
  if (place.querySelector(".waiting")) return;
  const line = document.createElement("p");
  line.className = "quiet waiting";
  line.textContent = words;
  place.replaceChildren(line);
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function draw(place, curve, data) {
  const percent = (value) => (value == null ? "" : `${Math.round(value * 100)}%`);
  const plain = (value) => (value == null ? "" : Number(value.toPrecision(3)).toString());
  const axes = [...new Set(curve.series.map(({ axis }) => axis))];
  const quiet = colour("--quiet");
  const grid = { stroke: colour("--line"), width: 1 };
  place.replaceChildren();
  const options = {
    width: place.clientWidth,
    height: 260,
    cursor: { points: { size: 7 } },
    scales: Object.fromEntries([["x", { time: false, range: (u, low, high) => [0, high || 1] }], ...axes.map((axis) =>
      [axis, axis === "percent" ? { range: [0, 1] } : { range: (u, low, high) => [0, (high || 1) * 1.1] }])]),
    series: [
      { label: curve.xLabel, value: (u, value) => plain(value) },
      ...curve.series.map(({ label, axis }, n) => ({
        label,
        scale: axis,
        stroke: colour(COLOURS[n % COLOURS.length]),
        dash: DASHES[n % DASHES.length],
        width: n === 0 ? 3 : 2,
        spanGaps: true,
        points: { show: (u) => u.data[0].length < 12 },
        value: (u, value) => (axis === "percent" ? percent(value) : plain(value)),
      })),
    ],
    axes: [
      { stroke: quiet, grid, ticks: grid, label: curve.xLabel, labelSize: 22 },
      ...axes.map((axis, n) => ({
        scale: axis, side: n === 0 ? 3 : 1, stroke: quiet, size: 52,
        grid: n === 0 ? grid : { show: false }, ticks: grid,
        values: (u, ticks) => ticks.map(axis === "percent" ? percent : plain),
      })),
    ],
  };
  const chart = new window.uPlot(options, data, place);
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 260 })).observe(place);
  return chart;
}
