// Charging sessions with filters that stand in the address, and CSV.
import { ask, el, minutes, number, put, section, time, words } from "./base.js";
import { table } from "./table.js";

export const sessionTable = (name, rows, caption, csv) => table(name, caption, [
  ["Started", (one) => time(one.started_at), (one) => one.started_at, "d", "started_at"], ["Ended", (one) => one.ended_at ? time(one.ended_at) : "running", (one) => one.ended_at, "d", "ended_at"],
  ["Charge point", (one) => one.charge_point_id + " / " + one.connector_id, (one) => one.charge_point_id + "/" + one.connector_id, "d", "charge_point"], ["Site", (one) => one.site || "–", (one) => one.site, null, "site"],
  ["For", (one) => one.vehicle_id ? el("a", { href: "#/sessions?vehicle=" + encodeURIComponent(one.vehicle_id) }, one.vehicle_id) : words(one.user), (one) => one.vehicle_id || one.user, null, "for"],
  ["kWh", (one) => one.energy_wh === null ? "unknown" : number(one.energy_wh / 1000, 2), (one) => one.energy_wh === null ? null : one.energy_wh / 1000, "n", "energy_kwh"],
  ["Plugged in", (one) => minutes(one.plugged_s), (one) => one.plugged_s, "n", "plugged_s"], ["Charging", (one) => minutes(one.charging_s), (one) => one.charging_s, "n", "charging_s"], ["Overstay", (one) => one.overstay_s ? minutes(one.overstay_s) : "", (one) => one.overstay_s, "n", "overstay_s"],
  ["kgCO2e", (one) => one.kgco2e_location === null ? "" : number(one.kgco2e_location, 2), (one) => one.kgco2e_location, "n", "kgco2e_location"], ["Remarks", (one) => one.quality.map(words).join(", "), (one) => one.quality.join(";"), null, "quality"],
], rows, { csv, empty: "no session matches" });

const FIELDS = ["from", "to", "charge_point", "vehicle"];

export default {
  id: "sessions", title: "Sessions", every: 10,
  show(place, asked) {
    const list = el("div", {}, "…");
    const input = (name, label, attributes) => el("label", {}, label + " ", el("input", { name, value: asked.get(name) || "", autocomplete: "off", ...attributes }));
    const points = el("datalist", { id: "known-points" }), vehicles = el("datalist", { id: "known-vehicles" });
    const form = el("form", { class: "filters", "aria-label": "Filter sessions", submit: (event) => {
      event.preventDefault();
      const query = new URLSearchParams(FIELDS.map((name) => [name, form.elements[name].value.trim()]).filter(([, value]) => value));
      location.hash = "#/sessions" + (String(query) ? "?" + query : "");
    } }, input("from", "From", { type: "date" }), input("to", "To", { type: "date" }), input("charge_point", "Charge point", { list: "known-points" }), input("vehicle", "Vehicle", { list: "known-vehicles" }), el("button", {}, "Filter"), el("a", { href: "#/sessions" }, "All"), points, vehicles);
    put(place, section("Charging sessions", form, list));
    ask("vehicles").then((view) => vehicles.append(...view.vehicles.map((one) => el("option", { value: one.vehicle_id })))).catch(() => {});
    return {
      "charge-points"(view) { if (!points.children.length) points.append(...view.charge_points.map((one) => el("option", { value: one.charge_point_id }))); },
      async refresh() {
        const query = new URLSearchParams(FIELDS.map((name) => [name, asked.get(name)]).filter(([, value]) => value));
        const { sessions } = await ask("sessions?" + query);
        sessions.sort((a, b) => b.started_at.localeCompare(a.started_at));
        const energy = sessions.reduce((sum, one) => sum + (one.energy_wh || 0), 0);
        put(list, el("p", { id: "session-count", role: "status" }, `${number(sessions.length)} session${sessions.length === 1 ? "" : "s"}, ${number(energy / 1000, 1)} kWh` + (sessions.length >= 1000 ? "; only the newest thousand are given at once" : "")), sessionTable("sessions", sessions, "Sessions, newest first"));
      },
    };
  },
};
