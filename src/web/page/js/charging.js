// Every connector by site with the colour and the letter of its state; power against the site's supply; use by hour and this year.
import { ask, el, number, percent, put, section, time } from "./base.js";
import { meter } from "./charts.js";
import { heat } from "./heat.js";
import { power } from "./power.js";
import { table } from "./table.js";

// Colour, letter, word.
const STATES = {
  Available: ["free", "A", "available"], Reserved: ["free", "R", "reserved"], Preparing: ["idle", "P", "plugged in"], Charging: ["busy", "C", "charging"], Occupied: ["busy", "B", "occupied"], SuspendedEV: ["idle", "V", "vehicle full"],
  SuspendedEVSE: ["idle", "S", "paused"], Finishing: ["idle", "D", "done, plugged in"], Unavailable: ["bad", "U", "out of service"], Faulted: ["bad", "F", "faulted"], Unknown: ["gone", "?", "not heard"],
};
const OFFLINE = ["gone", "O", "offline"];
// A charge point that never reported is not offline: nothing is known of it.
const state = (point, connector) => point.online ? STATES[connector.status] || STATES.Unknown : point.last_seen_at ? OFFLINE : STATES.Unknown;

function card(point) {
  const plugs = point.connectors.filter((connector) => connector.connector_id > 0).map((connector) => {
    const [colour, letter, word] = state(point, connector);
    const power = point.online && connector.power_w > 0 ? number(connector.power_w / 1000, 1) + " kW" : connector.error_code || "";
    const who = connector.session && connector.session.vehicle_id ? " " + connector.session.vehicle_id : "";
    return el("li", { class: "plug " + colour, title: connector.since ? "since " + time(connector.since) : null }, el("abbr", { title: word }, letter), el("span", {}, connector.connector_id + " " + word + who), el("span", {}, power));
  });
  return el("article", { class: "point", id: "cp-" + point.charge_point_id }, el("h5", {}, el("a", { href: "#/sessions?charge_point=" + encodeURIComponent(point.charge_point_id) }, point.charge_point_id)), el("ul", {}, plugs));
}

export default {
  id: "charging", title: "Charging", every: 60,
  show(place) {
    const [grid, use] = Array.from({ length: 2 }, () => el("div", {}, "…"));
    const legend = el("ul", { class: "states", "aria-label": "Letters and colours" }, [...Object.values(STATES), OFFLINE].map(([colour, letter, word]) => el("li", { class: "plug " + colour }, el("b", {}, letter), " " + word)));
    const charts = [power(), heat()];
    put(place, section("Charge points by site", grid, legend), charts.map((chart) => chart.node), section("Use of this year", use));
    return {
      "charge-points"(view) {
        charts.forEach((chart) => chart.sites(view.sites));
        const sites = new Map(view.sites.map((site) => [site.site, { ...site, points: [] }]));
        for (const point of view.charge_points) {
          const id = point.site || "";
          if (!sites.has(id)) sites.set(id, { site: id, name: "No site", capacity_kw: null, power_w: null, points: [] });
          sites.get(id).points.push(point);
        }
        put(grid, [...sites.values()].flatMap((site) => [
          el("h4", {}, site.name || site.site, site.name && site.site ? el("small", {}, " " + site.site) : null),
          site.power_w === null ? el("p", { class: "note" }, "power now not known") : site.capacity_kw ? meter(site.power_w / 1000, site.capacity_kw, `${number(site.power_w / 1000, 1)} of ${number(site.capacity_kw)} kW (${percent(site.power_w / 1000 / site.capacity_kw)})`) : el("p", { class: "note" }, `${number(site.power_w / 1000, 1)} kW now; sites.csv has no capacity_kw`),
          el("div", { class: "points" }, site.points.map(card)),
        ]));
      },
      async refresh() {
        const [view] = await Promise.all([ask("uptime"), ...charts.map((chart) => chart.refresh())]);
        const hours = (ms) => number(ms / 3600000, 1);
        const silent = view.never_heard.length;
        put(use, el("p", { class: "note", id: "use-basis" }, `Observed so far: ${hours(view.all.observed_ms)} connector hours of ${number(view.all.connectors)} connectors at ${number(view.all.charge_points)} charge points` + (silent ? `; ${number(silent)} registered charge points were never heard and are in no figure` : "") + ". Shares of a few hours say little."), table("use", `Where the time went from ${view.from} to ${view.to}, hours of connectors`, [
          ["Charge point", (one) => one.charge_point_id, (one) => one.charge_point_id], ["Site", (one) => one.site || "–", (one) => one.site], ["Observed h", (one) => hours(one.observed_ms), (one) => one.observed_ms / 3600000, "n", "observed_h"], ["Charging / accessible time", (one) => percent(one.utilisation.charging_per_accessible_ratio), (one) => one.utilisation.charging_per_accessible_ratio, "n"],
          ["kWh", (one) => number(one.energy_wh / 1000, 1), (one) => one.energy_wh / 1000, "n"], ["Sessions", (one) => number(one.sessions), (one) => one.sessions, "n"], ["Faults", (one) => number(one.faults), (one) => one.faults, "n"],
          ["Overstay h", (one) => hours(one.overstay_ms), (one) => one.overstay_ms / 3600000, "n"], ["Faulted h", (one) => hours(one.class.faulted_ms), (one) => one.class.faulted_ms / 3600000, "n"], ["Offline h", (one) => hours(one.class.offline_ms), (one) => one.class.offline_ms / 3600000, "n"],
          ["NEVI uptime", (one) => [percent(one.nevi_uptime_ratio), el("br"), el("small", {}, "of " + hours(one.nevi_observed_ms) + " h")], (one) => one.nevi_uptime_ratio, "n"],
        ], view.charge_points));
      },
    };
  },
};
