(function () {
  "use strict";

  /* Tables: a click on a heading sorts by it; ties keep their order. */
  function value(row, at) {
    const cell = row.cells[at];
    const given = cell.dataset.sort;
    const number = Number(given);
    if (given === undefined) return cell.textContent.trim().toLowerCase();
    if (given === "inf") return Infinity;
    return given !== "" && !Number.isNaN(number) ? number : given;
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a === b ? 0 : a - b;
    return String(a).localeCompare(String(b), undefined, { numeric: true });
  }

  function sortBy(table, heading, at) {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    rows.sort((a, b) => (up ? 1 : -1) * compare(value(a, at), value(b, at)));
    body.append(...rows);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  }

  for (const table of document.querySelectorAll("main table[id]")) {
    if (!table.tHead || table.tBodies[0].rows.length < 2) continue;
    Array.from(table.tHead.rows[0].cells).forEach((heading, at) => {
      if (heading.tagName !== "TH") return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sortBy(table, heading, at));
    });
  }

  /* Charts: the drawing in the page is replaced by a live one as it comes into view. */
  const DRAWN_WIDTH = 680;

  function eachLegend(node, change) {
    if (!node || typeof node !== "object") return;
    if (node.legend && node.legend.columns) change(node.legend);
    for (const inner of Object.values(node)) eachLegend(inner, change);
  }

  function fitted(spec, room) {
    const columns = (n) => Math.max(1, Math.min(n, Math.floor((n * room) / DRAWN_WIDTH)));
    eachLegend(spec, (legend) => { legend.columns = columns(legend.columns); });
    spec.config.background = "transparent";
    const panels = spec.usermeta ? spec.usermeta.panels : 0;
    if (panels > 1) {
      const margin = spec.usermeta.margin + 14;
      const side = panels === 4 ? 2 : 3;
      spec.columns = Math.max(1, Math.min(side, Math.floor(room / (margin + 240))));
      const width = Math.floor(room / spec.columns) - margin;
      spec.spec.width = Math.max(120, Math.min(460, width));
    } else if (panels === 1) {
      spec.width = Math.min(room, 900) - 12;
      spec.autosize = { type: "fit-x", contains: "padding" };
    } else if (spec.concat) {
      const widths = spec.concat.map((part) => part.width + 130);
      const needed = (n) => {
        const sides = new Array(n).fill(0);
        widths.forEach((width, at) => { sides[at % n] = Math.max(sides[at % n], width); });
        return sides.reduce((sum, width) => sum + width, 0);
      };
      spec.columns = widths.length;
      while (spec.columns > 1 && needed(spec.columns) > room) spec.columns -= 1;
    }
    return spec;
  }

  function draw(box) {
    const source = document.getElementById(box.dataset.spec).textContent;
    const room = box.clientWidth;
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const options = {
      renderer: "svg",
      actions: { export: true, source: false, compiled: false, editor: false },
      tooltip: { theme: dark ? "dark" : "light" },
    };
    const still = Array.from(box.childNodes);
    const live = document.createElement("div");
    box.dataset.room = String(room);
    return window
      .vegaEmbed(live, fitted(JSON.parse(source), room), options)
      .then(() => {
        box.replaceChildren(live);
        box.setAttribute("role", "group");
        box.dataset.state = "live";
      })
      .catch((error) => {
        box.replaceChildren(...still);
        box.dataset.state = "still";
        console.error(error);
      });
  }

  const boxes = Array.from(document.querySelectorAll("[data-spec]"));
  if (!window.vegaEmbed || !boxes.length) return;
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watcher.unobserve(entry.target);
        draw(entry.target);
      }
    },
    { rootMargin: "300px" }
  );
  boxes.forEach((box) => watcher.observe(box));

  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const box of boxes) {
        const changed = Math.abs(Number(box.dataset.room) - box.clientWidth) > 30;
        if (box.dataset.state === "live" && changed) draw(box);
      }
    }, 200);
  });
})();
