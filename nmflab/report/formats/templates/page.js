/* The page: its theme, the way to a place, paper, and what of the above it has. */
const root = document.documentElement;

function themeButton() {
  const button = element("button", { type: "button", class: "theme" });
  const preferred = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : preferred.matches);
  const say = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    say();
  });
  preferred.addEventListener("change", say);
  say();
  return button;
}

/* Bring a place into view, whatever it is folded into. */
function goTo(place) {
  const target = place && document.getElementById(place);
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  (target.closest(".scroll") || target).scrollIntoView();
}

function arrive() {
  const { place, query: asked } = address();
  if (asked) readAddress(asked);
  else if (isNarrowed()) writeAddress(place); /* a link within the page keeps the filters */
  refresh();
  if (asked) goTo(place);
}

/* Counts of the strip lead to their rows of the table of runs. */
function leadToRows() {
  if (!document.getElementById("runs-table")) return;
  const statuses = filters.find(({ axis }) => axis === "status");
  for (const link of document.querySelectorAll(".strip a")) {
    const label = link.dataset.label;
    const only = statuses && statuses.values.includes(label);
    if (link.dataset.count === "0" || (!only && label !== "planned" && label !== "ok")) continue;
    link.href = "#runs-table?" + (only ? new URLSearchParams({ status: label }) : "");
    link.addEventListener("click", () => { if (link.hash === location.hash) arrive(); });
  }
}

/* The contents mark the section that is read. */
function markContents() {
  const links = new Map(Array.from(document.querySelectorAll("nav a"), (a) => [a.hash.slice(1), a]));
  const seen = new Set();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) seen.add(target);
        else seen.delete(target);
      }
      const [first] = Array.from(seen).sort((a, b) => a.offsetTop - b.offsetTop);
      for (const [id, link] of links) {
        if (first && first.getAttribute("aria-labelledby") === id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    },
    { rootMargin: "-12% 0px -70% 0px" }
  );
  document.querySelectorAll("main > section").forEach((section) => watcher.observe(section));
}

/* On paper nothing can be unfolded. */
function unfoldForPaper() {
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = Array.from(document.querySelectorAll("main details:not([open]):not([name])"));
    folded.forEach((one) => { one.open = true; });
    onPaper.forEach((show) => show(true));
  });
  window.addEventListener("afterprint", () => {
    folded.forEach((one) => { one.open = false; });
    onPaper.forEach((show) => show(false));
  });
}

document.querySelector("header").prepend(themeButton());
for (const table of document.querySelectorAll("main table[id]")) if (table.tHead) enliven(table);
const boxes = Array.from(document.querySelectorAll("[data-spec]"));
if (filters.length) document.getElementById("summary-section").after(filterBar());
if (boxes.length && window.DecompressionStream) enlivenCharts(boxes);
leadToRows();
markContents();
unfoldForPaper();
window.addEventListener("hashchange", arrive);
arrive();
