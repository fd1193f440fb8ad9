// Zoom: the picture's size in its scrolling frame, so that text stays sharp.
const { x: startX, y: startY } = picture.viewBox.baseVal;
const full = { w: picture.width.baseVal.value, h: picture.height.baseVal.value };
let scale = 1;
function zoom(to, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const next = Math.min(MAX, Math.max(MIN, to));
  const left = (stage.scrollLeft + x) / scale,
    top = (stage.scrollTop + y) / scale;
  scale = next;
  picture.setAttribute("width", full.w * scale);
  picture.setAttribute("height", full.h * scale);
  stage.scrollLeft = left * scale - x;
  stage.scrollTop = top * scale - y;
  at("zoom").querySelector("[data-zoom=one]").textContent = `${Math.round(scale * 100)}%`;
  hold();
}
// The headings of the lanes stay in sight.
const bar = at("lanes");
const heads = Array.from(picture.querySelectorAll(".heading"), (heading) => {
  const head = element("span", null, heading.textContent);
  bar.append(head);
  return {
    head,
    x: Number(heading.getAttribute("x")) - startX,
    y: Number(heading.getAttribute("y")) - startY,
  };
});
function hold() {
  bar.hidden = !heads.length || stage.scrollTop < heads[0].y * scale;
  if (bar.hidden) return;
  const left = picture.getBoundingClientRect().left - stage.getBoundingClientRect().left;
  for (const { head, x } of heads) head.style.transform = `translateX(${left + x * scale}px)`;
}
stage.addEventListener("scroll", hold, { passive: true });
const fitting = () => Math.min(stage.clientWidth / full.w, stage.clientHeight / full.h, 1);
const ZOOMS = {
  in: () => zoom(scale * 1.25),
  out: () => zoom(scale / 1.25),
  one: () => zoom(1),
  fit: () => zoom(fitting()),
};
at("zoom").addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom]");
  if (button) ZOOMS[button.dataset.zoom]();
});
stage.addEventListener(
  "wheel",
  (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = stage.getBoundingClientRect();
    zoom(
      scale * Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0022)),
      event.clientX - frame.left,
      event.clientY - frame.top,
    );
  },
  { passive: false },
);
// Drag with the mouse; a finger scrolls by itself.
let drag = null,
  moved = false;
stage.addEventListener("pointerdown", (event) => {
  moved = false;
  if (event.pointerType !== "mouse" || event.button > 1) return;
  drag = { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop };
});
addEventListener("pointermove", (event) => {
  if (!drag) return;
  const x = event.clientX - drag.x,
    y = event.clientY - drag.y;
  if (!moved && Math.hypot(x, y) < 4) return;
  moved = true;
  stage.classList.add("dragged");
  stage.scrollLeft = drag.left - x;
  stage.scrollTop = drag.top - y;
});
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, () => {
    drag = null;
    stage.classList.remove("dragged");
  });
}
let pinch = null;
const spread = (touches) => {
  const [a, b] = touches,
    frame = stage.getBoundingClientRect();
  return {
    size: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
    x: (a.clientX + b.clientX) / 2 - frame.left,
    y: (a.clientY + b.clientY) / 2 - frame.top,
  };
};
stage.addEventListener(
  "touchstart",
  (event) => {
    pinch = event.touches.length === 2 ? { from: spread(event.touches).size || 1, scale } : null;
  },
  { passive: true },
);
stage.addEventListener(
  "touchmove",
  (event) => {
    if (!pinch || event.touches.length !== 2) return;
    event.preventDefault();
    const now = spread(event.touches);
    zoom((pinch.scale * now.size) / pinch.from, now.x, now.y);
  },
  { passive: false },
);

const still = matchMedia("(prefers-reduced-motion: reduce)");
function show(b) {
  const [lane, top0, h] = boxes[b],
    [left0, w] = data.lanes[lane];
  const x = left0 - startX,
    y = top0 - startY;
  const width = stage.clientWidth,
    height = stage.clientHeight,
    edge = 24;
  const left = x * scale - stage.scrollLeft,
    top = y * scale - stage.scrollTop;
  const inside =
    left >= edge &&
    top >= edge &&
    left + w * scale <= width - edge &&
    top + h * scale <= height - edge;
  if (inside) return;
  stage.scrollTo({
    left: (x + w / 2) * scale - width / 2,
    top: (y + h / 2) * scale - height / 2,
    behavior: still.matches ? "auto" : "smooth",
  });
}
