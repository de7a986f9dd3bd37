/* Filters: which values of each axis the reader asked for; none asked for is all. */
const filters = JSON.parse(document.getElementById("filter-values").textContent);
const chosen = filters.map(() => new Set());
const redraw = [];

function isNarrowed() {
  return chosen.some((values) => values.size > 0);
}

/* Whether a row or a record is kept: `places[i]` is its value on axis i, or undefined
   where it is of no value, or of all. */
function isKept(places) {
  return chosen.every((values, i) => !values.size || places[i] === undefined || values.has(places[i]));
}

function placesOf(text) {
  return text ? text.split(",").map((place) => (place === "" ? undefined : Number(place))) : [];
}

/* A record of a chart tells its values by field, or by its panel's name, whose parts
   are labels: "ratings · frobenius · n_components 3". */
function placesOfRecord(record) {
  const panel = typeof record.panel === "string" ? " · " + record.panel + " · " : "";
  return filters.map(({ axis, field, values }) => {
    if (field && record[field] !== undefined) {
      const at = values.indexOf(String(record[field]));
      return at < 0 ? undefined : at;
    }
    if (!panel || !field) return undefined;
    const at = values.findIndex(
      (value) => panel.includes(" · " + value + " · ") || panel.includes(" · " + axis + " " + value + " · ")
    );
    return at < 0 ? undefined : at;
  });
}

/* The page's address: #results?solver=hals&init=random is a place and a choice. */
function address() {
  const [place, query] = decodeHash();
  return { place, query: query === undefined ? undefined : new URLSearchParams(query) };
}

function decodeHash() {
  const at = location.hash.indexOf("?");
  const place = at < 0 ? location.hash.slice(1) : location.hash.slice(1, at);
  return [decodeURIComponent(place), at < 0 ? undefined : location.hash.slice(at + 1)];
}

function query() {
  const told = new URLSearchParams();
  filters.forEach(({ axis, values }, i) => chosen[i].forEach((at) => told.append(axis, values[at])));
  return told.toString();
}

function writeAddress(place) {
  const told = query();
  const hash = place + (told ? "?" + told : "");
  history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
}

function readAddress(asked) {
  filters.forEach(({ axis, values }, i) => {
    const places = asked.getAll(axis).map((value) => values.indexOf(value));
    chosen[i] = new Set(places.filter((at) => at >= 0));
  });
}

/* What was chosen, in words: "Solver hals; Init random". */
function inWords() {
  return filters
    .map(({ title, values }, i) => [title, Array.from(chosen[i], (at) => values[at])])
    .filter(([, named]) => named.length)
    .map(([title, named]) => title + " " + named.join(", "))
    .join("; ");
}

function element(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

const counter = { shown: 0, all: 0 }; /* runs, told by the table of runs */

function filterBar() {
  const menus = filters.map((one, i) => menuOf(one, i));
  const clear = element("button", { type: "button" }, "Show all");
  const told = element("p", { role: "status" });
  const note = element("p", { class: "note" }, "Filters act on tables and charts. Sentences and pictures speak of the whole study.");
  const bar = element("div", { class: "filters", role: "search", "aria-label": "Filters" });
  bar.append(element("span", { class: "title", "aria-hidden": "true" }, "Filter"), ...menus.map((m) => m.box), clear, told, note);
  clear.addEventListener("click", () => {
    chosen.forEach((values) => values.clear());
    changed();
    menus[0].box.querySelector("summary").focus();
  });
  bar.addEventListener("keydown", (event) => {
    const open = bar.querySelector("details[open]");
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const open of bar.querySelectorAll("details[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  redraw.push(() => {
    menus.forEach((menu) => menu.update());
    clear.hidden = note.hidden = !isNarrowed();
    bar.classList.toggle("narrowed", isNarrowed());
    const runs = counter.shown.toLocaleString("en") + " of " + counter.all.toLocaleString("en") + " runs";
    told.textContent = isNarrowed() ? "Showing " + runs + ": " + inWords() + "." : "Showing all runs.";
  });
  return bar;
}

function menuOf({ title, values }, i) {
  const said = element("b", {});
  const boxes = values.map((value, at) => {
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => {
      if (box.checked) chosen[i].add(at);
      else chosen[i].delete(at);
      changed();
    });
    return box;
  });
  const labels = values.map((value, at) => element("label", {}, boxes[at], element("bdi", {}, value)));
  const list = element("fieldset", {}, element("legend", {}, title), ...labels);
  const box = element("details", { name: "filters" }, element("summary", {}, title + " ", said), list);
  function update() {
    boxes.forEach((one, at) => { one.checked = chosen[i].has(at); });
    const n = chosen[i].size;
    said.textContent = n === 0 ? "all" : n === 1 ? values[Array.from(chosen[i])[0]] : n + " of " + values.length;
    box.classList.toggle("active", n > 0);
  }
  return { box, update };
}

function changed() {
  writeAddress(address().place);
  refresh();
}

function refresh() {
  redraw.forEach((again) => again());
}
