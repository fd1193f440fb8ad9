// Filters: what has a value, and where it leads.
const chosen = new Map();
data.filters.forEach((filter, index) => {
  const pick = element(
    "select",
    { id: `filter-${index}` },
    element("option", { value: "" }, "all"),
  );
  filter.values.forEach(([value], place) =>
    pick.append(element("option", { value: place }, value)),
  );
  pick.addEventListener("change", () => {
    if (pick.value === "") chosen.delete(index);
    else chosen.set(index, Number(pick.value));
    narrow();
  });
  at("filters").append(element("div", null, element("label", { for: pick.id }, filter.name), pick));
});
function narrow() {
  filtered = null;
  for (const [index, place] of chosen) {
    const filter = data.filters[index],
      members = filter.values[place][1];
    const found = filter.ways
      ? new Set([...reach(members, BEFORE), ...reach(members, BEHIND)])
      : new Set(members.map((n) => boxOf[n]).filter((b) => b >= 0));
    filtered = filtered ? new Set([...filtered].filter((b) => found.has(b))) : found;
  }
  if (filtered && filtered.size) show(Math.min(...filtered));
  const many = (number) => number.toLocaleString("en");
  say(filtered ? `Shown: ${many(filtered.size)} of ${many(boxes.length)}` : "All shown");
  redraw();
}
