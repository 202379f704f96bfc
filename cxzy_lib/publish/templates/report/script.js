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
