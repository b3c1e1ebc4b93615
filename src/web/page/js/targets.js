// Every target: where it stands, where its path is, and what to supply where something is not known.
import { ask, date, el, number, percent, put, section, words } from "./base.js";
import { table } from "./table.js";
import { STATUS } from "./status.js";

const ratio = (target) => target.kind === "share" || target.kind === "relative";
const figure = (target, value) => value === null ? "–" : ratio(target) ? percent(value) : number(value, target.unit === "t CO2e" ? 1 : 0);

export default {
  id: "targets", title: "Targets", every: 60,
  show(place) {
    const list = el("div", {}, "…"), notes = el("div");
    put(place, section("Targets", list), section("What is missing, and where targets are from", notes));
    return { async refresh() {
      const { targets } = await ask("targets");
      put(list, table("targets", "Targets and how they stand", [
        ["Target", (one) => el("span", {}, words(one.id), el("br"), el("small", {}, one.metric)), (one) => one.id], ["Status", (one) => el("span", { class: "state " + one.status }, STATUS[one.status] || words(one.status)), (one) => one.status],
        ["Now", (one) => figure(one, one.current), (one) => one.current, "n"], ["Path", (one) => figure(one, one.plan), (one) => one.plan, "n"], ["Goal", (one) => one.comparison.replace(">=", "≥").replace("<=", "≤") + " " + figure(one, one.goal), (one) => one.goal, "n"], ["Due", (one) => date(one.due), (one) => one.due, "d"],
        ["Missing", (one) => one.gap === null ? "–" : number(one.gap, one.gap % 1 ? 1 : 0) + " " + one.unit, (one) => one.gap, "n"], ["Needed a month", (one) => number(one.required_per_month, 1), (one) => one.required_per_month, "n"], ["Of late a month", (one) => number(one.recent_per_month, 1), (one) => one.recent_per_month, "n"],
        ["Reached", (one) => date(one.projected_date), (one) => one.projected_date, "d"], ["Chance", (one) => one.p_hit === null ? "–" : number(one.p_hit * 100) + " %", (one) => one.p_hit, "n"],
      ], targets));
      put(notes, targets.map((one) => el("details", {}, el("summary", {}, words(one.id), one.needs.length ? ` (${one.needs.length} to supply)` : ""), el("ul", {}, one.needs.map((need) => el("li", {}, need))), el("p", { class: "note" }, [one.note, one.source && "Source: " + one.source, one.confidence, one.alias_of && "the same as " + words(one.alias_of)].filter(Boolean).join(". ")))));
    } };
  },
};
