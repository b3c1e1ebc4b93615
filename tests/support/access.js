// What a checker of accessibility looks at first: names, labels, headings, headers, contrast. Gives a list of what is wrong.
(() => {
  const wrong = [];
  const seen = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== "hidden";
  const name = (node) => (node.getAttribute("aria-label") || (node.labels && [...node.labels].map((label) => label.textContent).join(" ")) || node.textContent || node.getAttribute("title") || "").trim();
  const where = (node) => `${node.tagName.toLowerCase()}${node.id ? "#" + node.id : ""}${node.getAttribute("class") ? "." + node.getAttribute("class").replaceAll(" ", ".") : ""} "${node.textContent.trim().slice(0, 30)}"`;
  if (!document.documentElement.lang) wrong.push("no language");
  if (!document.title) wrong.push("no title");
  for (const node of document.querySelectorAll("a[href],button,input,select,textarea,summary")) if (seen(node) && !name(node)) wrong.push("no name: " + where(node));
  for (const node of document.querySelectorAll("svg:not([aria-hidden])")) if (node.getAttribute("role") !== "img" || !node.getAttribute("aria-label")) wrong.push("a picture without words: " + where(node));
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) wrong.push("twice: #" + id);
  for (const node of document.querySelectorAll("[aria-labelledby],[aria-describedby],label[for]")) {
    for (const id of (node.getAttribute("aria-labelledby") || node.getAttribute("aria-describedby") || node.getAttribute("for")).split(" ")) if (!document.getElementById(id)) wrong.push(`#${id} is named and not there: ` + where(node));
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption) wrong.push("no caption: " + where(table));
    for (const head of table.querySelectorAll("th")) if (!head.scope) wrong.push("no scope: " + where(head));
  }
  let level = 0;
  for (const heading of document.querySelectorAll("h1,h2,h3,h4,h5,h6")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) wrong.push(`from h${level} to h${next}: ` + where(heading));
    level = next;
  }
  if (document.querySelectorAll("main").length !== 1 || document.querySelectorAll("h1").length !== 1) wrong.push("one main, one h1");
  const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number); return [r, g, b, a]; };
  const light = ([r, g, b]) => [r, g, b].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4)).reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return [255, 255, 255, 1];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const done = new Set();
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (done.has(node) || !walker.currentNode.textContent.trim() || !seen(node) || ["SCRIPT", "NOSCRIPT"].includes(node.tagName)) continue;
    done.add(node);
    const style = getComputedStyle(node);
    const colour = parse(node.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const [a, b] = [light(colour), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ` + where(node));
  }
  return wrong;
})()
