// What every view uses: nodes, UK formats, questions to the API. Text is only ever set as text, never as markup.
export const el = (name, attributes, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
};
export const svg = (name, attributes, ...children) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};
/// Replaces what a node holds, unless a field in it has the focus: a form that changes while it is filled in is worse than an old figure.
export const put = (node, ...children) => {
  const at = document.activeElement;
  if (node !== at && node.contains(at) && at.matches("input,select,textarea,button,summary,a")) return false;
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return true;
};
let sections = 0;
export const section = (title, ...children) => {
  const id = "s" + ++sections;
  return el("section", { "aria-labelledby": id }, el("h3", { id }, title), ...children);
};
export const tiles = (rows) => el("dl", { class: "tiles" }, rows.map(([name, value, unit, id]) => el("div", {}, el("dt", {}, name), el("dd", { id }, value, " ", el("small", {}, unit || "")))));

const none = (value) => value === null || value === undefined;
export const number = (value, digits = 0) => none(value) ? "–" : value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const percent = (share) => none(share) ? "–" : number(share * 100, 1) + " %";
export const date = (text) => none(text) ? "–" : new Date(text.slice(0, 10) + "T12:00:00Z").toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
export const month = (text) => new Date(text.slice(0, 7) + "-15T12:00:00Z").toLocaleDateString("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
export const time = (text) => none(text) ? "–" : new Date(text).toLocaleString("en-GB", { day: "2-digit", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "Europe/London" });
export const minutes = (seconds) => none(seconds) ? "–" : seconds >= 3600 ? number(Math.floor(seconds / 3600)) + " h " + Math.floor(seconds % 3600 / 60) + " min" : Math.floor(seconds / 60) + " min";
/// Names of factor sets, in words.
export const factors = (sets) => (sets.map((set) => set.replace(/^desnz(\d+)/, "UK Government (DESNZ) $1").replace("+provisional", "")).join(" and ").replaceAll(" and UK Government (DESNZ)", " and") || "none used yet") + (sets.some((set) => set.includes("provisional")) ? ", provisional: the newest known, not all confirmed for this year yet" : "");
export const words = (name) => none(name) ? "–" : name.replaceAll("_", " ");

const reason = async (answer) => {
  try { return (await answer.json()).error || answer.statusText; } catch { return answer.statusText; }
};
// A login that has ended, or was never made: back here afterwards.
const login = (answer) => {
  if (answer.status === 401) location.assign("/login?next=" + encodeURIComponent(location.pathname + location.search + location.hash));
};
export const ask = async (path) => {
  const answer = await fetch("/api/v1/" + path);
  login(answer);
  if (!answer.ok) throw new Error(await reason(answer));
  return answer.json();
};
export const send = async (path, body) => {
  const answer = await fetch("/api/v1/" + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  login(answer);
  if (!answer.ok) throw new Error(await reason(answer));
  return answer.json();
};
// Who is looking: a name where there are accounts.
let asked = null;
export const me = () => (asked ||= ask("me"));
