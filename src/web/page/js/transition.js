// The share month by month, the path, the projection with its band, groups of vehicles, and what a plan would do.
import { ask, date, el, month, number, percent, put, section } from "./base.js";
import { behind, lines } from "./charts.js";
import { table } from "./table.js";

const at = (day) => Date.parse(day);
const DAY = 86400000;

export function pathChart(history, target, plan, plans) {
  const past = history.months.filter((one) => one.share !== null).map((one) => [at(one.day), one.share]);
  const today = at(target.as_of);
  if (target.current !== null) past.push([today, target.current]);
  const due = target.due ? at(target.due) : today + 365 * DAY;
  const to = Math.max(due, today) + 60 * DAY, from = Math.min(...past.map(([day]) => day), today - 365 * DAY);
  const path = [...history.months.map((one) => [at(one.day), one.plan]), ...(plan ? plan.path : []).map((one) => [at(one.day), one.plan])].filter(([day, share]) => share !== null && day >= from).sort((a, b) => a[0] - b[0]);
  const { in_scope: total } = history;
  const pace = [], bands = [];
  if (target.current !== null && target.recent_per_month !== null && total > 0) {
    const share = (day) => Math.max(0, Math.min(1, target.current + target.recent_per_month / total * (day - today) / (30.4375 * DAY)));
    pace.push([today, share(today)], [due, share(due)]);
  }
  if (target.forecast && target.current !== null && total > 0 && due > today) {
    bands.push({ kind: "forecast", name: "by replacement ages, 5 % to 95 %", points: [[today, target.current, target.current], [due, target.forecast.band[0], target.forecast.band[2]]] });
  }
  const marks = [];
  if (target.current !== null) marks.push({ at: today, value: target.current, text: percent(target.current), below: target.plan !== null && target.plan > target.current });
  marks.push({ at: from, value: target.goal, text: percent(target.goal) + (target.due ? " by " + date(target.due) : ""), dot: false });
  const series = [
    { kind: "share", name: "share", points: past }, { kind: "plan", name: "path", points: path },
    { kind: "pace", name: "at the present pace", points: pace }, { kind: "goal", name: "goal", points: [[from, target.goal], [to, target.goal]] },
  ];
  if (plans) series.push({ kind: "whatif", name: "what if", points: [[today, target.current], ...plans.path.filter((one) => one.share !== null && at(one.day) > today).map((one) => [at(one.day), one.share])] });
  // The axis begins where something happens.
  const low = Math.min(target.goal, ...[...past, ...path, ...pace].map(([, share]) => share), ...bands.flatMap((band) => band.points.map((point) => point[1])));
  const base = low > 0.55 ? 0.5 : 0;
  const label = `Low-emission share: ${percent(target.current)} on ${date(target.as_of)}, path ${percent(target.plan)}, goal ${percent(target.goal)}`;
  return lines(label, { from, to, ticks: base ? [0.5, 0.6, 0.7, 0.8, 0.9, 1] : [0, 0.25, 0.5, 0.75, 1], format: (share) => number(share * 100) + " %", series, bands, marks, dates: [[from, month(new Date(from).toISOString())], [today, "today"], [due, month(new Date(due).toISOString())]] });
}

export const monthTable = (name, history) => table(name, "At the end of each month", [
  ["Month", (one) => month(one.month), (one) => one.month], ["Low or better", (one) => number(one.low_or_better), (one) => one.low_or_better, "n"], ["In scope", (one) => number(one.in_scope), (one) => one.in_scope, "n"],
  ["Share", (one) => percent(one.share), (one) => one.share, "n"], ["If unknown counted", (one) => percent(one.upper), (one) => one.upper, "n"], ["Path", (one) => percent(one.plan), (one) => one.plan, "n"],
  ["Change", (one) => (one.change > 0 ? "+" : "") + number(one.change), (one) => one.change, "n"], ["Ultra-low", (one) => percent(one.ultra_low_or_better_share), (one) => one.ultra_low_or_better_share, "n"], ["Zero", (one) => percent(one.zero_share), (one) => one.zero_share, "n"],
], [...history.months].reverse());

const groupTable = (name, caption, groups) => table(name, caption, [
  ["Group", ([id]) => id.replaceAll("_", " "), ([id]) => id], ["Low or better", ([, one]) => number(one.low_or_better), ([, one]) => one.low_or_better, "n"], ["In scope", ([, one]) => number(one.in_scope), ([, one]) => one.in_scope, "n"],
  ["Share", ([, one]) => percent(one.share), ([, one]) => one.share, "n"], ["Zero", ([, one]) => percent(one.zero_share), ([, one]) => one.zero_share, "n"], ["Unknown", ([, one]) => number(one.unknown), ([, one]) => one.unknown, "n"],
], Object.entries(groups));

export default {
  id: "transition", title: "Transition",
  show(place, asked, problem) {
    const [chart, what, groups, facts] = Array.from({ length: 4 }, () => el("div"));
    for (const waiting of [chart, groups]) waiting.append("…");
    const from = el("input", { type: "month", name: "from", value: asked.get("from") || "" }), to = el("input", { type: "month", name: "to", value: asked.get("to") || "" });
    const slider = el("input", { type: "range", min: 0, max: 20, step: 0.5, value: 0, id: "per-month", "aria-describedby": "what-if" });
    const said = el("output", { id: "what-if", for: "per-month", "aria-live": "polite" });
    let history, target, plan, plans, waiting;
    const draw = () => put(chart, pathChart(history, target, plan, plans), behind(monthTable("months", history)));
    const load = async () => {
      const query = new URLSearchParams([["from", from.value], ["to", to.value]].filter(([, value]) => value));
      const [h, w, o] = await Promise.all([ask("transition?" + query), ask("what-if?per_month=0"), ask("overview")]);
      [history, plan, target] = [h, w.outcome, o.target];
      draw();
      put(facts, el("p", {}, `Pace needed ${number(target.required_per_month, 1)} vehicles a month, of late ${number(target.recent_per_month, 1)} (Theil-Sen over thirteen month ends). Reached at that pace: ${date(target.projected_date)}. The band is the fleet's by replacement ages with a common delay.`),
        history.without_in_service_from ? el("p", { class: "note" }, `${number(history.without_in_service_from)} vehicles have no in_service_from and are counted in every month.`) : null, target.needs.map((need) => el("p", { class: "note" }, need)));
      put(groups, groupTable("by-category", "By vehicle class", history.by_category), groupTable("by-role", "By role", history.by_role), groupTable("by-organisation", "By organisation", history.by_organisation));
      slider.max = Math.max(5, Math.ceil(history.in_scope / 12));
    };
    const ponder = async () => {
      const per = Number(slider.value);
      try {
        const { outcome, replacements } = await ask("what-if?per_month=" + per);
        plans = per > 0 ? outcome : null;
        draw();
        said.textContent = per === 0 ? "Move the slider: so many vehicles a month, the oldest first, give way to zero-emission ones." :
          `With ${number(per, 1)} a month, ${number(replacements)} vehicles until ${date(outcome.due)}: ${percent(outcome.share_at_due)} then, ` + (outcome.reached ? `${percent(outcome.goal)} reached by ${date(outcome.reached)}.` : `${number(outcome.gap_at_due)} still missing.`);
      } catch (error) { problem(error); }
    };
    slider.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ponder, 150); });
    const form = el("form", { class: "filters", submit: (event) => { event.preventDefault(); load().catch(problem); } }, el("label", {}, "From month ", from), el("label", {}, "To month ", to), el("button", {}, "Show"));
    put(place, section("Share, path and projection", form, chart, facts),
      section("What if", el("p", {}, el("label", { for: "per-month" }, "Vehicles replaced a month "), slider), said), section("Groups today", groups));
    load().then(ponder).catch(problem);
  },
};
