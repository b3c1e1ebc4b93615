// Every target: where it stands, where its path is, and what to supply where something is not known.
import { ask, date, el, number, percent, put, section, words } from "./base.js";
import { table } from "./table.js";
import { NAMES, STATUS, metric } from "./status.js";

const ratio = (target) => target.kind === "share" || target.kind === "relative";
// A figure without a unit of its own (an indicator) is what its metric says.
const unit = (target) => target.unit || target.metric;
const figure = (target, value) => value === null ? "–" : ratio(target) ? percent(value) : number(value, target.unit === "t CO2e" ? 1 : 0) + " " + unit(target);
const name = (target) => NAMES[target.id] || words(target.id);
// Nothing to meet, met, or already called missed; else the day itself says it, whatever is not known.
const overdue = (target) => target.due && target.due < target.as_of && !["met", "missed", "reference"].includes(target.status) && target.comparison !== "=";

export default {
  id: "targets", title: "Targets", every: 60,
  show(place) {
    const list = el("div", {}, "…"), notes = el("div");
    put(place, section("Targets", list), section("What is missing, and where targets are from", notes));
    return { async refresh() {
      const { targets: all } = await ask("targets");
      // The same target under two names is one row.
      const targets = all.filter((one) => !all.some((other) => other.alias_of === one.id));
      put(list, table("targets", "Targets and how they stand", [
        ["Target", (one) => el("span", {}, name(one), el("br"), el("small", {}, metric(one) + (one.alias_of ? `; also ${one.alias_of} of the targets' file` : ""))), (one) => one.id], ["Status", (one) => el("span", {}, el("span", { class: "state " + one.status }, STATUS[one.status] || words(one.status)), overdue(one) ? [" ", el("span", { class: "state missed" }, "overdue")] : null), (one) => overdue(one) ? one.status + ", overdue" : one.status],
        ["Now", (one) => figure(one, one.current), (one) => one.current, "n"], ["Path", (one) => figure(one, one.plan), (one) => one.plan, "n"], ["Goal", (one) => one.comparison.replace(">=", "≥").replace("<=", "≤") + " " + figure(one, one.goal), (one) => one.goal, "n"], ["Due", (one) => date(one.due), (one) => one.due, "d"],
        ["Missing", (one) => one.gap === null ? "–" : number(one.gap, one.gap % 1 ? 1 : 0) + " " + unit(one), (one) => one.gap, "n"], ["Needed a month", (one) => number(one.required_per_month, 1), (one) => one.required_per_month, "n"], ["Of late a month", (one) => number(one.recent_per_month, 1), (one) => one.recent_per_month, "n"],
        ["Reached", (one) => date(one.projected_date), (one) => one.projected_date, "d"], ["Chance", (one) => one.p_hit === null ? "–" : number(one.p_hit * 100) + " %", (one) => one.p_hit, "n"],
      ], targets));
      put(notes, targets.map((one) => el("details", {}, el("summary", {}, name(one), el("small", {}, " " + one.id), one.needs.length ? ` (${one.needs.length} to supply)` : ""), el("ul", {}, one.needs.map((need) => el("li", {}, need))), el("p", { class: "note" }, [one.note, one.source && "Source: " + one.source, one.confidence, one.alias_of && `the same as ${one.alias_of} of the targets' file`].filter(Boolean).join(". ")))));
    } };
  },
};
