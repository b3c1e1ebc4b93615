// Words for the status of a target.
export const STATUS = { met: "met", on_path: "on the path", below_path: "behind the path", missed: "missed", path_not_set: "no path set", not_set: "baseline not set", not_computable: "not known", reference: "reference" };

/// Names of the shipped targets; another has the words of its id.
export const NAMES = {
  low_emission_share: "Low-emission share", share_low_90: "Low-emission share", share_ulev_25: "Ultra-low or zero: a quarter of the fleet", airpoll_minus20: "Air pollutants down by a fifth", direct_minus80: "Direct emissions down by 80 %",
  direct_minus100: "Direct emissions to zero", indirect_minus80: "Indirect emissions down by 80 %", indirect_minus100: "Indirect emissions to zero", fleet_2020_21: "Fleet emissions of 2020/21", d2n2_points: "Charge points of the D2N2 scheme",
  rego_100: "Renewable electricity (REGO)", nhs_new_zev: "New cars and vans zero-emission", nhs_new_ambulances_zev: "New ambulances zero-emission", nhs_staff_travel: "Staff travel emissions halved",
  nhs_owned_leased_zev: "Owned and leased vehicles zero-emission", nhs_all_zev: "Whole fleet zero-emission",
};
const METRICS = {
  "vehicles of the profile's classes / vehicles in scope": "vehicles low or better, share of those in scope", "low_or_better / in_scope_fleet": "vehicles low or better, share of those in scope",
  "ultra_low_or_zero / in_scope_fleet": "vehicles ultra-low or zero, share of those in scope", "REGO-covered kWh / kWh": "kWh covered by guarantees of origin, share of all", "fleet tCO2e": "the fleet's t CO2e a year",
};
export const metric = (target) => METRICS[target.metric] || target.metric;
