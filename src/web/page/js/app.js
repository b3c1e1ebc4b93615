// The frame: views by address (#/alerts), the live stream, kiosk and print. A view's `show` fills its place and returns what it does when news arrives.
import { el, me, number, time } from "./base.js";
import { listen, newest } from "./live.js";
import overview from "./overview.js";
import transition from "./transition.js";
import emissions from "./emissions.js";
import charging from "./charging.js";
import sessions from "./sessions.js";
import vehicles from "./vehicles.js";
import targets from "./targets.js";
import alerts from "./alerts.js";
import quality from "./quality.js";
import settings from "./settings.js";

const VIEWS = [overview, transition, emissions, charging, sessions, vehicles, targets, alerts, quality, settings];
/// A screen on the wall: seconds a view stays at least and at most, and pixels a second by which a longer one moves up meanwhile.
const [KIOSK_S, KIOSK_MOST_S, KIOSK_PX] = [20, 120, 60];
/// Seconds in which its first and last lines stand still.
const KIOSK_REST_S = 5;
const KIOSK_VIEWS = ["overview", "transition", "charging", "targets", "alerts"];

const main = document.getElementById("view");
const nav = document.getElementById("views");
const clock = document.getElementById("clock");
// The clock changes all the time and is not read out; that the stream is lost and back is.
const said = document.getElementById("said");
let open = null;

nav.append(...VIEWS.map((view) => el("a", { href: "#/" + view.id, id: "to-" + view.id }, view.title)));

function show() {
  const [id, query] = location.hash.replace(/^#\/?/, "").split("?");
  const view = VIEWS.find((view) => view.id === id) || VIEWS[0];
  const first = open === null;
  if (open && open.timer) clearInterval(open.timer);
  for (const link of nav.children) {
    if (link.id === "to-" + view.id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = view.title + " · fleetgauge";
  const place = el("div");
  const title = el("h2", { tabindex: -1 }, view.title);
  main.replaceChildren(title, place);
  const problem = (error) => place.prepend(el("p", { class: "warn", role: "alert" }, "not answered: " + error.message));
  const acts = view.show(place, new URLSearchParams(query || ""), problem) || {};
  const state = { acts, view };
  open = state;
  for (const kind of Object.keys(newest)) if (acts[kind]) acts[kind](newest[kind]);
  if (acts.refresh) {
    // One request at a time; a failed one is shown once and repeated.
    let asking = false, told = false;
    const refresh = async () => {
      if (asking || document.hidden) return;
      asking = true;
      try { await acts.refresh(); told = false; } catch (error) { if (!told && open === state) problem(error); told = true; }
      asking = false;
    };
    refresh();
    if (view.every) state.timer = setInterval(refresh, view.every * 1000);
  }
  // After a choice in the menu the reader goes on at the view; at the start at the top.
  if (!first) title.focus({ preventScroll: true });
  if (!first) scrollTo(0, 0);
}

function frame(kind, data) {
  const { overview: now, health = { demo: false, speed: 1, ready: true, reasons: [] }, alerts } = newest;
  if (kind === "overview") {
    const demo = health.demo ? `demonstration with simulated data, clock ${number(health.speed)} times as fast · ` : "";
    const text = demo + time(now.as_of) + (health.ready ? "" : " · " + health.reasons.join("; "));
    if (clock.textContent !== text) clock.textContent = text;
    clock.className = health.ready ? "" : "warn";
    said.textContent = health.ready ? (said.textContent ? "connected again" : "") : health.reasons.join("; ");
    const d = now.data;
    document.getElementById("data").textContent = `${number(d.vehicles_heard_24h)} of ${number(d.vehicles_in_service)} vehicles in service heard within 24 h; ${number(d.unregistered_assets)} unregistered; ${number(d.rejected)} messages rejected, ${number(d.late)} late.`;
  }
  if (kind === "alerts") {
    const firing = alerts.alerts.filter((alert) => alert.state === "firing").length;
    const text = "Alerts" + (firing ? ` (${firing})` : "");
    const link = document.getElementById("to-alerts");
    if (link.textContent !== text) link.textContent = text;
  }
  if (open && open.acts[kind]) open.acts[kind](data);
}

const kiosk = new URLSearchParams(location.search).get("kiosk");
if (kiosk !== null) {
  document.body.classList.add("kiosk");
  const asked = kiosk.split(",").filter((id) => VIEWS.some((view) => view.id === id));
  const round = asked.length ? asked : KIOSK_VIEWS;
  let at = Math.max(0, round.indexOf(location.hash.slice(2)));
  location.replace("#/" + round[at]);
  // A kiosk has no one to scroll, so a long view scrolls slowly by itself; by the screen where reduced motion is preferred.
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let since = performance.now();
  setInterval(() => {
    const past = (performance.now() - since) / 1000, rest = document.documentElement.scrollHeight - innerHeight;
    const way = Math.max(0, past - KIOSK_REST_S) * KIOSK_PX;
    if (past >= Math.min(KIOSK_MOST_S, Math.max(KIOSK_S, 2 * KIOSK_REST_S + rest / KIOSK_PX))) {
      at = (at + 1) % round.length;
      since = performance.now();
      location.replace("#/" + round[at]);
    } else if (rest > 0) scrollTo(0, still ? Math.floor(way / (innerHeight * 0.8)) * innerHeight * 0.8 : way);
  }, 50);
  addEventListener("keydown", (event) => { if (event.key === "Escape") location.search = ""; });
}
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
addEventListener("hashchange", show);
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
me().then(({ name, role }) => {
  // What a viewer would only be refused is not offered.
  document.body.classList.toggle("viewer", role === "viewer");
  if (name) document.getElementById("account").append(el("a", { href: "/account" }, `${name} (${role})`));
}, () => {});
show();
listen(frame, () => { said.textContent = clock.textContent = "the daemon does not answer; trying again"; clock.className = "warn"; });
