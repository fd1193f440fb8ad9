// The panel. Everything is written as text.
const linkTo = (n) =>
  element(
    "a",
    { href: addressOf(ofNode(n)), class: `k-${kindOf(n)}` },
    nodes[n][LABEL] || "(no name)",
  );
function listOf(items, style) {
  const list = element("ul", style && items.length > 8 ? { class: style } : null);
  items.slice(0, LISTED).forEach((item) => list.append(element("li", null, ...item)));
  if (items.length <= LISTED) return [list];
  const more = element(
    "button",
    { type: "button", class: "more" },
    `Show all ${items.length.toLocaleString("en")}`,
  );
  more.addEventListener("click", () => {
    items.slice(LISTED).forEach((item) => list.append(element("li", null, ...item)));
    const next = list.children[LISTED].querySelector("a");
    more.remove();
    if (next) next.focus();
  });
  return [list, more];
}
const section = (title, ...inside) =>
  element("section", null, element("h3", null, title), ...inside);
function pairs(rows) {
  const list = element("dl");
  for (const [key, text, more] of rows) {
    const said = element("dd", null, text);
    if (more) said.append(" ", element("small", null, more));
    list.append(element("dt", null, key), said);
  }
  return list;
}
function findingsOf(members) {
  const items = members.flatMap((n) =>
    nodes[n][FINDINGS].map(([severity, rule, message]) => [
      element("strong", { class: `s-${severity}` }, severity),
      ` ${message} `,
      element("code", null, rule),
    ]),
  );
  return items.length ? [section("Findings", ...listOf(items))] : [];
}
function neighbours(n) {
  const found = new Map();
  for (const [from, to, tie, label] of edges) {
    const kind = data.ties[tie];
    const side = from === n ? 1 : to === n ? 0 : -1;
    if (side < 0) continue;
    const heading = (WORDS[kind] || [kind, kind])[side];
    const other = side ? to : from;
    const item = [linkTo(other)];
    if (label && label !== nodes[other][LABEL] && label !== nodes[n][LABEL])
      item.push(" ", element("small", null, label));
    if (!found.has(heading)) found.set(heading, []);
    found.get(heading).push(item);
  }
  return [...found].map(([heading, items]) => section(heading, ...listOf(items)));
}
// Neighbours are one step off; this is where a message ends, and where it began.
function endsOf(n) {
  const some = (which, kind, title) => {
    const found = sets[nodes[n][which]].filter((other) => kindOf(other) === kind);
    return found.length ? [section(title, ...listOf(found.map((other) => [linkTo(other)])))] : [];
  };
  if (["queue", "worker", "exchange", "machine"].includes(kindOf(n))) {
    return some(BEFORE, "task", "All tasks that get here");
  }
  return [
    ...some(BEHIND, "queue", "All queues it gets to"),
    ...some(BEHIND, "worker", "All workers it gets to"),
  ];
}
function commandsOf(n) {
  const said = (nodes[n][EXTRA] || {}).commands;
  if (!said) return [];
  if (!said.lines.length)
    return [section("Launch command", element("p", null, "Switched off: replicas is 0."))];
  const text = said.lines.join("\n");
  const code = element("pre", { tabindex: "0", role: "group", "aria-label": "Launch command" });
  // A line breaks between words alone: an option stays whole.
  said.lines.forEach((line, index) => {
    if (index) code.append("\n");
    line
      .split(" ")
      .forEach((part, place) => code.append(place ? " " : "", element("span", null, part)));
  });
  const copy = element("button", { type: "button", class: "copy" }, "Copy");
  copy.addEventListener("click", () => copyText(text, code, copy));
  const inside = [element("div", { class: "command" }, code, copy)];
  if (said.more)
    inside.push(
      element(
        "p",
        null,
        `and ${said.more.toLocaleString("en")} more: qtopo workers --print-commands`,
      ),
    );
  if (said.needs.length)
    inside.push(
      element("p", null, `Set first, as the file says under env: ${said.needs.join(", ")}`),
    );
  return [section(kindOf(n) === "beat" ? "Launch command of beat" : "Launch command", ...inside)];
}
function fill(thing) {
  const first = thing.nodes[0],
    many = thing.nodes.length > 1;
  const extra = nodes[first][EXTRA] || {};
  const label = many ? boxes[thing.box][STACK] : nodes[first][LABEL];
  const shut = element(
    "button",
    { type: "button", class: "close", "aria-label": "Close", title: "Close (Esc)" },
    "×",
  );
  shut.addEventListener("click", close);
  const kind = many ? `stack of ${manyOf(first, thing.nodes.length)}` : word(kindOf(first));
  const parts = [
    element(
      "div",
      { class: "top" },
      element(
        "div",
        null,
        element("p", { class: `kind k-${kindOf(first)}` }, kind),
        element("h2", { id: "what", tabindex: "-1" }, label || "(no name)"),
      ),
      shut,
    ),
  ];
  if (many) {
    parts.push(
      ...findingsOf(thing.nodes),
      section(
        "In this stack",
        ...listOf(
          thing.nodes.map((n) => [linkTo(n)]),
          "names",
        ),
      ),
    );
    panel.replaceChildren(...parts);
    return;
  }
  if (extra.missing)
    parts.push(element("p", { class: "notice" }, "Named, but not declared in the file."));
  if (extra.change) parts.push(element("p", { class: "notice" }, extra.change));
  if (thing.box >= 0 && isStack(thing.box)) {
    parts.push(
      element(
        "p",
        null,
        "In the stack ",
        element("a", { href: addressOf(ofBox(thing.box)) }, boxes[thing.box][STACK]),
      ),
    );
  }
  parts.push(...findingsOf([first]));
  const commands = commandsOf(first);
  if (kindOf(first) === "worker") parts.push(...commands);
  if (nodes[first][FACTS].length) parts.push(section("Facts", pairs(factsOf(first))));
  if (extra.why !== undefined)
    parts.push(
      section(
        "Why it goes there",
        pairs(data.explanations[extra.why].map(([key, ...said]) => [data.words[key], ...said])),
      ),
    );
  parts.push(...neighbours(first), ...endsOf(first));
  if (kindOf(first) !== "worker") parts.push(...commands);
  panel.replaceChildren(...parts);
}
async function copyText(text, code, button) {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    /* not allowed here */
  }
  if (!done) {
    // As the reader would: select it, and copy.
    const range = document.createRange();
    range.selectNodeContents(code);
    const chosen = getSelection();
    chosen.removeAllRanges();
    chosen.addRange(range);
    try {
      done = document.execCommand("copy");
    } catch {
      /* stays selected */
    }
  }
  button.textContent = done ? "Copied" : "Selected";
  say(done ? "Copied." : "The command is selected: copy it with your keyboard.");
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}
