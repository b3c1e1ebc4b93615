// The first page: the sentence, the path, today, charge points, alerts and data quality.
import { ask, date, el, factors, number, percent, put, section, tiles, time } from "./base.js";
import { behind } from "./charts.js";
import { pathChart, monthTable } from "./transition.js";
import { sessionTable } from "./sessions.js";
import { STATUS } from "./status.js";


export default {
  id: "overview", title: "Overview", every: 10,
  show(place) {
    const [headline, more, chart, classes, today, note, share, estate, firing, sessions] = Array.from({ length: 10 }, () => el("div"));
    for (const waiting of [chart, sessions]) waiting.append("…");
    const sentence = el("p", { id: "headline", class: "headline" }, "…");
    headline.append(sentence, more);
    put(place,
      section("Low-emission share", headline, el("div", { class: "split" }, chart, classes)),
      section("Today", today, note, share), section("Charge points", estate), section("Alerts", firing), section("Latest sessions", sessions));
    let drawn = "", asked = 0;
    // Cars that were not charged yet have emissions by their kilometres and no kWh: said, or the two tiles seem to contradict each other.
    const estimated = async () => {
      if (Date.now() - asked < 60000) return;
      asked = Date.now();
      const { day } = (await ask("overview")).today;
      const two = (await ask(`emissions?from=${day}&to=${day}&by=scope,tier`)).rows.filter((row) => row.scope === "2");
      const sum = (rows) => rows.reduce((sum, row) => sum + row.kgco2e, 0), part = sum(two.filter((row) => !row.energy_kwh));
      put(share, part > 0 ? el("p", { class: "note", id: "by-distance" }, `About ${number(part, 1)} kgCO2e (${percent(part / sum(two))}) of scope 2, by location, are estimated by the kilometres of vehicles that no charge point has charged today; the kWh above are only what charge points delivered.`) : null);
    };
    const draw = async (day) => {
      const [history, plan, now] = await Promise.all([ask("transition"), ask("what-if?per_month=0"), ask("overview")]);
      drawn = day;
      put(chart, pathChart(history, now.target, plan.outcome), behind(monthTable("overview-months", history)));
    };
    return {
      overview(now) {
        if (sentence.textContent !== now.headline + ".") sentence.textContent = now.headline + ".";
        const { transition: t, target, today: day, data: d } = now;
        const rest = [];
        if (target.gap) rest.push(`${number(target.gap)} more must change to reach ${percent(target.goal)} by ${date(target.due)}` + (target.required_per_month === null ? "" : `: ${number(target.required_per_month, 1)} a month`));
        if (target.p_hit !== null) rest.push(`by the replacement ages in the register, whatever the recent pace, the chance of reaching it in time is ${number(target.p_hit * 100)}\u00a0%`);
        put(more, el("p", { class: "note" }, el("span", { class: "state " + target.status }, STATUS[target.status] || target.status), " ", rest.join("; ") + (rest.length ? ". " : ""), `Heard within 24 h: ${percent(d.completeness)} of the vehicles.`));
        put(classes, el("table", { id: "classes" }, el("caption", {}, `Vehicles in scope by class (${t.profile})`), el("tbody", {}, [["Zero", t.zero], ["Ultra-low", t.ultra_low], ["Low", t.low], ["Other", t.other], ["Unknown", t.unknown]].map(
          ([name, count]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "n" }, number(count)), el("td", { class: "n" }, t.in_scope ? percent(count / t.in_scope) : "–"))))));
        put(today, tiles([
          ["Distance", number(day.distance_km, 1), "km", "distance"], ["Fuel", number(day.fuel_l, 1), "l", "fuel"], ["Scope 1", number(day.scope1_kgco2e, 1), "kgCO2e", "scope1"],
          ["Energy to the fleet", number(day.energy_fleet_kwh + day.energy_unallocated_kwh, 1), "kWh"], ["Scope 2, by location", number(day.scope2_location_kgco2e, 1), "kgCO2e"],
          ["Scope 2, by market", number(day.scope2_market_kgco2e, 1), "kgCO2e"], ["Sessions ended", number(now.charge_points.sessions_closed_today)],
        ]));
        const notes = [`Conversion factors: ${factors(day.factor_sets)}`];
        if (day.energy_unallocated_kwh > 0) notes.push(`${number(day.energy_unallocated_kwh, 1)} kWh of the energy belong to no known vehicle`);
        if (day.energy_staff_public_kwh > 0) notes.push(`${number(day.energy_staff_public_kwh, 1)} kWh to staff and the public are not counted`);
        if (day.not_computed > 0) notes.push(`${number(day.not_computed)} ${day.not_computed === 1 ? "vehicle" : "vehicles"} moved without a figure for their emissions yet`);
        if (day.booked_on_other_days > 0) notes.push(`Fuel of ${number(day.booked_on_other_days)} vehicles is booked on the days of their fills, not on this one`);
        put(note, el("p", { class: "note" }, notes.join(". ") + ". The two scope 2 figures are never added."));
        const c = now.charge_points;
        put(estate, el("p", { id: "estate" }, `${number(c.online)} of ${number(c.total)} online; ${number(c.charging)} of ${number(c.connectors)} connectors charging with ${number(c.power_w / 1000, 1)} kW, ${number(c.occupied)} occupied, ${number(c.faulted)} faulted. `, el("a", { href: "#/charging" }, "All charge points")));
        if (drawn && drawn !== target.as_of) draw(target.as_of);
      },
      alerts(view) {
        const on = view.alerts.filter((alert) => alert.state === "firing");
        put(firing, on.length ? el("ul", {}, on.slice(0, 5).map((alert) => el("li", {}, el("span", { class: "state " + alert.severity }, alert.severity), " ", alert.annotations.summary, el("span", { class: "note" }, ` since ${time(alert.starts_at)}${alert.acked ? ", acknowledged" : ""}${alert.silenced === null ? "" : ", silenced"}`)))) : el("p", {}, "None is firing."), el("p", {}, el("a", { href: "#/alerts" }, "All alerts")));
      },
      async refresh() {
        if (!drawn) await draw((await ask("overview")).target.as_of);
        await estimated();
        const { sessions: found } = await ask("sessions");
        put(sessions, sessionTable("latest", found.filter((one) => one.ended_at).sort((a, b) => b.ended_at.localeCompare(a.ended_at)).slice(0, 10), "Latest ended sessions", false));
      },
    };
  },
};
