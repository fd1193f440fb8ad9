// What the page knows, and what is where: nodes, boxes, their elements.
const data = JSON.parse(document.getElementById("data").textContent);
const [KIND, LABEL, FACTS, FINDINGS, BEFORE, BEHIND, EXTRA] = [0, 1, 2, 3, 4, 5, 6];
const [LANE, Y, H, MEMBERS, STACK] = [0, 1, 2, 3, 4];
const HITS = 40,
  LISTED = 60,
  MIN = 0.05,
  MAX = 4;
const WORDS = {
  sends: ["sent by", "sends"],
  step: ["step of", "has the step"],
  decides: ["decides for", "is routed by"],
  publishes: ["gets what is published by", "publishes to"],
  binds: ["bound to", "passes on to"],
  "exchange-binding": ["bound to", "passes on to"],
  alternate: ["alternate of", "alternate exchange"],
  consumes: ["consumes", "is consumed by"],
  "dead-letter": ["gets dead letters of", "dead letters go to"],
  "runs-on": ["runs", "runs on"],
  runs: ["is run by", "runs"],
  uses: ["is used by", "uses"],
  "waits-for": ["is waited for by", "waits for"],
};
const { nodes, boxes, edges, sets } = data;
const at = (id) => document.getElementById(id);
const picture = at("picture"),
  stage = at("stage"),
  panel = at("panel");
const find = at("find"),
  hits = at("hits"),
  status = at("status");

// What is where: box of each node, elements of each box and edge, nodes by their id.
const idOf = (n) => (nodes[n][EXTRA] || {}).id || `${kindOf(n)}:${nodes[n][LABEL]}`;
const kindOf = (n) => data.kinds[nodes[n][KIND]][0];
const manyOf = (n, number) =>
  `${number.toLocaleString("en")} ${number === 1 ? word(kindOf(n)) : data.kinds[nodes[n][KIND]][1]}`;
const factsOf = (n) => {
  const flat = nodes[n][FACTS],
    rows = [];
  for (let i = 0; i < flat.length; i += 2) rows.push([data.words[flat[i]], flat[i + 1]]);
  return rows;
};
const word = (kind) => (kind === "beat" ? "beat entry" : kind);
const boxOf = new Int32Array(nodes.length).fill(-1);
boxes.forEach((box, b) =>
  box[MEMBERS].forEach((n) => {
    boxOf[n] = b;
  }),
);
const byId = new Map(nodes.map((_, n) => [idOf(n), n]));
const boxParts = new Array(boxes.length);
for (const part of picture.querySelectorAll("[data-node]")) boxParts[part.dataset.node] = part;
const wires = Array.from(picture.querySelectorAll("[data-way]"), (part) => {
  const [from, to] = part.dataset.way.split(" ").map(Number);
  return { part, from, to };
});

const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
function element(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...inside);
  return made;
}
// A queue may have its own exchange in its box: what is asked for is the queue.
const cards = (b) => boxes[b][MEMBERS].filter((n) => kindOf(n) === kindOf(boxes[b][MEMBERS][0]));
const isStack = (b) => boxes[b][STACK] !== undefined;
function boxName(b) {
  const first = boxes[b][MEMBERS][0];
  const kind = word(kindOf(first));
  const found = boxes[b][MEMBERS].reduce((sum, n) => sum + nodes[n][FINDINGS].length, 0);
  const parts = [
    isStack(b)
      ? `stack of ${manyOf(first, cards(b).length)}, ${boxes[b][STACK]}`
      : `${kind} ${nodes[first][LABEL]}`,
  ];
  const extra = nodes[first][EXTRA] || {};
  if (extra.missing && !isStack(b)) parts.push("not declared");
  if (extra.change) parts.push(extra.change);
  if (found) parts.push(plural(found, "finding"));
  return parts.join(", ");
}
boxParts.forEach((part, b) => {
  part.setAttribute("role", "button");
  part.setAttribute("tabindex", "-1");
  part.setAttribute("aria-label", boxName(b));
});
