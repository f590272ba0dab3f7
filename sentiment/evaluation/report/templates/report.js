"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const section = byId("threshold");  // with more than two classes there is none

  function answersByThreshold() {
    const { steps, places, names, cells: counts, unknown, threshold, band } = Object.fromEntries(
      Object.entries(section.dataset).map(([name, text]) => [name, JSON.parse(text)]));
    const at = new Map(places.map((place, number) => [place, number]));

    // Reviews of a class: below the first place, on it, between it and the second …
    const cumulated = (cells) => { let sum = 0; return cells.map((count) => sum += count); };
    const classes = names, [no, yes] = names;
    const find = (kind, name) => section.querySelector(`[data-${kind}="${CSS.escape(name)}"]`);
    const cells = Object.fromEntries(classes.map((name) => [name, cumulated(counts[name])]));
    const known = (name) => cells[name].at(-1);
    const all = (name) => known(name) + unknown[name];
    const below = (name, place) =>
      place < 0 ? 0 : place > 1 ? known(name) : cells[name][2 * at.get(place)];
    const upTo = (name, place) =>
      place < 0 ? 0 : place > 1 ? known(name) : cells[name][2 * at.get(place) + 1];

    // As Python formats it: ties round to the even digit.
    const percent = (part, whole) => {
      if (!whole) return "–";
      const value = 100 * (part / whole);
      return (value % 1 === 0.25 ? value - 0.01 : value).toFixed(1) + "%";
    };

    // Negative up to `low`, positive from `high` on; the same for both: negative below it.
    function counted(low, high) {
      const counts = {};
      for (const name of classes) {
        const answeredNegative = low < high ? upTo(name, low) : below(name, low);
        const answeredPositive = known(name) - below(name, high);
        counts[name] = {
          [no]: answeredNegative,
          uncertain: all(name) - answeredNegative - answeredPositive,
          [yes]: answeredPositive,
        };
      }
      return counts;
    }

    function show(cut, low, high) {
      const counts = counted(low, high);
      const of = (answer) => counts[no][answer] + counts[yes][answer];
      const reviews = all(no) + all(yes);
      const answered = of(no) + of(yes);
      const figures = {
        accuracy: percent(counts[no][no] + counts[yes][yes], answered),
        coverage: percent(answered, reviews),
      };
      for (const name of classes) {
        figures[`recall-${name}`] = percent(counts[name][name], all(name));
        figures[`precision-${name}`] = percent(counts[name][name], of(name));
        for (const answer of [no, "uncertain", yes]) {
          find("count", `${name}-${answer}`).textContent =
            counts[name][answer].toLocaleString("en-US");
        }
      }
      for (const [name, text] of Object.entries(figures)) {
        find("figure", name).textContent = text;
      }
      mark(cut, low, high);
      command(cut, low < high, figures.coverage);
    }

    // Show the place on the charts.
    function mark(cut, low, high) {
      const place = (svg, x) => {
        const { left, right } = svg.dataset;
        return +left + Math.min(Math.max(x, 0), 1) * (right - left);
      };
      const band = document.querySelector("#scores .cut");
      const ends = [low, high].map((end) => place(band.ownerSVGElement, end));
      band.querySelectorAll("line").forEach((line, number) => {
        line.setAttribute("x1", ends[number]);
        line.setAttribute("x2", ends[number]);
      });
      band.querySelector("rect").setAttribute("x", ends[0]);
      band.querySelector("rect").setAttribute("width", ends[1] - ends[0]);
      const { [no]: none, [yes]: some } = counted(cut, cut);
      const recall = some[yes] / all(yes);
      const said = some[yes] + none[yes];
      move("roc", none[yes] / all(no), recall);
      move("precision_recall", recall, said ? some[yes] / said : 0);
      function move(id, x, y) {
        const dot = document.querySelector(`#${id} circle.here`);
        if (!dot) return;
        const { top, bottom } = dot.ownerSVGElement.dataset;
        dot.setAttribute("cx", place(dot.ownerSVGElement, x));
        dot.setAttribute("cy", bottom - y * (bottom - top));
      }
    }

    // Show the command that does the same, where there is one.
    function command(cut, leaves, coverage) {
      const share = parseFloat(coverage) / 100;
      const code = document.createElement("code");
      code.textContent = leaves
        ? `sentiment calibrate --goal coverage=${share.toFixed(3)}`
        : `sentiment predict --threshold ${cut}`;
      byId("how").replaceChildren(
        code, leaves ? " leaves about as many unanswered." : " answers like this.");
      byId("how").hidden = leaves && !(share > 0 && share < 1);
    }

    const round = (value) => Math.round(value * steps) / steps;
    const inputs = { cut: [byId("cut"), byId("cut-number")], margin: [byId("margin"), byId("margin-number")] };
    const set = (name, value) => inputs[name].forEach((input) => { input.value = value; });

    function changed(name, text) {
      const value = round(Number(text));
      if (text === "" || !(value >= 0 && value <= 1)) return;
      for (const input of inputs[name]) if (input.value !== text) input.value = value;
      const cut = round(Number(inputs.cut[1].value)), margin = round(Number(inputs.margin[1].value));
      show(cut, round(cut - margin), round(cut + margin));
    }

    function restore() {
      const [low, high] = band.length ? band : [threshold, threshold];
      const inside = low >= 0 && high <= 1;
      set("cut", inside ? round((low + high) / 2) : round(threshold));
      set("margin", inside ? round((high - low) / 2) : 0);
      show(threshold, low, high);
      byId("how").hidden = true;
    }

    // The thumb, 16 pixels wide, stands below its place on the chart.
    const { left, right } = document.querySelector("#scores svg").dataset;
    const width = document.querySelector("#scores svg").viewBox.baseVal.width;
    byId("cut").style.marginLeft = `calc(${100 * left / width}% - 8px)`;
    byId("cut").style.width = `calc(${100 * (right - left) / width}% + 16px)`;

    for (const name of ["cut", "margin"]) {
      for (const input of inputs[name]) {
        input.addEventListener("input", () => changed(name, input.value));
      }
    }
    byId("reset").addEventListener("click", restore);
    restore();
    section.querySelector(".controls").hidden = false;
  }
  if (section) answersByThreshold();

  function sifting() {
    const list = byId("list"), articles = [...list.children];
    const plain = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
    const texts = new Map(articles.map((article) => [article, plain(
      [...article.querySelectorAll(".review, h3")].map((each) => each.textContent).join(" "))]));
    const selects = [...document.querySelectorAll("[data-sift]")];

    function sift() {
      const words = plain(byId("search").value);
      const wanted = selects.map((select) => select.value).filter((value) => value !== "");
      let shown = 0;
      for (const article of articles) {
        const slices = article.dataset.slices.split(" ");
        const fits = texts.get(article).includes(words)
          && wanted.every((value) => slices.includes(value));
        article.hidden = !fits;
        shown += fits;
      }
      byId("sifted").textContent = `${shown} of ${articles.length} shown`;
    }

    function order() {
      const key = byId("order").value, sign = key.startsWith("-") ? -1 : 1;
      const name = key.replace("-", "");
      const value = (article) => Number(article.dataset[name]);
      list.append(...[...articles].sort((a, b) => sign * (value(a) - value(b))));
    }

    byId("search").addEventListener("input", sift);
    for (const select of selects) select.addEventListener("change", sift);
    byId("order").addEventListener("change", order);
    sift();
    byId("sift").hidden = false;
  }
  if (byId("sift")) sifting();
})();
