// Keyboard: one box at a time can be reached by Tab, arrows go from there.
let home = -1;
function current(b) {
  if (home >= 0) boxParts[home].setAttribute("tabindex", "-1");
  home = b;
  boxParts[b].setAttribute("tabindex", "0");
}
function focusBox(b) {
  current(b);
  boxParts[b].focus({ preventScroll: true });
  show(b);
}
if (boxes.length) current(0);
picture.addEventListener("focusin", (event) => {
  const b = boxAt(event.target);
  if (b < 0) return;
  current(b);
  if (event.target.matches(":focus-visible")) {
    focused = ofBox(b);
    redraw();
    show(b);
  }
});
picture.addEventListener("focusout", () => {
  focused = null;
  redraw();
});
const middle = (b) => boxes[b][Y] + boxes[b][H] / 2;
function beside(b, step) {
  // Along an edge where there is one, else to what is nearest in the next lane.
  const joined = wires
    .filter(({ from, to }) => (step > 0 ? from : to) === b)
    .map(({ from, to }) => (step > 0 ? to : from))
    .filter((one) => (boxes[one][LANE] - boxes[b][LANE]) * step > 0);
  let some = joined;
  for (let lane = boxes[b][LANE] + step; !some.length && lane >= 0 && lane < 20; lane += step) {
    some = boxes.map((_, one) => one).filter((one) => boxes[one][LANE] === lane);
  }
  return nearest(b, some);
}
function nearest(b, some) {
  return some.reduce(
    (best, one) =>
      best < 0 || Math.abs(middle(one) - middle(b)) < Math.abs(middle(best) - middle(b))
        ? one
        : best,
    -1,
  );
}
function along(b, step) {
  return nearest(
    b,
    boxes
      .map((_, one) => one)
      .filter(
        (one) =>
          one !== b && boxes[one][LANE] === boxes[b][LANE] && (middle(one) - middle(b)) * step > 0,
      ),
  );
}
picture.addEventListener("keydown", (event) => {
  const b = boxAt(event.target);
  if (b < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const moves = {
    ArrowRight: () => beside(b, 1),
    ArrowLeft: () => beside(b, -1),
    ArrowDown: () => along(b, 1),
    ArrowUp: () => along(b, -1),
    Home: () => 0,
    End: () => boxes.length - 1,
  };
  if (moves[event.key]) {
    event.preventDefault();
    const next = moves[event.key]();
    if (next >= 0) focusBox(next);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    go(ofBox(b));
    // The panel says what it is about to those who do not see it.
    setTimeout(() => {
      const heading = at("what");
      if (heading && event.key === "Enter") heading.focus();
    }, 0);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (selected) close();
    return;
  }
  if (event.target.closest("input, select, textarea")) return;
  const keys = {
    "/": () => {
      find.focus();
      find.select();
    },
    "+": ZOOMS.in,
    "=": ZOOMS.in,
    "-": ZOOMS.out,
    0: ZOOMS.one,
    f: ZOOMS.fit,
  };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

at("tools").hidden = false;
at("zoom").hidden = false;
// At first as wide as the frame, but never too small to read.
zoom(Math.min(1, Math.max(stage.clientWidth / full.w, stage.clientWidth < 700 ? 0.5 : 0.6)), 0, 0);
if (location.hash.length > 1) follow();
document.documentElement.dataset.ready = "true";
