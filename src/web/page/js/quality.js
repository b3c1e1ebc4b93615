// What an auditor needs first: the vehicles that report, rejected messages with their text, and counters that jumped.
import { ask, el, number, percent, put, section, send, tiles, time, words } from "./base.js";
import { table } from "./table.js";

export default {
  id: "quality", title: "Data quality", every: 10,
  show(place) {
    const [figures, rejects, ignored, counters, feeds] = Array.from({ length: 5 }, () => el("div", {}, "…"));
    const said = el("p", { role: "status" });
    put(place, section("Completeness", figures), section("Rejected messages", rejects), section("Ignored fields", ignored), section("Jumps of counters", said, counters), section("Feeds", feeds));
    const undo = async (event, entry) => {
      event.currentTarget.blur();
      try { await send("counters/undo", { entry }); said.textContent = `Entry ${entry} is undone.`; } catch (error) { said.textContent = "not done: " + error.message; }
    };
    return {
      overview({ data: d }) {
        put(figures, tiles([["Heard within 24 h", percent(d.completeness), `${number(d.vehicles_heard_24h)} of ${number(d.vehicles_in_service)}`, "completeness"], ["Silent too long", number(d.vehicles_stale), "vehicles"], ["Unregistered", number(d.unregistered_assets), "assets"], ["Lost by running numbers", number(d.messages_lost), "messages"], ["Late", number(d.late), "readings"], ["Rejected", number(d.rejected), "messages", "rejected"]]));
      },
      async refresh() {
        const [refused, audit, heard] = await Promise.all([ask("rejects"), ask("counters"), ask("feeds")]);
        put(rejects, table("reject-counts", "By source and reason since the start", [["Source", (one) => one.source, (one) => one.source], ["Reason", (one) => words(one.reason), (one) => one.reason], ["Messages", (one) => number(one.count), (one) => one.count, "n"]], refused.counts, { empty: "none" }),
          table("rejects", "The newest, with the message as it came (first 256 bytes)", [["When", (one) => time(one.at), (one) => one.at, "d"], ["Source", (one) => one.source, (one) => one.source], ["From", (one) => one.origin, (one) => one.origin], ["Reason", (one) => words(one.reason), (one) => one.reason], ["What exactly", (one) => one.detail, (one) => one.detail], ["Message", (one) => el("code", { class: "raw" }, one.excerpt), (one) => one.excerpt]], [...refused.newest].sort((a, b) => b.at.localeCompare(a.at)), { empty: "none" }));
        put(ignored, table("ignored", "Fields that were not understood", [["Field", (one) => one.field, (one) => one.field], ["Reason", (one) => words(one.reason), (one) => one.reason], ["Times", (one) => number(one.count), (one) => one.count, "n"]], refused.ignored_fields, { empty: "none" }), refused.ignored_fields_further ? el("p", { class: "note" }, `${number(refused.ignored_fields_further)} further fields are only counted.`) : null);
        put(counters, table("jumps", "Resets, rebases and suspect units, newest first", [["Entry", (one) => one.id, (one) => one.id], ["When", (one) => time(one.at), (one) => one.at, "d"], ["Vehicle or charger", (one) => one.asset, (one) => one.asset], ["Register", (one) => words(one.quantity), (one) => one.quantity], ["Event", (one) => words(one.event), (one) => one.event], ["Before", (one) => number(one.before, 1), (one) => one.before, "n"], ["After", (one) => number(one.after, 1), (one) => one.after, "n"], ["Unit", (one) => one.unit, (one) => one.unit],
          ["", (one) => one.undone_at ? "undone" : one.undo_adds ? el("button", { type: "button", class: "act", "aria-label": `Undo entry ${one.id} of ${one.asset}`, click: (event) => undo(event, one.id) }, "Undo") : ""]], [...audit.entries].sort((a, b) => b.id - a.id), { empty: "none", most: 200 }));
        put(feeds, table("feeds", "Feeds, silent ones first", [["Feed", (one) => one.feed, (one) => one.feed], ["Format", (one) => one.format, (one) => one.format], ["Registered as", (one) => one.registered_as || "not registered", (one) => one.registered_as], ["Heard", (one) => el("span", {}, time(one.last_heard_at), one.stale ? [" ", el("span", { class: "state warning" }, "silent")] : null), (one) => one.last_heard_at, "d"], ["Lag s", (one) => number(one.lag_s, 1), (one) => one.lag_s, "n"], ["Lost", (one) => number(one.messages_lost), (one) => one.messages_lost, "n"]], [...heard.feeds].sort((a, b) => b.stale - a.stale || a.feed.localeCompare(b.feed, "en-GB", { numeric: true })), { most: 500 }));
      },
    };
  },
};
