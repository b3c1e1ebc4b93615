"use strict";
// Everything on the page comes from /api/v1/events (once a second) and /api/v1/sessions. Text is only ever set as text, never as markup.
const $ = (id) => document.getElementById(id);
const el = (name, attributes, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  node.append(...children);
  return node;
};
const svg = (name, attributes, text) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
};
const number = (value, digits = 0) => value === null || value === undefined ? "–" : value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (share) => share === null || share === undefined ? "–" : number(share * 100, 1) + " %";
const date = (text) => new Date(text + "T12:00:00Z").toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const time = (text) => new Date(text).toLocaleString("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "Europe/London" });
const minutes = (seconds) => seconds >= 3600 ? number(Math.floor(seconds / 3600)) + " h " + number(Math.floor(seconds % 3600 / 60)) + " min" : number(Math.floor(seconds / 60)) + " min";

let health = { speed: 1, demo: false, ready: true, reasons: [] };

function headline(overview) {
  const { transition, target } = overview;
  if (transition.share === null) return "No vehicle in the register is in service: give the daemon a register (register.directory) and the share appears here.";
  let text = `On ${date(target.as_of)} ${number(transition.low_or_better)} of ${number(transition.in_scope)} vehicles (${percent(transition.share)}) are low emission`;
  if (target.plan !== null) {
    const points = Math.abs(target.drift * 100);
    text += `; the path asks for ${percent(target.plan)}, so the fleet is ${number(points, 1)} points ${target.drift < 0 ? "behind" : "ahead"}`;
  } else {
    text += "; no path is set (target.start and target.start_share)";
  }
  if (target.gap === 0) return text + `. The goal of ${percent(target.goal)} is met.`;
  text += `. ${number(target.gap)} more must change to reach ${percent(target.goal)} by ${date(target.due)}`;
  if (target.required_per_month !== null) text += `: ${number(target.required_per_month, 1)} a month`;
  return text + ".";
}

function drawPath(overview) {
  const { target, transition } = overview;
  const chart = $("path");
  chart.replaceChildren();
  const [left, right, top, bottom] = [48, 600, 16, 206];
  const today = Date.parse(target.as_of), due = Date.parse(target.due);
  const span = Math.max(due - today, 86400000 * 365);
  const start = today - span, end = Math.max(due, today) + span * 0.12;
  const x = (at) => left + (right - left) * (at - start) / (end - start);
  const y = (share) => bottom - (bottom - top) * share;
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    chart.append(svg("line", { class: "axis", x1: left, x2: right, y1: y(share), y2: y(share) }), svg("text", { x: 8, y: y(share) + 4 }, share * 100 + " %"));
  }
  chart.append(svg("line", { class: "goal", x1: left, x2: right, y1: y(target.goal), y2: y(target.goal) }));
  chart.append(svg("text", { x: x(due), y: y(target.goal) - 6, "text-anchor": "end", class: "strong" }, percent(target.goal) + " by " + date(target.due)));
  if (target.plan !== null && due > today) {
    // The path is straight: through today's point and the goal, back to the left edge.
    const slope = (target.goal - target.plan) / (due - today);
    const back = Math.max(0, target.plan - slope * (today - start));
    const from = slope > 0 && target.plan - slope * (today - start) < 0 ? today - target.plan / slope : start;
    chart.append(svg("path", { class: "plan", d: `M${x(from)},${y(back)} L${x(due)},${y(target.goal)}` }));
    chart.append(svg("text", { x: x(today) + 10, y: y(target.plan) + (target.drift < 0 ? -8 : 18) }, "path " + percent(target.plan)));
  }
  if (transition.share !== null) {
    chart.append(svg("line", { class: "band", x1: x(today), x2: x(today), y1: y(transition.lower), y2: y(transition.upper) }));
    chart.append(svg("circle", { class: "now", cx: x(today), cy: y(transition.share), r: 6 }));
    chart.append(svg("text", { class: "strong", x: x(today) - 10, y: y(transition.share) + 5, "text-anchor": "end" }, percent(transition.share)));
  }
  chart.append(svg("text", { x: x(today), y: 228, "text-anchor": "middle" }, date(target.as_of)), svg("text", { x: x(due), y: 228, "text-anchor": "middle" }, date(target.due)));
}

function showOverview(overview) {
  $("headline").textContent = headline(overview);
  drawPath(overview);
  const t = overview.transition;
  $("classes").tBodies[0].replaceChildren(...[["Zero", t.zero], ["Ultra-low", t.ultra_low], ["Low", t.low], ["Other", t.other], ["Unknown", t.unknown]].map(
    ([name, count]) => el("tr", {}, el("td", {}, name), el("td", { class: "n" }, number(count)), el("td", { class: "n" }, t.in_scope ? percent(count / t.in_scope) : "–"))));
  const day = overview.today;
  $("today").replaceChildren(...[
    ["Distance", number(day.distance_km, 1), "km"], ["Fuel", number(day.fuel_l, 1), "l"], ["Scope 1", number(day.scope1_kgco2e, 1), "kgCO2e"],
    ["Energy to the fleet", number(day.energy_fleet_kwh + day.energy_unallocated_kwh, 1), "kWh"], ["Scope 2, location-based", number(day.scope2_location_kgco2e, 1), "kgCO2e"],
    ["Sessions ended", number(overview.charge_points.sessions_closed_today), ""],
  ].map(([name, value, unit]) => el("div", {}, el("dt", {}, name), el("dd", {}, value, " ", el("small", {}, unit)))));
  const notes = [`Factors ${day.factor_sets.join(" and ") || "none used yet"}; definition ${t.profile}`];
  if (day.energy_unallocated_kwh > 0) notes.push(`${number(day.energy_unallocated_kwh, 1)} kWh of the energy belong to no known vehicle`);
  if (day.energy_staff_public_kwh > 0) notes.push(`${number(day.energy_staff_public_kwh, 1)} kWh to staff and the public are not counted`);
  if (day.not_computed > 0) notes.push(`${number(day.not_computed)} vehicles moved without a figure for their emissions yet`);
  $("today-note").textContent = notes.join(". ") + ".";
  const c = overview.charge_points;
  $("estate").textContent = `${number(c.online)} of ${number(c.total)} online; ${number(c.charging)} of ${number(c.connectors)} connectors charging with ${number(c.power_w / 1000, 1)} kW, ${number(c.occupied)} occupied, ${number(c.faulted)} faulted.`;
  const d = overview.data;
  $("data").textContent = `${number(d.vehicles_heard_24h)} of ${number(d.vehicles_in_service)} vehicles in service heard within 24 h; ${number(d.unregistered_assets)} unregistered; ${number(d.rejected)} messages rejected, ${number(d.late)} late.`;
  const demo = health.demo ? `demonstration with simulated data, clock ${number(health.speed)} times as fast · ` : "";
  $("clock").textContent = demo + time(overview.as_of) + (health.ready ? "" : " · " + health.reasons.join("; "));
  $("clock").className = health.ready ? "" : "warn";
}

const STATES = { Available: ["free", "free"], Reserved: ["free", "reserved"], Preparing: ["idle", "plugged in"], Charging: ["busy", "charging"], SuspendedEV: ["idle", "vehicle full"], SuspendedEVSE: ["idle", "paused"], Finishing: ["idle", "done, plugged in"], Unavailable: ["bad", "out of service"], Faulted: ["bad", "faulted"], Unknown: ["gone", "not heard"] };

function showChargePoints(view) {
  const sites = new Map();
  for (const point of view.charge_points) {
    const site = point.site || "no site";
    if (!sites.has(site)) sites.set(site, []);
    sites.get(site).push(point);
  }
  $("grid").replaceChildren(...[...sites].sort().flatMap(([site, points]) => [el("h3", {}, site), el("div", { class: "points" }, ...points.map(pointCard))]));
}

function pointCard(point) {
  const plugs = point.connectors.filter((connector) => connector.connector_id > 0).map((connector) => {
    const [colour, word] = point.online ? STATES[connector.status] || STATES.Unknown : ["gone", "offline"];
    const power = point.online && connector.power_w > 0 ? number(connector.power_w / 1000, 1) + " kW" : connector.error_code || "";
    const who = connector.session && connector.session.vehicle_id ? " " + connector.session.vehicle_id : "";
    return el("div", { class: "plug " + colour, title: connector.since ? "since " + time(connector.since) : "" }, el("span", {}, connector.connector_id + " " + word + who), el("span", {}, power));
  });
  return el("div", { class: "point" }, el("b", {}, point.charge_point_id), ...plugs);
}

async function showSessions() {
  try {
    const answer = await fetch("/api/v1/sessions");
    if (answer.ok) {
      const ended = (await answer.json()).sessions.filter((session) => session.ended_at).sort((a, b) => b.ended_at.localeCompare(a.ended_at)).slice(0, 12);
      $("sessions").tBodies[0].replaceChildren(...ended.map((session) => el("tr", {},
        el("td", {}, time(session.ended_at)), el("td", {}, session.charge_point_id + " / " + session.connector_id), el("td", {}, session.vehicle_id || session.user),
        el("td", { class: "n" }, session.energy_wh === null ? "unknown" : number(session.energy_wh / 1000, 1)), el("td", { class: "n" }, minutes(session.charging_s)),
        el("td", { class: "n" }, session.overstay_s ? minutes(session.overstay_s) : ""), el("td", { class: "n" }, session.kgco2e_location === null ? "" : number(session.kgco2e_location, 2)))));
    }
  } finally {
    setTimeout(showSessions, 5000);
  }
}

const source = new EventSource("/api/v1/events");
source.addEventListener("health", (event) => { health = JSON.parse(event.data); });
source.addEventListener("overview", (event) => showOverview(JSON.parse(event.data)));
source.addEventListener("charge-points", (event) => showChargePoints(JSON.parse(event.data)));
source.onerror = () => { $("clock").textContent = "the daemon does not answer; trying again"; $("clock").className = "warn"; };
showSessions();
