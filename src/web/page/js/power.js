// A site's power by quarter hour against what its supply bears, and the power now.
import { ask, el, number, percent, put, section, time } from "./base.js";
import { behind, lines, steps } from "./charts.js";
import { offer, today } from "./heat.js";
import { table } from "./table.js";

const DAY = 86400000, QUARTER = 900000;
const SPANS = [[1, "day"], [7, "week"], [30, "month"]];
const kw = (watts) => watts === null ? null : watts / 1000;

// Quarters that were not observed are gaps, not a line across.
function points(rows, column) {
  const found = [];
  for (const row of rows) {
    const last = found[found.length - 1];
    if (last && row.at - last[0] > QUARTER * 1.5) found.push([last[0] + QUARTER, null]);
    found.push([row.at + QUARTER / 2, row[column]]);
  }
  return found;
}

function marks(from, to, days) {
  const london = (at, options) => new Date(at).toLocaleString("en-GB", { timeZone: "Europe/London", ...options });
  const every = days === 1 ? 6 * 3600000 : days === 7 ? DAY : 7 * DAY;
  const dates = [];
  for (let at = Math.ceil(from / every) * every; at < to; at += every) dates.push([at, london(at, days === 1 ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" })]);
  return dates;
}

export function power() {
  const box = el("div", {}, "…");
  const told = (error) => put(box, el("p", { class: "warn", role: "alert" }, "not answered: " + error.message));
  const change = () => draw().catch(told);
  const places = el("select", { name: "power-site", change });
  const span = el("select", { name: "power-span", change }, SPANS.map(([days, text]) => el("option", { value: days }, text)));
  const form = el("form", { class: "filters", "aria-label": "Choose whose power is shown", submit: (event) => event.preventDefault() }, el("label", {}, "Site ", places), el("label", {}, "Last ", span));
  const now = new Map();
  async function draw() {
    const site = places.value, days = Number(span.value);
    if (!site) return put(box, el("p", { class: "note" }, "No charge point belongs to a site yet: charge_points.csv names it."));
    const to = today(), from = to - days * DAY;
    const { capacity_kw, site_name, rows: quarters } = await ask(`history?step=15m&from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}&site=${encodeURIComponent(site)}&fields=power_w,peak_power_w`);
    // The quarter hour that still runs has no mean yet: what it has would be divided by all of it.
    const rows = quarters.map(([start, mean, peak]) => ({ start, at: Date.parse(start), mean: Date.parse(start) + QUARTER > to ? null : kw(mean), peak: kw(peak) }));
    const current = now.has(site) ? now.get(site) / 1000 : null;
    const most = Math.max(capacity_kw || 0, current || 0, 1, ...rows.map((row) => Math.max(row.mean, row.peak || 0)));
    const highest = Math.max(0, ...rows.map((row) => row.peak || row.mean));
    const words = [`${site_name || site}: ${current === null ? "power now not known" : number(current, 1) + " kW now"}`, capacity_kw ? `capacity ${number(capacity_kw)} kW` + (current === null ? "" : ` (${percent(current / capacity_kw)} in use)`) : "sites.csv has no capacity_kw", `highest of the last ${span.selectedOptions[0].textContent} ${number(highest, 1)} kW`].join("; ") + ".";
    const series = [{ name: "mean of the quarter hour, kW", kind: "mean", points: points(rows, "mean") }, { name: "highest in it, kW", kind: "pace", points: points(rows, "peak") }];
    if (capacity_kw) series.push({ name: "capacity of the site, kW", kind: "limit", points: [[from, capacity_kw], [to, capacity_kw]] });
    put(box, lines(words, { from, to, ticks: steps(most * 1.05), format: (value) => number(value, value % 1 ? 1 : 0), unit: "kW", series, marks: current === null ? [] : [{ at: to, value: current, text: number(current, 1) + " kW now" }], dates: marks(from, to, days) }),
      el("p", { class: "note", id: "power-words" }, words), behind(table("site-power", `Power of ${site_name || site} by quarter hour, newest first`, [
        ["From", (row) => time(row.start), (row) => row.start, "d", "start"], ["Mean kW", (row) => number(row.mean, 1), (row) => row.mean, "n", "mean_power_kw"], ["Highest kW", (row) => number(row.peak, 1), (row) => row.peak, "n", "peak_power_kw"],
      ], rows.reverse(), { empty: "nothing observed yet" })));
  }
  return {
    node: section("Power against site capacity", form, box),
    sites(sites) {
      const first = !places.options.length;
      sites.forEach((site) => now.set(site.site, site.power_w));
      offer(places, sites);
      if (!first) return;
      // A site with a known capacity is shown first.
      const known = sites.find((site) => site.capacity_kw);
      if (known) places.value = known.site;
      change();
    },
    refresh: draw,
  };
}
