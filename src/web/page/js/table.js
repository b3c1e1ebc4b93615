// Tables that sort by their headings and can be saved as CSV. A column: [heading, cell, plain value, "n" for numbers].
import { el } from "./base.js";

/// How tables were sorted, so that a refresh keeps it.
const sorted = new Map();

export function table(name, caption, columns, rows, options = {}) {
  const body = el("tbody");
  const heads = columns.map(([heading, , plain, kind], index) => {
    const head = el("th", { scope: "col", class: kind });
    if (!heading) head.append(el("span", { class: "hidden" }, "action"));
    else if (!plain) head.append(heading);
    else head.append(el("button", { type: "button", class: "sort", click: () => {
      const before = sorted.get(name);
      sorted.set(name, { index, down: before && before.index === index ? !before.down : false });
      fill();
    } }, heading));
    return head;
  });
  const fill = () => {
    const order = sorted.get(name);
    let shown = rows;
    if (order) {
      const plain = columns[order.index][2];
      const compare = (a, b) => {
        const [x, y] = [plain(a), plain(b)];
        if (x === null || x === undefined || y === null || y === undefined) return (y === null || y === undefined ? 0 : 1) - (x === null || x === undefined ? 0 : 1);
        return typeof x === "number" ? x - y : String(x).localeCompare(String(y), "en-GB", { numeric: true });
      };
      shown = [...rows].sort((a, b) => order.down ? compare(b, a) : compare(a, b));
    }
    heads.forEach((head, index) => {
      if (order && order.index === index) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    body.replaceChildren(...shown.slice(0, options.most || 1000).map((row) => el("tr", {}, columns.map(([, cell, , kind], index) => {
      const shown = cell(row);
      return el(index === 0 ? "th" : "td", { class: kind, scope: index === 0 ? "row" : null }, shown === null || shown === undefined ? "–" : shown);
    }))));
    if (!rows.length) body.append(el("tr", {}, el("td", { colspan: columns.length, class: "note" }, options.empty || "nothing yet")));
  };
  fill();
  const save = options.csv === false || !rows.length ? null : el("p", { class: "tools" }, el("button", { type: "button", click: () => download(name + ".csv", csv(columns, rows)) }, "CSV"));
  const box = el("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption }, el("table", { id: name }, el("caption", {}, caption), el("thead", {}, el("tr", {}, heads)), body));
  return el("div", { class: "tablebox" }, box, save);
}

export function csv(columns, rows) {
  const kept = columns.filter(([, , plain]) => plain);
  const field = (value) => {
    if (value === null || value === undefined) return "";
    // A text that begins like a formula would be run by a spreadsheet, and ids come from outside.
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? "'" + value : String(value);
    return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  };
  const lines = [kept.map(([heading, , , , long]) => field(long || heading)), ...rows.map((row) => kept.map(([, , plain]) => field(plain(row))))];
  return lines.map((line) => line.join(",") + "\r\n").join("");
}

function download(name, text) {
  // The mark lets spreadsheets know that it is UTF-8.
  const address = URL.createObjectURL(new Blob(["\ufeff" + text], { type: "text/csv;charset=utf-8" }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
