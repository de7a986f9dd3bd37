/* Tables: searched, sorted by a click on a heading, narrowed by the filters. */
const SEARCHED_FROM = 11; /* rows: fewer are read at a glance */
const CUT_FROM = 41;
const FIRST = 25;
const STEP = 500;
const ON_PAPER = 200;
const onPaper = []; /* what shows more rows to print them, and fewer again after */

function cellsOf(row) {
  return Array.from(row.cells, (cell) => ({ text: cell.textContent.trim(), sort: cell.dataset.sort }));
}

function rowsOfPage(body) {
  return Array.from(body.rows, (element) => ({ cells: cellsOf(element), places: placesOf(element.dataset.of || ""), element }));
}

/* A long table hands its rows over as JSON: see nmflab/report/formats/rows.py. */
function rowsOfJson(source, heads) {
  const { columns, of } = JSON.parse(source.textContent);
  const at = ({ v, i }, row) => (i ? v[i[row]] : v[row]);
  const n = (of.i || of.v).length;
  return Array.from({ length: n }, (_, row) => {
    const cells = columns.map((column) => cellOf(at(column, row)));
    return { cells, places: placesOf(at(of, row)), heads, numbers: columns };
  });
}

function cellOf(packed) {
  if (typeof packed === "string") return { text: packed };
  const [text, detail, sort, tone] = packed;
  return { text, detail, sort: sort === null ? undefined : String(sort), tone };
}

function elementOf(row) {
  if (row.element) return row.element;
  row.element = document.createElement("tr");
  row.cells.forEach(({ text, detail, tone }, at) => {
    const cell = element(at < row.heads ? "th" : "td", at < row.heads ? { scope: "row" } : {}, text);
    const classes = [row.numbers[at].number ? "number" : "", text.length > 60 ? "long" : "", tone || ""];
    cell.className = classes.filter(Boolean).join(" ");
    if (detail) cell.append(element("small", detail.length > 36 ? { class: "wide" } : {}, detail));
    row.element.append(cell);
  });
  return row.element;
}

/* What a cell is sorted by: the value given, a number, or its text. */
function value({ text, sort }, isNumber) {
  if (sort === "inf") return Infinity;
  const given = sort !== undefined ? sort : isNumber ? text.replaceAll(",", "") : "";
  const number = Number(given);
  if (given !== "" && !Number.isNaN(number)) return number;
  return sort !== undefined ? sort : text.toLowerCase();
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a === b ? 0 : a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a.localeCompare(b, undefined, { numeric: true });
}

function textOf(row) {
  if (row.text === undefined) {
    row.text = row.cells.map(({ text, detail }) => text + " " + (detail || "")).join(" ").toLowerCase();
  }
  return row.text;
}

function enliven(table) {
  const body = table.tBodies[0];
  const source = document.getElementById(table.id + "-rows");
  const rows = source ? rowsOfJson(source, Number(table.dataset.heads)) : rowsOfPage(body);
  const box = table.closest(".scroll");
  const headings = Array.from(table.tHead.rows[0].cells);
  const told = element("span", { role: "status" });
  const more = element("button", { type: "button", class: "more" });
  let words = [];
  const first = rows.length < CUT_FROM ? Infinity : FIRST;
  let limit = first;

  function show() {
    const kept = rows.filter((row) => isKept(row.places) && words.every((word) => textOf(row).includes(word)));
    const drawn = kept.slice(0, limit);
    body.replaceChildren(...drawn.map(elementOf));
    tell(kept.length, drawn.length);
  }

  function tell(kept, drawn) {
    const all = rows.length.toLocaleString("en");
    const narrowed = kept < rows.length;
    const part = drawn < kept ? "; the first " + drawn.toLocaleString("en") + " are shown" : "";
    told.textContent = narrowed || part ? kept.toLocaleString("en") + " of " + all + " rows" + part : "";
    more.hidden = drawn >= kept;
    more.textContent = "Show " + Math.min(STEP, kept - drawn).toLocaleString("en") + " more rows";
    tools.hidden = !told.textContent && rows.length < SEARCHED_FROM;
  }

  function sortBy(heading, at) {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    const isNumber = heading.classList.contains("number");
    const by = new Map(rows.map((row) => [row, value(row.cells[at], isNumber)]));
    rows.sort((a, b) => (up ? 1 : -1) * compare(by.get(a), by.get(b)));
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    show();
  }

  const tools = element("div", { class: "tools" });
  if (rows.length >= SEARCHED_FROM) {
    const search = element("input", { type: "search", autocomplete: "off", spellcheck: "false" });
    search.addEventListener("input", () => {
      words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      limit = first;
      show();
    });
    tools.append(element("label", {}, "Search ", search));
  }
  tools.append(told);
  box.before(tools);
  more.addEventListener("click", () => { limit += STEP; show(); });
  box.after(more);
  if (rows.length > 1) {
    headings.forEach((heading, at) => {
      if (heading.tagName !== "TH") return;
      const button = element("button", { type: "button" });
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sortBy(heading, at));
    });
  }
  onPaper.push((printing) => {
    limit = printing ? Math.max(limit, ON_PAPER) : first;
    show();
  });
  redraw.push(() => {
    limit = first;
    if (table.id === "runs-table") {
      counter.all = rows.length;
      counter.shown = rows.filter((row) => isKept(row.places)).length;
    }
    show();
  });
}
