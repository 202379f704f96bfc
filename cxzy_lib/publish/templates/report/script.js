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
// A table is sorted by a click on the head of a column: one of numbers by their first number, others as words
// of the page's language, in which 2 comes before 10; what has none stays last whichever way.
const number = (words) => parseFloat((words.replace(/,/g, "").match(/[+-]?\d+(\.\d+)?/) || ["NaN"])[0]);
const words = new Intl.Collator(document.documentElement.lang, { numeric: true });
const sort = (table, at, down, numeric) => {
  const rows = [...table.tBodies[0].rows].map((row) => [row, row.cells[at].textContent.trim()]);
  const before = (a, b) => (numeric ? number(a) - number(b) : words.compare(a, b));
  const gap = (a) => (numeric ? isNaN(number(a)) : ["", "—", "*"].includes(a));
  const ordered = (a, b) => (gap(a) && gap(b) ? 0 : gap(a) - gap(b) || (down ? before(b, a) : before(a, b)));
  rows.sort(([, a], [, b]) => ordered(a, b));
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
      sort(table, head.cellIndex, down, head.classList.contains("num"));
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
