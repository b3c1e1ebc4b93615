// Emissions month by month against the base, by scope and organisation; pollutants of the year.
import { ask, date, el, factors, month, number, percent, put, section, words } from "./base.js";
import { bars, behind } from "./charts.js";
import { NAMES } from "./status.js";
import { table } from "./table.js";

const MONTHS = 13;
const SCOPES = { 1: "1", 2: "2, by location", "2_market": "2, by market", 3: "3", outside: "outside of scopes (biogenic)" };
// No row is no figure, which is not zero.
const scope = (rows, name) => rows.some((row) => row.scope === name) ? rows.filter((row) => row.scope === name).reduce((sum, row) => sum + row.kgco2e, 0) : null;
// Kilometres, kWh and litres stand at one scope each and are not repeated; elsewhere 0 is not a figure.
const OWN = { distance_km: ["1", "2"], energy_kwh: ["2", "2_market"], fuel_l: ["1"] };
const amount = (row, name) => row[name] || OWN[name].includes(row.scope) ? row[name] : null;
/// From so many kg on, tonnes.
const TONNES_FROM = 10000;
const FLAGS = { residual_factor_missing: "electricity without a contract has no residual-mix factor set and is counted by location in the market-based view ([factors] residual_kgco2e_per_kwh sets it)", scope3_factor_missing: "a factor of the fuel chain is missing, so scope 3 is incomplete" };

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
    found.push({ name, one: scope(rows, "1"), two: scope(rows, "2"), market: scope(rows, "2_market"), three: scope(rows, "3"), outside: scope(rows, "outside"), estimated: rows.length ? rows.reduce((sum, row) => sum + row.estimated_kgco2e, 0) : null, known: rows.length > 0 });
  }
  return found;
}

// Since when there is anything: the day, where the month runs still (one that is over may be filled with estimates from its first day on).
async function since(rows, total) {
  const first = rows.find((row) => row.known && row.name >= total.from.slice(0, 7));
  if (!first) return null;
  if (first.name !== total.to.slice(0, 7)) return first.name + "-01" === total.from ? null : { from: first.name, text: month(first.name) };
  let [low, high] = [1, Number(total.to.slice(8))];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { rows } = await ask(`emissions?from=${first.name}-01&to=${first.name}-${String(middle).padStart(2, "0")}&by=scope`);
    if (rows.length) high = middle; else low = middle + 1;
  }
  const day = `${first.name}-${String(low).padStart(2, "0")}`;
  return day === total.from ? null : { from: day, text: date(day) };
}

// Lists that put a figure in doubt: how many, what it means, and which.
const doubt = (count, what, names) => count ? el("details", {}, el("summary", {}, `${number(count)} ${what}`), el("p", { class: "note" }, names.join(", "))) : null;

export default {
  id: "emissions", title: "Emissions",
  show(place) {
    const [chart, year, groups, air] = Array.from({ length: 4 }, () => el("div", {}, "…"));
    put(place, section("By month", chart), section("April-March year to date", year), section("By organisation", groups), section("Air pollutants", air));
    return { async refresh() {
      const [{ as_of, today: { day } }, { targets }, total, by, pollutants] = await Promise.all([ask("overview"), ask("targets"), ask("emissions?by=scope"), ask("emissions?by=organisation,scope"), ask("air")]);
      // Without kilometres there is no figure.
      const kg = (row) => pollutants.rows.length ? row.kg : null;
      const draw = (start) => { put(year, total.rows.length ? start ? el("p", { class: "mark", id: "since" }, `There are data since ${start.text} only. The sums below are not those of the year from ${date(total.from)}: what was before is not known.`) : null : el("p", { class: "mark", id: "since" }, "There are no data of this year yet."), table("year-scopes", `From ${date(total.from)} to ${date(total.to)}; conversion factors: ${factors(total.factor_sets)}`, [
        ["Scope", (row) => SCOPES[row.scope] || row.scope, (row) => row.scope], ["kgCO2e", (row) => number(row.kgco2e, 1), (row) => row.kgco2e, "n"], ["± (1 sd)", (row) => number(row.sd_kgco2e, 1), (row) => row.sd_kgco2e, "n", "sd_kgco2e"],
        ["of it estimated", (row) => number(row.estimated_kgco2e, 1), (row) => row.estimated_kgco2e, "n", "estimated_kgco2e"], ...[["km", "distance_km"], ["kWh", "energy_kwh"], ["Fuel l", "fuel_l"]].map(([head, name]) => [head, (row) => number(amount(row, name)), (row) => amount(row, name), "n", name]),
      ], total.rows), el("p", { class: "note" }, `Location and market are two readings of the same electricity and are never added. Kilometres, kWh and litres stand at one scope each (–: not counted there a second time). ${total.avoided.vehicles.length ? `Avoided against the replaced vehicles: ${number(total.avoided.kgco2e, 1)} kgCO2e. ` : ""}` + total.flags.map((flag) => "To know: " + (FLAGS[flag] || words(flag)) + ". ").join("")),
        doubt(total.no_data.length, "vehicles in service without any data in at least one whole month of these, nor any of their class to estimate them from: they are missing in the sums", total.no_data),
        doubt(total.not_computed.length, "vehicles with kilometres, litres or kWh that no emissions could be computed from", total.not_computed),
        doubt(total.low_quality.length, "vehicles of whose emissions more than a fifth is estimated", total.low_quality),
        doubt(total.fuel_mismatches.length, "vehicle months in which litres bought and litres burnt are more than a tenth apart", total.fuel_mismatches.map((one) => `${one.vehicle_id} ${month(one.month)}: card ${number(one.card_l)} l, meter ${number(one.can_l)} l`)),
        total.no_data.length + total.not_computed.length + total.low_quality.length + total.fuel_mismatches.length ? null : el("p", { class: "note" }, "No vehicle is without a figure."));
      put(groups, table("by-organisation-scope", `kgCO2e by organisation and scope, ${start ? "since " + start.text : "year to date"}`, [
        ["Organisation", (row) => row.organisation || "none", (row) => row.organisation], ["Scope", (row) => SCOPES[row.scope] || row.scope, (row) => row.scope], ["kgCO2e", (row) => number(row.kgco2e, 1), (row) => row.kgco2e, "n"],
      ], by.rows));
      put(air, table("air", `kg from ${start ? start.text : date(pollutants.from)} to ${date(pollutants.to)}; ${pollutants.method}`, [
        ["Pollutant", (row) => ({ nox: "NOx", pm25: "PM2.5", pm10: "PM10" })[row.pollutant] || row.pollutant, (row) => row.pollutant], ["kg", (row) => number(kg(row), 3), kg, "n"], ["Base kg", (row) => number(row.base_kg, 3), (row) => row.base_kg, "n", "base_kg"], ["Change", (row) => percent(row.change_ratio), (row) => row.change_ratio, "n"], ["Status", (row) => words(row.status), (row) => row.status],
      ], pollutants.pollutants), pollutants.not_computed.length ? el("p", { class: "note" }, `${number(pollutants.not_computed.length)} vehicles that drove ${number(pollutants.not_computed_km)} km are not in it: class, fuel or Euro stage are not among the coefficients.`) : null, pollutants.supply ? el("p", { class: "note" }, "To compare, supply " + pollutants.supply + ".") : null); };
      draw(null);
      // Only the fleet's own base belongs over the fleet's bars: direct emissions of a whole trust are something else.
      const base = targets.find((target) => target.unit === "t CO2e" && target.baseline.value !== null && /\bfleet[ _]?t ?CO2e\b/i.test(target.metric));
      const rows = await months(day);
      draw(await since(rows, total));
      // A base of a year stands against a month as its twelfth.
      const line = base ? base.baseline.value * 1000 / 12 : null;
      const tonnes = Math.max(line || 0, ...rows.map((row) => row.one + row.two + row.three)) >= TONNES_FROM;
      const [scale, mass] = tonnes ? [1000, "t CO2e"] : [1, "kg CO2e"];
      const unknown = rows.filter((row) => !row.known).length;
      put(chart, bars(`Emissions of the last ${MONTHS} months up to ${date(as_of)}, ${mass}`, {
        rows: rows.map((row) => ({ label: month(row.name).replace(/ 20/, " "), parts: [row.one, row.two, row.three].map((part) => part === null ? null : part / scale) })), unit: mass + " a month", kinds: ["one", "two", "three"], names: ["scope 1", "scope 2, by location", "scope 3"], format: (value) => number(value, tonnes || value > 0 && value < 5 ? 1 : 0), base: line === null ? null : line / scale,
      }), el("p", { class: "note" }, unknown ? `Of ${number(unknown)} of these months nothing is known (–). ` : "", base ? `Base: a twelfth of ${number(base.baseline.value, 1)} t (${NAMES[base.id] || words(base.id)}${base.baseline.date ? ", " + date(base.baseline.date) : ""}${base.baseline.proxy ? ", a proxy" : ""}).` : "No base of the fleet is set: a target with metric \"fleet tCO2e\" (figure fleet_tco2e) and a baseline puts its line here."),
      behind(table("emission-months", "kgCO2e by month", [
        ["Month", (row) => month(row.name), (row) => row.name], ["Scope 1", (row) => number(row.one, 1), (row) => row.one, "n"], ["Scope 2, by location", (row) => number(row.two, 1), (row) => row.two, "n"], ["Scope 2, by market", (row) => number(row.market, 1), (row) => row.market, "n"],
        ["Scope 3", (row) => number(row.three, 1), (row) => row.three, "n"], ["Biogenic", (row) => number(row.outside, 1), (row) => row.outside, "n"], ["of it estimated", (row) => number(row.estimated, 1), (row) => row.estimated, "n"],
      ], [...rows].reverse())));
    } };
  },
};
