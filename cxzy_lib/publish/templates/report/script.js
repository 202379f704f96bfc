// Paper can't be unfolded: what is folded on the screen is printed open, and folded again afterwards.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
});
// What is wider than a phone can be swiped: the page says so where it is.
const mark = () => {
  for (const wide of document.querySelectorAll(".table-wrap"))
    wide.classList.toggle("scrolls", wide.scrollWidth > wide.clientWidth);
};
addEventListener("load", mark);
addEventListener("resize", mark);
// A table is sorted by a click on the head of a column: numbers by their first number, gaps last.
const number = (words) => parseFloat((words.replace(/,/g, "").match(/-?\d+(\.\d+)?/) || ["NaN"])[0]);
const dated = /^\d{4}[-年]/;
const before = (one, other) => {
  const [a, b] = [one, other].map((words) => (dated.test(words) ? NaN : number(words)));
  if (!isNaN(a) && !isNaN(b)) return a - b;
  return one.localeCompare(other, document.documentElement.lang);
};
const sort = (table, at, down) => {
  const rows = [...table.tBodies[0].rows].map((row) => [row, row.cells[at].textContent.trim()]);
  const gap = (words) => ["", "—", "*"].includes(words);
  rows.sort(([, a], [, b]) => gap(a) - gap(b) || (down ? before(b, a) : before(a, b)));
  table.tBodies[0].append(...rows.map(([row]) => row));
};
for (const table of document.querySelectorAll("main table")) {
  const body = table.tBodies[0];
  if (!table.tHead || body.rows.length < 4 || table.querySelector("[colspan], [rowspan]")) continue;
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(table, head.cellIndex, down);
    });
  }
}
// A list is cut to the entries that hold all words typed.
for (const filter of document.querySelectorAll(".filter")) {
  const entries = [...filter.nextElementSibling.children];
  const field = filter.querySelector("input");
  filter.hidden = false;
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    for (const entry of entries)
      entry.hidden = !words.every((word) => entry.textContent.toLowerCase().includes(word));
    const left = entries.filter((entry) => !entry.hidden).length;
    filter.querySelector("output").textContent = `${left} / ${entries.length}`;
  });
}
