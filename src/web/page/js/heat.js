// How connectors are used by hour and weekday. Darker (at night lighter) and larger is more; an hour that was not observed is a cross, not zero.
import { ask, date, el, number, percent, put, section, svg } from "./base.js";
import { behind, narrow } from "./charts.js";
import { newest } from "./live.js";
import { table } from "./table.js";

const [LEFT, TOP, WIDE, HIGH] = [58, 26, 24, 26];
/// Below so many hours of the week observed, or connector hours, nothing is called the most.
const ENOUGH_H = 24;
const KINDS = { occupied: ["occupied_ratio", "occupied"], charging: ["charging_ratio", "charging"] };
const SPANS = [[28, "last 4 weeks"], [91, "last 13 weeks"], [364, "last 52 weeks"]];
// Steps of a fifth; none at all is one of its own.
const step = (share) => share === null ? "none" : share === 0 ? 0 : Math.min(5, Math.floor(share * 5 - 1e-9) + 1);
const hour = (at) => String(at).padStart(2, "0") + ":00";

function cell(x, y, kind) {
  const [cx, cy] = [x + WIDE / 2, y + HIGH / 2];
  if (kind === "none") return svg("path", { class: "unseen", d: `M${cx - 3} ${cy - 3}l6 6m0-6l-6 6` });
  const half = 3 + kind * 1.6;
  return svg("rect", { class: "heat heat" + kind, x: cx - half, y: cy - half, width: half * 2, height: half * 2 });
}

// What the figures rest on: a site may have many connectors of which one has ever reported.
function basis(site, observed) {
  const points = newest["charge-points"] ? newest["charge-points"].charge_points.filter((point) => !site || point.site === site) : [];
  const plugs = points.flatMap((point) => point.connectors.filter((one) => one.connector_id > 0).map((one) => point.last_seen_at && (one.since || one.status !== "Unknown")));
  return `Observed: ${number(observed, 1)} connector hours, ${number(plugs.filter(Boolean).length)} of ${number(plugs.length)} connectors heard.`;
}

function picture(rows, word, whose, site) {
  const known = rows.filter((row) => row.share !== null), observed = rows.reduce((sum, row) => sum + row.observed, 0);
  const most = known.reduce((best, row) => !best || row.share > best.share ? row : best, null);
  const words = most ? `Share of connectors ${word} by hour and weekday, ${whose}. ${basis(site, observed)} ` + (Math.min(observed, known.length) < ENOUGH_H ? "Too little to say when it is most." : `Most on ${most.day} at ${hour(most.hour)}: ${percent(most.share)}.`) : `Nothing was observed yet, ${whose}.`;
  const chart = svg("svg", { viewBox: `0 0 640 ${TOP + 7 * HIGH + 8}`, role: "img", "aria-label": words, class: "chart" });
  for (let at = 0; at < 24; at += narrow() ? 6 : 3) chart.append(svg("text", { x: LEFT + at * WIDE, y: 19 }, hour(at)));
  rows.forEach((row, index) => {
    const [x, y] = [LEFT + row.hour * WIDE, TOP + Math.floor(index / 24) * HIGH];
    if (row.hour === 0) chart.append(svg("text", { x: LEFT - 6, y: y + HIGH / 2 + 4, "text-anchor": "end" }, row.day.slice(0, 3)));
    const group = svg("g", {}, svg("title", {}, `${row.day} ${hour(row.hour)}: ${row.share === null ? "not observed" : percent(row.share)}`), svg("rect", { class: "ground", x, y, width: WIDE, height: HIGH }), cell(x, y, step(row.share)));
    chart.append(group);
  });
  const key = ["0 %", "to 20 %", "to 40 %", "to 60 %", "to 80 %", "to 100 %", "not observed"];
  const legend = key.map((text, index) => el("span", {}, svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "key square", "aria-hidden": "true" }, cell(0, 0, index === 6 ? "none" : index)), " ", text));
  return el("figure", {}, chart, el("figcaption", { class: "legend" }, legend), el("p", { class: "note", id: "heat-words" }, words));
}

export function heat() {
  const box = el("div", {}, "…");
  let asked = false;
  const choice = (name, label, options) => el("label", {}, label + " ", el("select", { name, change: () => draw().catch(told) }, options.map(([value, text]) => el("option", { value }, text))));
  const places = el("select", { name: "heat-site", change: () => draw().catch(told) }, el("option", { value: "" }, "all sites"));
  const form = el("form", { class: "filters", "aria-label": "Choose what the heat map shows", submit: (event) => event.preventDefault() }, el("label", {}, "Site ", places), choice("heat-kind", "Connectors", Object.entries(KINDS).map(([value, [, word]]) => [value, word])), choice("heat-span", "Of the", SPANS));
  const told = (error) => put(box, el("p", { class: "warn", role: "alert" }, "not answered: " + error.message));
  async function draw() {
    const site = places.value, [column, word] = KINDS[form.elements["heat-kind"].value];
    const of = site ? "site=" + encodeURIComponent(site) : "";
    const from = new Date(today() - (Number(form.elements["heat-span"].value) - 1) * 86400000).toISOString().slice(0, 10);
    const view = await ask(`utilisation?from=${from}&${of}`);
    const rows = view.weekdays.flatMap((day, index) => Array.from({ length: 24 }, (_, at) => ({ day, index, hour: at, share: view[column][index][at], occupied: view.occupied_ratio[index][at], charging: view.charging_ratio[index][at], observed: view.observed_connector_h[index][at] })));
    put(box, picture(rows, word, `${view.site_name || site || "all sites"}, ${date(view.from)} to ${date(view.to)}`, site), behind(table("use-by-hour", "Mean share of connectors by weekday and hour, London time", [
      ["Weekday", (row) => row.day, (row) => row.day], ["Hour", (row) => hour(row.hour), (row) => row.hour, "n"], ["Occupied", (row) => percent(row.occupied), (row) => row.occupied, "n", "occupied_ratio"],
      ["Charging", (row) => percent(row.charging), (row) => row.charging, "n", "charging_ratio"], ["Observed connector hours", (row) => number(row.observed, 1), (row) => row.observed, "n", "observed_connector_h"],
    ], rows)));
  }
  return { node: section("Use by hour and weekday", form, box), sites(sites) {
    const first = !asked;
    asked = true;
    offer(places, sites);
    if (first) draw().catch(told);
  }, refresh: draw };
}

/// Now by the daemon's clock, which may be another one than this screen's.
export const today = () => Date.parse(newest["charge-points"] ? newest["charge-points"].as_of : new Date().toISOString());

/// Sites to choose from, once they are known and whenever they change.
export function offer(select, sites) {
  const there = [...select.options].filter((option) => option.value).map((option) => option.value);
  if (there.join("\n") === sites.map((site) => site.site).join("\n")) return;
  const chosen = select.value;
  select.replaceChildren(...[...select.options].filter((option) => !option.value), ...sites.map((site) => el("option", { value: site.site }, site.name || site.site)));
  select.value = [...select.options].some((option) => option.value === chosen) ? chosen : select.options[0] ? select.options[0].value : "";
}
