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
