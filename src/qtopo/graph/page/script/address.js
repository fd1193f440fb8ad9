// Addresses: #queue:emails, #stack:queue:tenant-1. The address is what is selected.
const addressOf = (thing) =>
  "#" +
  encodeURIComponent((thing.nodes.length > 1 ? "stack:" : "") + idOf(thing.nodes[0])).replace(
    /%3A/g,
    ":",
  );
function read() {
  let text = location.hash.slice(1);
  try {
    text = decodeURIComponent(text);
  } catch {
    /* as it stands */
  }
  const stack = text.startsWith("stack:") && !byId.has(text);
  const n = byId.get(stack ? text.slice(6) : text);
  if (n === undefined) return null;
  return stack && boxOf[n] >= 0 ? ofBox(boxOf[n]) : ofNode(n);
}
function go(thing) {
  const address = addressOf(thing);
  if (location.hash === address) open(thing);
  else location.hash = address;
}
function close() {
  const back = selected && selected.box >= 0 ? selected.box : -1;
  const within = panel.contains(document.activeElement);
  if (location.hash) {
    try {
      history.pushState(null, "", location.href.split("#")[0]);
    } catch {
      location.hash = "";
    }
  }
  select(null);
  if (within) {
    if (back >= 0) focusBox(back);
    else find.focus();
  }
}
function follow() {
  const thing = read();
  if (thing) open(thing);
  else {
    select(null);
    if (location.hash.length > 1) say("There is no such node in this picture.");
  }
}
addEventListener("hashchange", follow);
addEventListener("popstate", follow);
function say(text) {
  status.textContent = text;
}

function select(thing) {
  if (selected && selected.box >= 0) boxParts[selected.box].removeAttribute("aria-current");
  selected = thing;
  if (!thing) {
    panel.hidden = true;
    panel.replaceChildren();
  } else if (thing.box >= 0) {
    boxParts[thing.box].setAttribute("aria-current", "true");
    current(thing.box);
  }
  redraw();
}
function open(thing) {
  const shown =
    selected &&
    selected.box === thing.box &&
    selected.nodes[0] === thing.nodes[0] &&
    selected.nodes.length === thing.nodes.length &&
    !panel.hidden;
  select(thing);
  if (!shown) {
    fill(thing);
    panel.hidden = false;
    panel.scrollTop = 0;
  }
  if (thing.box >= 0) show(thing.box);
}
