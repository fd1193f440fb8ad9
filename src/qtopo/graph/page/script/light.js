// The selection: a node, or all of a stack. `null` is nothing.
let selected = null,
  hovered = null,
  focused = null,
  wanted = null,
  filtered = null;
const ofBox = (b) => ({ box: b, nodes: isStack(b) ? cards(b) : [boxes[b][MEMBERS][0]] });
const ofNode = (n) => ({ box: boxOf[n], nodes: [n] });

function reach(starts, which) {
  const found = new Set();
  for (const n of starts) {
    if (boxOf[n] >= 0) found.add(boxOf[n]);
    for (const other of sets[nodes[n][which]]) if (boxOf[other] >= 0) found.add(boxOf[other]);
  }
  return found;
}
function way(thing) {
  const before = reach(thing.nodes, BEFORE),
    behind = reach(thing.nodes, BEHIND);
  return {
    boxes: new Set([...before, ...behind]),
    edge: ({ from, to }) =>
      (before.has(from) && before.has(to)) || (behind.has(from) && behind.has(to)),
  };
}
function lightOf() {
  const thing = hovered || focused || selected;
  if (thing) return way(thing);
  const some = [wanted, filtered].filter(Boolean);
  if (!some.length) return null;
  const both = new Set([...some[0]].filter((b) => some.every((one) => one.has(b))));
  return { boxes: both, edge: ({ from, to }) => both.has(from) && both.has(to) };
}

// Only what changes is touched: of many boxes few are lit at a time.
let lit = new Set(),
  drawn = false;
function light() {
  drawn = false;
  const now = lightOf(),
    next = new Set();
  if (now) {
    for (const b of now.boxes) next.add(boxParts[b]);
    for (const wire of wires) if (now.edge(wire)) next.add(wire.part);
  }
  for (const part of lit) if (!next.has(part)) part.classList.remove("lit");
  for (const part of next) if (!lit.has(part)) part.classList.add("lit");
  lit = next;
  picture.classList.toggle("dim", Boolean(now));
}
function redraw() {
  if (!drawn) {
    drawn = true;
    requestAnimationFrame(light);
  }
}

// Hover and click, for all boxes at once.
const boxAt = (target) => {
  const part = target.closest && target.closest("[data-node]");
  return part ? Number(part.dataset.node) : -1;
};
const taskAt = (target) => {
  const part = target.closest && target.closest("[data-task]");
  const n = part ? byId.get(`task:${part.dataset.task}`) : undefined;
  return n === undefined ? null : ofNode(n);
};
picture.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const edge = event.target.closest("[data-way]");
  if (edge) explainEdge(edge);
  const b = boxAt(event.target);
  const next = b >= 0 ? ofBox(b) : taskAt(event.target);
  if (
    (next && next.box) !== (hovered && hovered.box) ||
    (next && next.nodes[0]) !== (hovered && hovered.nodes[0])
  ) {
    hovered = next;
    redraw();
  }
});
function explainEdge(part) {
  if (part.querySelector(":scope > title")) return;
  const kind = /\be-([a-z-]+)/.exec(part.getAttribute("class"))[1];
  const [from, to] = part.dataset.way.split(" ").map((b) => boxName(Number(b)));
  const label = part.querySelector(".label");
  const said = label ? (label.querySelector("title") || label).textContent : "";
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = `${from} → ${to}: ${(WORDS[kind] || [kind, kind])[1]}${said ? `\n${said}` : ""}`;
  part.prepend(title);
}
picture.addEventListener("pointerleave", () => {
  hovered = null;
  redraw();
});
picture.addEventListener("click", (event) => {
  if (moved) return;
  const b = boxAt(event.target);
  const thing = b >= 0 ? ofBox(b) : taskAt(event.target);
  if (thing) go(thing);
  else if (selected) close();
});
