// Search: names, patterns and keys of all nodes, those inside stacks too.
const haystack = nodes.map(
  (row, n) =>
    `${kindOf(n)}:${row[LABEL]}`.toLowerCase() +
    factsOf(n)
      .filter(([key]) => key === "patterns")
      .map(([, text]) => "\n" + text.toLowerCase())
      .join(""),
);
const ORDER = ["task", "queue", "worker"];
const rank = (n) => {
  const place = ORDER.indexOf(kindOf(n));
  return place < 0 ? ORDER.length : place;
};
let results = [],
  active = -1;
function search() {
  const words = find.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) {
    results = [];
    wanted = null;
    showHits(false);
    say("");
    redraw();
    return;
  }
  const found = [];
  haystack.forEach((text, n) => {
    if (words.every((one) => text.includes(one))) found.push(n);
  });
  const score = (n) => {
    const name = nodes[n][LABEL].toLowerCase();
    return (name === words[0] ? 0 : name.startsWith(words[0]) ? 1 : 2) * 10 + rank(n);
  };
  found.sort((a, b) => score(a) - score(b) || a - b);
  wanted = new Set(found.map((n) => boxOf[n]).filter((b) => b >= 0));
  results = found;
  active = found.length ? 0 : -1;
  showHits(true);
  say(found.length ? plural(found.length, "result") : "Nothing found");
  redraw();
}
function showHits(open) {
  hits.replaceChildren();
  results.slice(0, HITS).forEach((n, index) => {
    const inside = [
      element("span", { class: `kind k-${kindOf(n)}` }, word(kindOf(n))),
      " ",
      element("span", { class: "label" }, nodes[n][LABEL]),
    ];
    if (boxOf[n] >= 0 && isStack(boxOf[n]))
      inside.push(" ", element("small", null, `in ${boxes[boxOf[n]][STACK]}`));
    hits.append(
      element(
        "div",
        { role: "option", id: `hit-${index}`, "data-hit": index, "aria-selected": "false" },
        ...inside,
      ),
    );
  });
  if (open && !results.length)
    hits.append(
      element(
        "div",
        { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" },
        "Nothing found",
      ),
    );
  if (results.length > HITS)
    hits.append(
      element(
        "div",
        { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" },
        `and ${(results.length - HITS).toLocaleString("en")} more`,
      ),
    );
  hits.hidden = !open;
  find.setAttribute("aria-expanded", String(open));
  mark(active);
}
function mark(index) {
  const old = hits.querySelector("[aria-selected=true]");
  if (old) old.setAttribute("aria-selected", "false");
  active = index;
  const now = hits.hidden ? null : at(`hit-${index}`);
  if (!now) {
    find.removeAttribute("aria-activedescendant");
    return;
  }
  now.setAttribute("aria-selected", "true");
  now.scrollIntoView({ block: "nearest" });
  find.setAttribute("aria-activedescendant", now.id);
}
function take(index) {
  if (results[index] === undefined) return;
  const thing = ofNode(results[index]);
  hits.hidden = true;
  find.setAttribute("aria-expanded", "false");
  mark(active);
  go(thing);
  if (thing.box >= 0) focusBox(thing.box);
}
find.addEventListener("input", search);
find.addEventListener("focus", () => {
  if (find.value.trim() && hits.hidden) showHits(true);
});
find.addEventListener("keydown", (event) => {
  const shown = Math.min(results.length, HITS);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (hits.hidden) showHits(true);
    if (shown) mark((active + (event.key === "ArrowDown" ? 1 : shown - 1)) % shown);
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    if (find.value) {
      find.value = "";
      search();
    } else find.blur();
  }
});
at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  take(active);
});
hits.addEventListener("pointerdown", (event) => event.preventDefault());
hits.addEventListener("click", (event) => {
  const hit = event.target.closest("[data-hit]");
  if (hit) take(Number(hit.dataset.hit));
});
document.addEventListener("pointerdown", (event) => {
  if (!at("search").contains(event.target) && !hits.hidden) {
    hits.hidden = true;
    find.setAttribute("aria-expanded", "false");
  }
});
