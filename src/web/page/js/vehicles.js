// Every vehicle: class and the rule behind it, when it was heard, how far it went.
import { ask, el, number, put, section, time, words } from "./base.js";
import { table } from "./table.js";

const left = (one) => one.in_service === false;
// Of a vehicle never heard nothing is known, not even that it stood still.
const heard = (one, value) => one.last_heard_at ? value : null;

export default {
  id: "vehicles", title: "Vehicles", every: 10,
  show(place, asked) {
    const list = el("div", {}, "…");
    let all = [];
    const search = el("input", { type: "search", name: "text", value: asked.get("text") || "", autocomplete: "off" });
    const choice = (name, label, options) => el("label", {}, label + " ", el("select", { name }, options.map(([value, text]) => el("option", { value, selected: asked.get(name) === value }, text))));
    const form = el("form", { class: "filters", "aria-label": "Filter vehicles", submit: (event) => event.preventDefault(), input: () => { remember(); draw(); } }, el("label", {}, "Search ", search),
      choice("class", "Class", [["", "all"], ["zero", "zero"], ["ultra_low", "ultra-low"], ["low", "low"], ["other", "other"], ["unknown", "unknown"]]), choice("heard", "Heard", [["", "all"], ["stale", "silent too long"], ["fresh", "fresh"]]));
    const value = (name) => form.elements[name].value;
    // Without a new entry in the history for every letter.
    const remember = () => {
      const query = new URLSearchParams(["text", "class", "heard"].map((name) => [name, value(name)]).filter(([, text]) => text));
      history.replaceState(null, "", "#/vehicles" + (String(query) ? "?" + query : ""));
    };
    const draw = () => {
      const text = search.value.trim().toLowerCase();
      const rows = all.filter((one) => (!value("class") || one.class === value("class")) && (!value("heard") || one.stale === (value("heard") === "stale") && !(left(one) && value("heard") === "stale")) && (!text || [one.vehicle_id, one.organisation, one.site, one.powertrain].some((field) => field && field.toLowerCase().includes(text))));
      put(list, el("p", { role: "status", id: "vehicle-count" }, `${number(rows.length)} of ${number(all.length)} vehicles` + (all.some(left) ? `; ${number(all.filter(left).length)} of all are out of service` : "")), table("vehicles", "Vehicles", [
        ["Vehicle", (one) => el("a", { href: "#/sessions?vehicle=" + encodeURIComponent(one.vehicle_id) }, one.vehicle_id), (one) => one.vehicle_id], ["Organisation", (one) => one.organisation, (one) => one.organisation], ["Site", (one) => one.site, (one) => one.site], ["Powertrain", (one) => words(one.powertrain), (one) => one.powertrain],
        ["Class", (one) => words(one.class), (one) => one.class], ["Rule", (one) => one.rule, (one) => one.rule], ["Heard", (one) => el("span", {}, one.last_heard_at ? time(one.last_heard_at) + " " : "never heard ", left(one) ? el("span", { class: "state" }, "out of service") : one.stale && one.last_heard_at ? el("span", { class: "state warning" }, "silent") : null), (one) => one.last_heard_at, "d", "last_heard_at"],
        ["Odometer km", (one) => number(one.odometer_km), (one) => one.odometer_km, "n", "odometer_km"], ["Today km", (one) => number(heard(one, one.distance_today_km), 1), (one) => heard(one, one.distance_today_km), "n", "distance_today_km"], ["Fuel today l", (one) => number(heard(one, one.fuel_today_l), 1), (one) => heard(one, one.fuel_today_l), "n", "fuel_today_l"],
        ["Battery %", (one) => number(one.soc_percent), (one) => one.soc_percent, "n", "soc_percent"], ["Lost", (one) => number(one.messages_lost), (one) => one.messages_lost, "n", "messages_lost"],
      ], rows, { empty: "no vehicle matches" }));
    };
    put(place, section("Vehicles", form, list));
    return { async refresh() { all = (await ask("vehicles")).vehicles; draw(); } };
  },
};
