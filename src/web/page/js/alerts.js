// Alerts with acknowledgement and silences. What is sent is answered once it is on the daemon's disk.
import { ask, el, me, number, percent, put, section, send, time, words } from "./base.js";
import { table } from "./table.js";

const NAME = "fleetgauge.name";
const LENGTHS = [[3600, "1 hour"], [4 * 3600, "4 hours"], [86400, "1 day"], [7 * 86400, "7 days"], [30 * 86400, "30 days"]];
const remembered = () => { try { return localStorage.getItem(NAME) || ""; } catch { return ""; } };

// Units of the shipped rules' values. A rule that is a condition has no value worth showing; an own rule's unit is its field's.
const PER_CENT = "%", UNITS = {
  charger_overstay: "min", uptime_low: PER_CENT, data_completeness: PER_CENT, output_behind: "s", disk_near_full: PER_CENT, target_drift: "pp", target_off_path: "pp", target_unlikely: PER_CENT, target_late: "months",
  target_trend: "σ", target_data_poor: PER_CENT, emissions_per_km: "σ", charger_faulted: null, charger_offline: null, site_offline: null, vehicle_silent: null, counter_event: null,
};
const figure = (one, value) => {
  const unit = UNITS[one.rule];
  return value === null || unit === null ? "–" : unit === PER_CENT ? percent(value) : number(value, 2) + (unit ? " " + unit : "");
};

export default {
  id: "alerts", title: "Alerts",
  show(place) {
    const [list, silences, rules] = Array.from({ length: 3 }, () => el("div", {}, "…"));
    const said = el("p", { role: "status", id: "alerts-said" });
    const by = el("input", { name: "by", value: remembered(), autocomplete: "name", maxlength: 200, change: () => { try { localStorage.setItem(NAME, by.value); } catch { /* a browser that keeps nothing */ } } });
    // The record has the name of the login, whatever is sent.
    me().then(({ name }) => { if (name) { by.value = name; by.readOnly = true; } }, () => {});
    const length = el("select", { name: "duration" }, LENGTHS.map(([seconds, text]) => el("option", { value: seconds }, text))), why = el("input", { name: "comment", maxlength: 500, autocomplete: "off" });
    let before = "";
    const act = async (event, done, path, body) => {
      // The row may go with the answer, and with it the place of the reader.
      event.currentTarget.blur();
      try {
        await send(path, body);
        said.textContent = done;
        update(await ask("alerts"), true);
      } catch (error) { said.textContent = "not done: " + error.message; }
    };
    const update = (view, force) => {
      const now = JSON.stringify([view.alerts, view.silences]);
      if (now === before && !force) return;
      const drawn = put(list, table("alerts", "Firing first, the worst and the oldest at the top", [
        ["Alert", (one) => el("span", {}, one.annotations.summary, el("br"), el("small", {}, words(one.rule) + Object.entries(one.labels).filter(([name]) => name !== "rule" && name !== "severity").map(([name, value]) => ` · ${name} ${value}`).join(""))), (one) => one.annotations.summary],
        ["State", (one) => el("span", { class: "state " + (one.state === "firing" ? one.severity : "quiet") }, one.state), (one) => one.state], ["Severity", (one) => one.severity, (one) => one.severity], ["Since", (one) => time(one.starts_at), (one) => one.starts_at, "d"],
        // A state's `since` is when it began: of a resolved alert the end.
        ["Ended", (one) => one.state === "resolved" ? time(one.since) : "–", (one) => one.state === "resolved" ? one.since : null, "d", "ended_at"],
        ["Value", (one) => figure(one, one.value), (one) => one.value, "n"], ["Threshold", (one) => figure(one, one.threshold), (one) => one.threshold, "n"],
        ["Told", (one) => [one.acked && `acknowledged${one.acked.by ? " by " + one.acked.by : ""} ${time(one.acked.at)}`, one.silenced !== null && "silence " + one.silenced, one.inhibited && "explained by another", one.quiet && "waits for the end of quiet hours", one.notified > 0 && `${number(one.notified)} notice${one.notified === 1 ? "" : "s"}`].filter(Boolean).join("; ") || "not yet", (one) => one.acked && one.acked.at, null, "acked_at"],
        ["", (one) => el("span", { class: "acts" },
          one.state === "firing" && !one.acked ? el("button", { type: "button", class: "ack", "aria-label": "Acknowledge: " + one.annotations.summary, click: (event) => act(event, "Acknowledged: " + one.annotations.summary, "alerts/ack", { fingerprint: one.fingerprint, by: by.value }) }, "Acknowledge") : null,
          one.state !== "resolved" && one.silenced === null ? el("button", { type: "button", class: "silence", "aria-label": "Silence: " + one.annotations.summary, click: (event) => act(event, "Silenced: " + one.annotations.summary, "alerts/silence", { matchers: { ...one.labels, rule: one.rule }, duration_s: Number(length.value), by: by.value, comment: why.value }) }, "Silence") : null)],
      ], view.alerts, { empty: "no alert is pending, firing or lately resolved" }));
      put(silences, table("silences", "Silences in force", [
        ["Number", (one) => one.id, (one) => one.id], ["For", (one) => Object.entries(one.matchers).map(([name, value]) => `${name} = ${value}`).join(", "), (one) => JSON.stringify(one.matchers)], ["Until", (one) => time(one.until), (one) => one.until, "d"], ["By", (one) => one.by, (one) => one.by], ["Why", (one) => one.comment, (one) => one.comment],
        ["", (one) => el("button", { type: "button", class: "unsilence act", "aria-label": "End silence " + one.id, click: (event) => act(event, "Silence ended", "alerts/unsilence", { id: one.id }) }, "End")],
      ], view.silences, { empty: "none", csv: false }));
      put(rules, el("details", {}, el("summary", {}, `${number(view.rules.length)} rules`), table("rules", "Rules, shipped and own", [["Rule", (one) => words(one.name), (one) => one.name], ["What", (one) => one.title, (one) => one.title], ["Severity", (one) => one.severity, (one) => one.severity], ["On", (one) => one.enabled ? "yes" : "no", (one) => one.enabled]], view.rules)));
      before = drawn ? now : "";
    };
    put(place, section("Alerts", el("div", { class: "filters act", role: "group", "aria-label": "For acknowledgements and silences" }, el("label", {}, "Your name ", by), el("label", {}, "Silence for ", length), el("label", {}, "Why ", why)), said, list), section("Silences", silences), section("Rules", rules));
    return { alerts: update };
  },
};
