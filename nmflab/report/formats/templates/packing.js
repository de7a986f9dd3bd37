/* What the page holds packed, for size: what charts are made of, and what draws them. */
async function unpacked(id) {
  const packed = atob(document.getElementById(id).textContent);
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(plain).text();
}

/* The library is read when the first chart comes into view, once. */
let reading = null;
function library() {
  reading = reading || unpacked("library").then((source) => {
    const script = document.createElement("script");
    script.textContent = source;
    document.head.append(script);
  });
  return reading;
}
