"use strict";
(() => {
  const plain = (text) => text.normalize("NFKC").toLowerCase();

  // Each search shows those among its elements that hold all words typed.
  for (const input of document.querySelectorAll("input[data-among]")) {
    const among = [...document.querySelectorAll(input.dataset.among)];
    const texts = among.map((each) => plain(each.textContent));
    const said = input.closest(".search").querySelector("output");
    input.addEventListener("input", () => {
      const words = plain(input.value).split(/\s+/).filter(Boolean);
      among.forEach((each, number) => {
        each.hidden = !words.every((word) => texts[number].includes(word));
      });
      const shown = among.filter((each) => !each.hidden).length;
      said.textContent = words.length ? `${shown} of ${among.length} shown` : "";
    });
    input.closest(".search").hidden = false;
  }

  // Names from A to Z, numbers from the largest; what has no number comes last.
  const number = (element, key) => parseFloat(element.getAttribute(`data-${key}`));
  const name = (element) => plain(element.querySelector("bdi").textContent);
  function sort(elements, key, ascending) {
    const sign = ascending ? 1 : -1;
    const value = key === "name" ? null : (element) => number(element, key);
    const compare = (a, b) => value
      ? (isNaN(value(a)) - isNaN(value(b))) || sign * (value(a) - value(b)) || 0
      : sign * name(a).localeCompare(name(b));
    for (const element of [...elements].sort(compare)) element.parentNode.append(element);
  }

  for (const head of document.querySelectorAll("th[data-by]")) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const key = head.dataset.by, now = head.getAttribute("aria-sort");
      const ascending = now ? now === "descending" : key === "name";
      for (const each of head.parentNode.children) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sort(head.closest("table").tBodies[0].rows, key, ascending);
    });
  }

  const order = document.getElementById("theme-order");
  order?.addEventListener("change", () => {
    for (const column of document.querySelectorAll("#themes .column")) {
      sort(column.querySelectorAll(".theme"), order.value, ["name", "order"].includes(order.value));
    }
  });
})();
