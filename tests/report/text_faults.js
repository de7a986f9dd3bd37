/* Every piece of text that is cut off, or lies over another, as sentences. */
() => {
  const SLACK = 1.5; /* pixels: glyphs are drawn on fractions of them */

  function isHidden(node) {
    for (let at = node; at instanceof Element; at = at.parentElement) {
      if (at.getAttribute("opacity") === "0" || getComputedStyle(at).opacity === "0") return true;
    }
    return !node.checkVisibility({ visibilityProperty: true });
  }

  function where(node) {
    const named = node.closest("[id]");
    return (named ? "#" + named.id : node.tagName) + ": " + node.textContent.trim().slice(0, 50);
  }

  /* What of a rectangle is left in view, and whether some of it can never be seen. */
  function clipped(rect, node) {
    let { left, top, right, bottom } = rect;
    let isCut = false;
    for (let at = node; at && at !== document.body; at = at.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(at);
      if (overflowX === "visible" && overflowY === "visible") continue;
      const box = at.getBoundingClientRect();
      const beyond = left < box.left - SLACK || right > box.right + SLACK || top < box.top - SLACK || bottom > box.bottom + SLACK;
      if (beyond && [overflowX, overflowY].some((how) => how === "hidden" || how === "clip")) isCut = true;
      left = Math.max(left, box.left);
      right = Math.min(right, box.right);
      top = Math.max(top, box.top);
      bottom = Math.min(bottom, box.bottom);
    }
    return { left, top, right, bottom, isCut };
  }

  function pieces() {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode;
      const node = text.parentElement;
      if (!text.data.trim() || ["SCRIPT", "STYLE", "NOSCRIPT", "title", "TITLE"].includes(node.tagName)) continue;
      if (node.closest("#vg-tooltip-element, .vega-actions, .skip") || isHidden(node)) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const rect of range.getClientRects()) {
        if (rect.width > 0.5 && rect.height > 0.5) found.push({ node, text: text.data, rect });
      }
    }
    return found;
  }

  /* The corners of what the glyphs fill: text in drawings may be turned. */
  function corners(node, view) {
    let { left, top, right, bottom } = view;
    const isDrawn = node.closest("svg");
    if (isDrawn) {
      const box = node.getBBox();
      [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
    }
    const shrink = 0.2 * (bottom - top); /* line boxes are taller than glyphs */
    const found = [[left, top + shrink], [right, top + shrink], [right, bottom - shrink], [left, bottom - shrink]];
    if (!isDrawn) return found;
    const { a, b, c, d, e, f } = node.getScreenCTM();
    return found.map(([x, y]) => [a * x + c * y + e, b * x + d * y + f]);
  }

  /* Whether two quadrilaterals share more than a sliver: no edge parts them. */
  function meet(one, other) {
    return [one, other].every((quad) => quad.every(([x, y], at) => {
      const [nextX, nextY] = quad[(at + 1) % 4];
      const length = Math.hypot(nextX - x, nextY - y) || 1;
      const along = (points) => points.map(([px, py]) => ((nextY - y) * px - (nextX - x) * py) / length);
      const [p, q] = [along(one), along(other)];
      return Math.min(Math.max(...p), Math.max(...q)) - Math.max(Math.min(...p), Math.min(...q)) > SLACK;
    }));
  }

  const faults = [];
  const boxes = [];
  for (const { node, text, rect } of pieces()) {
    const view = clipped(rect, node);
    if (view.isCut) faults.push("cut: " + where(node));
    if (node.closest("svg") && text.trim().endsWith("…")) faults.push("shortened: " + where(node));
    if (view.left < -SLACK || view.right > document.documentElement.clientWidth + SLACK) faults.push("off the page: " + where(node));
    if (view.right <= view.left || view.bottom <= view.top) continue;
    boxes.push({ top: view.top, bottom: view.bottom, corners: corners(node, view), node });
  }
  boxes.sort((a, b) => a.top - b.top);
  boxes.forEach((a, at) => {
    for (let next = at + 1; next < boxes.length && boxes[next].top < a.bottom; next += 1) {
      const b = boxes[next];
      if (a.node !== b.node && meet(a.corners, b.corners)) faults.push("overlap: " + where(a.node) + " | " + where(b.node));
    }
  });
  return Array.from(new Set(faults));
}
