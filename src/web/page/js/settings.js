// Settings as loaded: what was set, where, and the rest by its default. Secrets never leave the daemon.
import { ask, el, put, section } from "./base.js";
import { table } from "./table.js";

export default {
  id: "settings", title: "Settings",
  show(place) {
    const list = el("div", {}, "…");
    put(place, section("Settings as loaded", list));
    return { async refresh() {
      const view = await ask("settings");
      put(list, el("p", { class: "note" }, `fleetgauge ${view.version}. Shown is what the file, the environment or the demonstration set; every other key has its default, which `, el("code", {}, "fleetgauge config"), " prints."),
        table("settings", "Keys that were set", [["Key", (one) => el("code", {}, one.key), (one) => one.key], ["Value", (one) => el("code", {}, one.value), (one) => one.value], ["Set by", (one) => one.from, (one) => one.from]], view.settings, { empty: "nothing was set: all defaults" }));
    } };
  },
};
