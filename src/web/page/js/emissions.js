// Emissions month by month against the base, by scope and organisation; pollutants of the year.
import { ask, date, el, month, number, percent, put, section, words } from "./base.js";
import { bars, behind } from "./charts.js";
import { table } from "./table.js";

const MONTHS = 13;
const SCOPES = { 1: "1", 2: "2, by location", "2_market": "2, by market", 3: "3", outside: "outside of scopes (biogenic)" };
const scope = (rows, name) => rows.filter((row) => row.scope === name).reduce((sum, row) => sum + row.kgco2e, 0);

function lastMonths(today) {
  const [year, month] = today.split("-").map(Number);
  return Array.from({ length: MONTHS }, (_, index) => new Date(Date.UTC(year, month - 1 - (MONTHS - 1 - index), 1)).toISOString().slice(0, 7));
}

async function months(today) {
  const found = [];
  // One after the other: the engine has other work than this page.
  for (const name of lastMonths(today)) {
    const [year, number] = name.split("-").map(Number);
    const last = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
    const { rows } = await ask(`emissions?from=${name}-01&to=${last < today ? last : today}&by=scope`);
    found.push({ name, one: scope(rows, "1"), two: scope(rows, "2"), market: scope(rows, "2_market"), three: scope(rows, "3"), outside: scope(rows, "outside"), estimated: rows.reduce((sum, row) => sum + row.estimated_kgco2e, 0) });
  }
  return found;
}

export default {
  id: "emissions", title: "Emissions",
  show(place) {
    const [chart, year, groups, air] = Array.from({ length: 4 }, () => el("div", {}, "…"));
    put(place, section("By month", chart), section("April-March year to date", year), section("By organisation", groups), section("Air pollutants", air));
    return { async refresh() {
      const [{ as_of, today: { day } }, { targets }, total, by, pollutants] = await Promise.all([ask("overview"), ask("targets"), ask("emissions?by=scope"), ask("emissions?by=organisation,scope"), ask("air")]);
      put(year, table("year-scopes", `From ${date(total.from)} to ${date(total.to)}, factors ${total.factor_sets.join(", ") || "none used yet"}`, [
        ["Scope", (row) => SCOPES[row.scope] || row.scope, (row) => row.scope], ["kgCO2e", (row) => number(row.kgco2e, 1), (row) => row.kgco2e, "n"], ["± (1 sd)", (row) => number(row.sd_kgco2e, 1), (row) => row.sd_kgco2e, "n", "sd_kgco2e"],
        ["of it estimated", (row) => number(row.estimated_kgco2e, 1), (row) => row.estimated_kgco2e, "n", "estimated_kgco2e"], ["km", (row) => number(row.distance_km), (row) => row.distance_km, "n"], ["kWh", (row) => number(row.energy_kwh), (row) => row.energy_kwh, "n"], ["Fuel l", (row) => number(row.fuel_l), (row) => row.fuel_l, "n", "fuel_l"],
      ], total.rows), el("p", { class: "note" }, `Location and market are two readings of the same electricity and are never added. Vehicles without a figure: ${number(total.not_computed.length)}. Avoided against the replaced vehicles: ${number(total.avoided.kgco2e, 1)} kgCO2e.`));
      put(groups, table("by-organisation-scope", "kgCO2e by organisation and scope, year to date", [
        ["Organisation", (row) => row.organisation || "none", (row) => row.organisation], ["Scope", (row) => SCOPES[row.scope] || row.scope, (row) => row.scope], ["kgCO2e", (row) => number(row.kgco2e, 1), (row) => row.kgco2e, "n"],
      ], by.rows));
      put(air, table("air", `kg from ${date(pollutants.from)} to ${date(pollutants.to)}; ${pollutants.method}`, [
        ["Pollutant", (row) => ({ nox: "NOx", pm25: "PM2.5", pm10: "PM10" })[row.pollutant] || row.pollutant, (row) => row.pollutant], ["kg", (row) => number(row.kg, 3), (row) => row.kg, "n"], ["Base kg", (row) => number(row.base_kg, 3), (row) => row.base_kg, "n", "base_kg"], ["Change", (row) => percent(row.change_ratio), (row) => row.change_ratio, "n"], ["Status", (row) => words(row.status), (row) => row.status],
      ], pollutants.pollutants), pollutants.supply ? el("p", { class: "note" }, "To compare, supply " + pollutants.supply + ".") : null);
      const base = targets.find((target) => target.unit === "t CO2e" && target.baseline.value !== null);
      const rows = await months(day);
      // A base of a year stands against a month as its twelfth.
      const line = base ? base.baseline.value * 1000 / 12 : null;
      put(chart, bars(`Emissions of the last ${MONTHS} months up to ${date(as_of)}, kgCO2e`, {
        rows: rows.map((row) => ({ label: month(row.name).replace(/ 20/, " "), parts: [row.one, row.two, row.three] })), kinds: ["one", "two", "three"], names: ["scope 1", "scope 2, by location", "scope 3"], format: (value) => number(value, value > 0 && value < 5 ? 1 : 0), base: line,
      }), el("p", { class: "note" }, "kgCO2e. ", base ? `Base: a twelfth of ${number(base.baseline.value, 1)} t (${words(base.id)}${base.baseline.date ? ", " + date(base.baseline.date) : ""}${base.baseline.proxy ? ", a proxy" : ""}).` : "No base year is set: a baseline in the targets file puts its line here."),
      behind(table("emission-months", "kgCO2e by month", [
        ["Month", (row) => month(row.name), (row) => row.name], ["Scope 1", (row) => number(row.one, 1), (row) => row.one, "n"], ["Scope 2, by location", (row) => number(row.two, 1), (row) => row.two, "n"], ["Scope 2, by market", (row) => number(row.market, 1), (row) => row.market, "n"],
        ["Scope 3", (row) => number(row.three, 1), (row) => row.three, "n"], ["Biogenic", (row) => number(row.outside, 1), (row) => row.outside, "n"], ["of it estimated", (row) => number(row.estimated, 1), (row) => row.estimated, "n"],
      ], [...rows].reverse())));
    } };
  },
};
