// Small SVG charts. Lines differ by dash and by the word beside them, bars by pattern of shade and a legend: colour is never alone.
import { el, svg } from "./base.js";

const [RIGHT, TOP, BOTTOM] = [626, 16, 218];

/// On a phone letters are larger against the picture (app.css), so fewer fit.
export const narrow = () => matchMedia("(max-width:30rem)").matches;
// Room for the longest number of the axis.
const room = (ticks, format) => Math.max(58, 12 + (narrow() ? 15 : 11) * Math.max(...ticks.map((tick) => format(tick).length)));

function frame(label, left, y, ticks, format, unit) {
  const chart = svg("svg", { viewBox: unit ? "0 -24 640 274" : "0 0 640 250", role: "img", "aria-label": label, class: "chart" });
  if (unit) chart.append(svg("text", { x: 2, y: -6 }, unit));
  for (const tick of ticks) {
    chart.append(svg("line", { class: "axis", x1: left, x2: RIGHT, y1: y(tick), y2: y(tick) }), svg("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, format(tick)));
  }
  return chart;
}

/// Round steps up to at least `most`.
export function steps(most) {
  if (!(most > 0)) return [0, 1];
  const raw = most / 4, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((step) => step >= raw * 0.999);
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step);
}

// What lies between gaps (a value of null), each a line of its own.
function runs(points) {
  const found = [[]];
  for (const point of points) {
    if (point[1] === null) found.push([]);
    else found[found.length - 1].push(point);
  }
  return found.filter((run) => run.length);
}

/// Lines over time: `series` of {name, kind, points: [[ms, value or null]]}, `bands` of {kind, points: [[ms, low, high]]}.
export function lines(label, { from, to, ticks, format, unit, series, bands = [], marks = [], dates }) {
  const left = room(ticks, format);
  const x = (at) => left + (RIGHT - left) * (at - from) / (to - from);
  const y = (value) => BOTTOM - (BOTTOM - TOP) * (value - ticks[0]) / (ticks[ticks.length - 1] - ticks[0]);
  const chart = frame(label, left, y, ticks, format, unit);
  for (const band of bands) {
    const there = band.points.map(([at, low]) => `${x(at).toFixed(1)},${y(low).toFixed(1)}`);
    const back = [...band.points].reverse().map(([at, , high]) => `${x(at).toFixed(1)},${y(high).toFixed(1)}`);
    chart.append(svg("polygon", { class: "band " + band.kind, points: [...there, ...back].join(" ") }));
  }
  for (const line of series) {
    for (const run of runs(line.points)) chart.append(svg("polyline", { class: "line " + line.kind, points: run.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ") }));
  }
  for (const mark of marks) {
    const [px, py] = [x(mark.at), y(mark.value)];
    if (mark.dot !== false) chart.append(svg("circle", { class: "now", cx: px, cy: py, r: 5 }));
    const end = px > (left + RIGHT) / 2;
    chart.append(svg("text", { class: "strong", x: px + (end ? -8 : 8), y: Math.max(TOP + 4, py + (mark.below ? 18 : -9)), "text-anchor": end ? "end" : "start" }, mark.text));
  }
  for (const [at, text] of dates) {
    const px = x(at);
    chart.append(svg("line", { class: "axis", x1: px, x2: px, y1: BOTTOM, y2: BOTTOM + 5 }), svg("text", { x: px, y: 238, "text-anchor": px > 570 ? "end" : px < left + 40 ? "start" : "middle" }, text));
  }
  return el("figure", {}, chart, legend(series.filter((line) => line.points.length).map((line) => ["line " + line.kind, line.name]).concat(bands.map((band) => ["band " + band.kind, band.name]))));
}

/// Stacked bars: `rows` of {label, parts: [numbers, null where not known], known}.
export function bars(label, { rows, kinds, names, format, unit, base }) {
  const most = Math.max(base || 0, ...rows.map((row) => row.parts.reduce((a, b) => a + b, 0)));
  const ticks = steps(most);
  const left = room(ticks, format);
  const y = (value) => BOTTOM - (BOTTOM - TOP) * value / ticks[ticks.length - 1];
  const chart = frame(label, left, y, ticks, format, unit);
  const width = (RIGHT - left) / rows.length;
  rows.forEach((row, index) => {
    let under = 0;
    row.parts.forEach((part, kind) => {
      if (part > 0) chart.append(svg("rect", { class: "bar " + kinds[kind], x: left + width * (index + 0.15), width: width * 0.7, y: y(under + part), height: Math.max(0.5, y(under) - y(under + part)) }));
      under += part;
    });
    // Nothing known is not nothing emitted.
    if (row.parts.every((part) => part === null)) chart.append(svg("text", { x: left + width * (index + 0.5), y: BOTTOM - 4, "text-anchor": "middle" }, "–"));
    if (index % (narrow() ? 3 : rows.length < 9 ? 1 : 2) === 0) chart.append(svg("text", { x: left + width * (index + 0.5), y: 238, "text-anchor": "middle" }, row.label));
  });
  if (base) chart.append(svg("line", { class: "goal", x1: left, x2: RIGHT, y1: y(base), y2: y(base) }), svg("text", { class: "strong", x: RIGHT, y: y(base) - 6, "text-anchor": "end" }, "base"));
  return el("figure", {}, chart, legend(names.map((name, index) => ["bar " + kinds[index], name])));
}

const legend = (rows) => el("figcaption", { class: "legend" }, rows.map(([kind, name]) => el("span", {}, svg("svg", { viewBox: "0 0 24 12", class: "key", "aria-hidden": "true" },
  kind.startsWith("line") ? svg("line", { class: kind, x1: 0, x2: 24, y1: 6, y2: 6 }) : svg("rect", { class: kind, x: 0, y: 1, width: 24, height: 10 })), " ", name)));

/// What stands behind a chart, as text.
export const behind = (node) => el("details", {}, el("summary", {}, "The figures as a table"), node);

/// A share of a whole as a bar with its words.
export function meter(value, most, text) {
  const part = most > 0 ? Math.min(1, value / most) : 0;
  return el("div", { class: "meter" }, svg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "trough", x: 0, y: 0, width: 100, height: 6 }), svg("rect", { class: value > most ? "over" : "fill", x: 0, y: 0, width: part * 100, height: 6 })), el("span", {}, text));
}
