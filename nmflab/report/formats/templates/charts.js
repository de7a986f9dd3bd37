/* Charts: the drawing in the page is replaced by a live one as it comes into view. */
const DRAWN_WIDTH = 680;

function each(node, change) {
  if (!node || typeof node !== "object") return;
  change(node);
  for (const inner of Object.values(node)) each(inner, change);
}

/* Leave out what the filters hide: records, and their entries in legends. */
function narrowed(spec) {
  let left = 0;
  for (const [name, records] of Object.entries(spec.datasets || {})) {
    spec.datasets[name] = records.filter((record) => isKept(placesOfRecord(record)));
    left += spec.datasets[name].length;
  }
  const datasets = spec.datasets;
  delete spec.datasets; /* not to be walked through */
  each(spec, (node) => {
    const i = filters.findIndex(({ field }) => field && field === node.field);
    const scale = node.scale;
    if (i < 0 || !chosen[i].size || !scale || !Array.isArray(scale.domain) || !Array.isArray(scale.range)) return;
    const kept = scale.domain.map((label) => chosen[i].has(filters[i].values.indexOf(String(label))));
    scale.range = scale.range.filter((_, at) => kept[at]);
    scale.domain = scale.domain.filter((_, at) => kept[at]);
  });
  return left ? { ...spec, datasets } : null;
}

/* Titles as long as there is room for: a panel's at its parts, an axis's between words. */
const CHARACTER = 7.6; /* pixels, of bold text of 12 pixels */

function inLines(text, room) {
  const most = Math.max(12, Math.floor(room / CHARACTER));
  if (typeof text !== "string" || text.length <= most) return text;
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = (lines[lines.length - 1] + " " + word).trim();
    if (longer.length <= most || !lines[lines.length - 1]) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function wrapTitles(spec, across, up) {
  if (typeof spec.title === "string" && spec.title.length * CHARACTER > across) spec.title = spec.title.split(" · ");
  each(spec, (node) => {
    for (const [channel, room] of [["x", across], ["y", up]]) {
      const axis = node[channel];
      if (axis && typeof axis === "object" && axis.title) axis.title = inLines(axis.title, room);
    }
  });
}

function fitted(spec, room) {
  const columns = (n) => Math.max(1, Math.min(n, Math.floor((n * room) / DRAWN_WIDTH)));
  const { datasets, ...rest } = spec;
  each(rest, (node) => {
    if (node.legend && node.legend.columns) node.legend.columns = columns(node.legend.columns);
  });
  spec.config.background = "transparent";
  const panels = spec.usermeta ? spec.usermeta.panels : 0;
  if (panels > 1) {
    const rows = (datasets && datasets.rows) || [];
    const left = new Set(rows.map((row) => row.panel)).size || panels;
    const margin = spec.usermeta.margin + 14;
    const side = left === 4 ? 2 : Math.min(3, left);
    spec.columns = Math.max(1, Math.min(side, Math.floor(room / (margin + 240))));
    const width = Math.floor(room / spec.columns) - margin;
    spec.spec.width = Math.max(120, Math.min(460, width));
    const parts = rows.flatMap((row) => String(row.panel).split(" · "));
    const header = spec.facet && spec.facet.header;
    if (header && parts.some((part) => part.length * 6.5 > spec.spec.width + margin / 2))
      header.labelExpr = "split(replace(datum.value, regexp(', ', 'g'), ', · '), ' · ')";
    wrapTitles(rest, spec.spec.width, spec.spec.height || 300);
  } else if (panels === 1) {
    spec.width = Math.min(room, 900) - 12;
    spec.autosize = { type: "fit-x", contains: "padding" };
    wrapTitles(rest, spec.width - (spec.usermeta.margin || 80), spec.height || 300);
    if (rest.title) spec.title = rest.title;
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

async function draw(box) {
  const room = box.clientWidth;
  const options = {
    renderer: "svg",
    logLevel: 1, /* errors: a filter may leave a layer without data, which warns */
    actions: { export: true, source: false, compiled: false, editor: false },
  };
  box.dataset.room = String(room);
  box.dataset.drawn = query();
  const still = Array.from(box.childNodes);
  const live = document.createElement("div");
  try {
    const [source] = await Promise.all([unpacked(box.dataset.spec), library()]);
    const spec = narrowed(JSON.parse(source));
    if (box.dataset.drawn !== query()) return;
    if (!spec) {
      box.replaceChildren(element("p", { class: "note" }, "Nothing in this chart is of what the filters ask for."));
      box.dataset.state = "live";
      return;
    }
    await window.vegaEmbed(live, fitted(spec, room), options);
    if (box.dataset.drawn !== query()) return;
    name(live, box.getAttribute("aria-labelledby"));
    box.replaceChildren(live);
    box.setAttribute("role", "group");
    box.dataset.state = "live";
  } catch (error) {
    box.replaceChildren(...still);
    box.dataset.state = "still";
    console.error(error);
  }
}

/* One image with the caption as its name; Vega's own roles have no names. */
function name(live, caption) {
  const drawing = live.querySelector("svg.marks");
  for (const part of drawing.querySelectorAll("[role]")) {
    part.removeAttribute("role");
    part.removeAttribute("aria-roledescription");
  }
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-labelledby", caption);
  const menu = live.querySelector("summary");
  if (menu) menu.setAttribute("aria-label", "Save this chart");
}

function enlivenCharts(boxes) {
  const inView = new Set();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) inView.add(target);
        else inView.delete(target);
        if (isIntersecting && isStale(target)) draw(target);
      }
    },
    { rootMargin: "300px" }
  );
  const isStale = (box) => box.dataset.drawn !== query() || Math.abs(Number(box.dataset.room) - box.clientWidth) > 30;
  const again = () => { for (const box of inView) if (isStale(box)) draw(box); };
  boxes.forEach((box) => watcher.observe(box));
  redraw.push(again);
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(again, 200);
  });
}
