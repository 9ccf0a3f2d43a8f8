"use strict";
const D = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const K = D.classes.length, ROWS = 60;
let shown = 0;
const compared = () => (D.compared && shown !== 1 ? 1 : D.compared ? 0 : -1);
const percent = (mille) => (mille == null ? "-" : (mille / 10).toFixed(1));

function make(tag, attributes = {}, ...children) {
  const of = ["svg", "g", "path", "line", "rect", "circle", "text", "title", "polyline"].includes(tag);
  const node = of ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
const probability = (v) => `${Number((100 * v).toPrecision(v > 0.99 ? 5 : 3))} %`;
const text = (x, y, words, more = {}) => make("text", { x, y, ...more }, words);
const line = (x1, y1, x2, y2, more = {}) => make("line", { x1, y1, x2, y2, stroke: "var(--line)", ...more });
const clip = (name, width) => {
  const most = Math.max(3, Math.floor(width / 7));
  return name.length > most ? name.slice(0, Math.ceil(most / 2) - 1) + "…" + name.slice(-Math.floor(most / 2)) : name;
};
function draw(id, height, label, fill) {
  const into = at(id), width = into.clientWidth || 340;
  const chart = make("svg", { class: "chart", role: "img", "aria-label": label, viewBox: `0 0 ${width} ${height}`, height });
  fill(chart, width);
  into.replaceChildren(chart);
}

// Classes: samples and recall
function groups() {
  const [low, high] = D.shots, of = (k) => (D.counts[k] > high ? 0 : D.counts[k] < low ? 2 : 1);
  const names = [`many-shot, more than ${high}`, `medium-shot, ${low} to ${high}`, `few-shot, fewer than ${low}`];
  return names.map((name, g) => ({ name, classes: D.order.filter((k) => of(k) === g) })).filter((g) => g.classes.length);
}
function mean(recipe, classes) {
  const known = classes.map((k) => D.recall[recipe][k]).filter((v) => v != null);
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
}
function classRows() {
  const other = compared(), bands = groups();
  const height = 34 + 24 * (K + bands.length);
  draw("class-chart", height, "Training samples and recall of each class; the table of all classes holds the numbers", (chart, W) => {
    const nameW = Math.min(220, 0.3 * W), barW = Math.min(180, 0.17 * W), left = nameW + barW + 58, right = W - 46;
    const x = (mille) => left + (right - left) * mille / 1000, most = Math.log1p(Math.max(...D.counts));
    chart.append(text(nameW, 14, "training samples", { class: "muted" }));
    chart.append(text(left, 14, `● ${clip(D.recipes[shown], (right - left) / 2)}`, { class: "accent" }));
    if (other >= 0) chart.append(text(right + 46, 14, `○ ${clip(D.recipes[other], (right - left) / 2)}`, { class: "muted", "text-anchor": "end" }));
    let y = 24;
    for (const band of bands) {
      const means = [shown, other].filter((r) => r >= 0).map((r) => percent(mean(r, band.classes)));
      chart.append(make("rect", { x: 0, y, width: W, height: 22, fill: "var(--band)" }));
      chart.append(text(4, y + 15, band.name, { class: "muted" }), text(W - 4, y + 15, `mean ${means.join(" / ")} %`, { class: "muted", "text-anchor": "end" }));
      y += 24;
      for (const k of band.classes) {
        const mid = y + 12, recall = D.recall[shown][k], before = other >= 0 ? D.recall[other][k] : null;
        const row = make("g", {}, make("title", {}, `${D.classes[k]}: ${D.counts[k]} training samples, recall ${percent(recall)} %`));
        row.append(text(nameW - 8, mid + 4, clip(D.classes[k], nameW - 8), { "text-anchor": "end" }));
        const bar = Math.max(1, barW * Math.log1p(D.counts[k]) / most);
        row.append(make("rect", { x: nameW, y: mid - 5, width: bar, height: 10, fill: "var(--muted)", opacity: 0.55 }));
        row.append(text(nameW + bar + 4, mid + 4, String(D.counts[k]), { class: "muted" }), line(left, mid, right, mid));
        if (before != null && recall != null) row.append(line(x(before), mid, x(recall), mid, { stroke: "var(--accent)", "stroke-width": 2 }));
        if (before != null) row.append(make("circle", { cx: x(before), cy: mid, r: 4.5, fill: "var(--paper)", stroke: "var(--muted)", "stroke-width": 1.5 }));
        if (recall != null) row.append(make("circle", { cx: x(recall), cy: mid, r: 4.5, fill: "var(--accent)" }));
        row.append(text(W, mid + 4, recall == null ? "untested" : percent(recall), { "text-anchor": "end" }));
        chart.append(row);
        y += 24;
      }
    }
    for (const tick of [0, 500, 1000]) chart.append(text(x(tick), height - 2 + 0, `${tick / 10} %`, { class: "muted", "text-anchor": "middle" }));
  });
}
function smooth(values) {
  const half = Math.max(1, Math.round(values.length / 40));
  return values.map((_, i) => {
    const near = values.slice(Math.max(0, i - half), i + half + 1).filter((v) => v != null);
    return near.length ? near.reduce((a, b) => a + b, 0) / near.length : null;
  });
}
function classRanks() {
  const other = compared(), top = 34, mid = 120, base = 360;
  draw("class-chart", 400, "Training samples and recall over the classes, sorted by samples; the table of all classes holds the numbers", (chart, W) => {
    const left = 40, right = W - Math.min(110, 0.22 * W), x = (i) => left + (right - left) * (i + 0.5) / K;
    const y = (mille) => base - (base - mid - 20) * mille / 1000, most = Math.log(Math.max(...D.counts) + 1);
    const place = (n) => mid - (mid - top) * Math.log(n + 1) / most;
    let start = 0;
    groups().forEach((band, g) => {
      const from = left + (right - left) * start / K, to = from + (right - left) * band.classes.length / K;
      if (g % 2 === 0) chart.append(make("rect", { x: from, y: top - 14, width: to - from, height: base - top + 14, fill: "var(--band)" }));
      const brief = band.name.split(",")[0], average = `: ${percent(mean(shown, band.classes))} %`;
      const words = [band.name + average, brief + average, brief].find((one) => 7 * one.length < to - from);
      chart.append(text(from + 4, top - 20, words || "", { class: "muted" }));
      start += band.classes.length;
    });
    chart.append(make("path", { d: `M${left},${mid}` + D.order.map((k, i) => `L${x(i).toFixed(1)},${place(D.counts[k]).toFixed(1)}`).join("") + `L${right},${mid}Z`, fill: "var(--muted)", opacity: 0.45 }));
    const last = D.counts[D.order[K - 1]];
    chart.append(text(left - 4, top + 8, String(D.counts[D.order[0]]), { class: "muted", "text-anchor": "end" }), text(right + 6, mid, last === 1 ? "1 sample" : `${last} samples`, { class: "muted" }));
    for (const tick of [0, 250, 500, 750, 1000]) chart.append(line(left, y(tick), right, y(tick)), text(left - 4, y(tick) + 4, String(tick / 10), { class: "muted", "text-anchor": "end" }));
    const dots = D.order.map((k, i) => (D.recall[shown][k] == null ? "" : `M${x(i).toFixed(1)},${y(D.recall[shown][k]).toFixed(1)}h0`)).join("");
    chart.append(make("path", { d: dots, stroke: "var(--accent)", "stroke-width": 3, "stroke-linecap": "round", opacity: 0.3 }));
    const ends = [];
    for (const [r, color] of [[other, "var(--muted)"], [shown, "var(--accent)"]]) {
      if (r < 0) continue;
      const points = smooth(D.order.map((k) => D.recall[r][k])).map((v, i) => (v == null ? null : `${x(i).toFixed(1)},${y(v).toFixed(1)}`)).filter(Boolean);
      chart.append(make("polyline", { points: points.join(" "), fill: "none", stroke: color, "stroke-width": 2.5 }));
      ends.push([r, points.length ? Number(points[points.length - 1].split(",")[1]) : base]);
    }
    if (ends.length > 1 && Math.abs(ends[0][1] - ends[1][1]) < 14) ends[0][1] = ends[1][1] + (ends[0][1] < ends[1][1] ? -14 : 14);
    for (const [r, height] of ends) chart.append(text(right + 6, height + 4, clip(D.recipes[r], W - right - 6), { class: r === shown ? "accent" : "muted" }));
    chart.append(text(left, base + 18, "recall, %, by class from the most to the least frequent", { class: "muted" }));
    const says = text(left, base + 36, "", {}), mark = line(0, top, 0, base, { stroke: "var(--ink)", visibility: "hidden" });
    chart.append(says, mark);
    chart.addEventListener("pointermove", (event) => {
      const box = chart.getBoundingClientRect(), i = Math.floor(((event.clientX - box.left) * W / box.width - left) / (right - left) * K);
      if (i < 0 || i >= K) return;
      const k = D.order[i];
      says.textContent = `${D.classes[k]}: ${D.counts[k]} samples, recall ${percent(D.recall[shown][k])} %`;
      for (const end of ["x1", "x2"]) mark.setAttribute(end, x(i));
      mark.setAttribute("visibility", "visible");
    });
  });
}

// Tables that can be sorted, searched and paged
function table(id, columns, rows, { page = 25, by = null, search = null } = {}) {
  const into = at(id), state = into.state || (into.state = { by, descending: true, first: 0, words: "" });
  const found = state.words ? rows.filter((row) => row.words.toLowerCase().includes(state.words.toLowerCase())) : rows.slice();
  if (state.by != null) {
    const key = columns[state.by].key, sign = state.descending ? -1 : 1;
    found.sort((a, b) => {
      const [p, q] = [a[key], b[key]];
      if (p == null || q == null) return (p == null) - (q == null);
      return sign * (typeof p === "string" ? p.localeCompare(q, undefined, { numeric: true }) : p - q);
    });
  }
  state.first = Math.min(state.first, Math.max(0, Math.floor((found.length - 1) / page) * page));
  const again = (focus) => { table(id, columns, rows, { page, by, search }); if (focus) into.querySelector(focus)?.focus(); };
  const head = make("tr");
  columns.forEach((column, i) => {
    const sort = make("button", { type: "button", "data-column": i }, column.heading);
    sort.addEventListener("click", () => {
      state.descending = state.by === i ? !state.descending : column.kind !== "name";
      Object.assign(state, { by: i, first: 0 });
      again(`[data-column="${i}"]`);
    });
    head.append(make("th", { scope: "col", class: column.kind || "", ...(state.by === i ? { "aria-sort": state.descending ? "descending" : "ascending" } : {}) }, sort));
  });
  const body = make("tbody");
  for (const row of found.slice(state.first, state.first + page)) {
    body.append(make("tr", {}, ...columns.map((c) => make("td", { class: c.kind || "" }, ...(c.show ? [].concat(c.show(row)) : [row[c.key] == null ? "-" : String(row[c.key])])))));
  }
  const parts = [make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), body))];
  if (search || found.length > page) {
    const bar = make("div", { class: "bar controls" });
    const say = make("span", { role: "status", class: "muted" }, found.length ? `${state.first + 1} to ${Math.min(found.length, state.first + page)} of ${found.length}` : "none found");
    if (search) {
      const box = into.querySelector("input") || make("input", { type: "search" });
      box.oninput = () => { Object.assign(state, { words: box.value, first: 0 }); again("input"); };
      bar.append(make("label", {}, `${search} `, box));
    }
    bar.append(say);
    for (const [words, step, id_] of [["‹ previous", -page, "previous"], ["next ›", page, "next"]]) {
      const button = make("button", { type: "button", class: `more ${id_}` }, words);
      button.disabled = step < 0 ? state.first === 0 : state.first + page >= found.length;
      button.addEventListener("click", () => { state.first += step; again(`.${id_}`); });
      if (found.length > page) bar.append(button);
    }
    parts.unshift(bar);
  }
  into.replaceChildren(...parts);
}
function confusionTable() {
  const rows = D.confusions[shown].map(([t, p, n, back]) => ({ true: D.classes[t], taken: D.classes[p], number: n, of: D.tested[shown][t], share: n / D.tested[shown][t], back }));
  if (!rows.length) return at("confusion-table").replaceChildren(make("p", {}, "No held-out sample is mistaken."));
  table("confusion-table", [
    { key: "true", heading: "class", kind: "name" }, { key: "taken", heading: "taken for", kind: "name" },
    { key: "number", heading: "samples", show: (r) => `${r.number} of ${r.of}` },
    { key: "share", heading: "share", kind: "name", show: (r) => [make("span", { class: "share", style: `width:calc(${r.share.toFixed(3)} * var(--bar))` }), `${(100 * r.share).toFixed(1)} %`] },
    { key: "back", heading: "way back" },
  ], rows, { page: 10, by: 3 });
}
function classTable() {
  const other = compared(), value = (measure, r, k) => D[measure][r] && D[measure][r][k];
  const rows = D.order.map((k) => {
    const recall = value("recall", shown, k), before = other < 0 ? null : value("recall", other, k), taken = D.taken[shown][k];
    return { name: D.classes[k], words: D.classes[k], train: D.counts[k], test: D.heldOut[k], recall, before,
      gain: recall == null || before == null ? null : recall - before, precision: value("precision", shown, k), auprc: value("auprc", shown, k),
      taken: taken < 0 ? null : D.classes[taken] };
  });
  const measured = (key, heading) => ({ key, heading, show: (r) => percent(r[key]) });
  table("class-table", [
    { key: "name", heading: "class", kind: "name" }, { key: "train", heading: "training samples" }, { key: "test", heading: "held-out samples" },
    measured("recall", "recall"),
    ...(other < 0 ? [] : [measured("before", `recall of ${D.recipes[other]}`), { ...measured("gain", "gain"), show: (r) => (r.gain > 0 ? "+" : "") + percent(r.gain) }]),
    ...(D.precision[shown] ? [measured("precision", "precision")] : []), ...(D.auprc[shown] ? [measured("auprc", "AUPRC")] : []),
    { key: "taken", heading: "most often taken for", kind: "name" },
  ], rows, { page: 25, by: 1, search: "Find a class" });
}

// Curves
function square(id, label, words, fill) {
  draw(id, 360, label, (chart, W) => {
    const left = 36, right = Math.min(W - 8, left + 400), x = (v) => left + (right - left) * v, y = (v) => 320 - 275 * v;
    for (const tick of [0, 0.5, 1]) {
      chart.append(line(x(tick), y(0), x(tick), y(1)), line(x(0), y(tick), x(1), y(tick)));
      chart.append(text(x(tick), 336, String(100 * tick), { class: "muted", "text-anchor": "middle" }), text(left - 4, y(tick) + 4, String(100 * tick), { class: "muted", "text-anchor": "end" }));
    }
    chart.append(text(x(0.5), 353, words, { class: "muted", "text-anchor": "middle" }));
    fill(chart, x, y);
  });
}
const both = () => [[compared(), "var(--muted)", "muted"], [shown, "var(--accent)", "accent"]].filter(([r]) => r >= 0);
function reliabilityChart() {
  const of = K === 2 ? `${D.classes[D.rare]}` : "the predicted class";
  square("reliability", `Reliability of the probability of ${of}`, `probability of ${clip(of, 150)}, %`, (chart, x, y) => {
    chart.append(line(x(0), y(0), x(1), y(1), { stroke: "var(--muted)", "stroke-dasharray": "3 3" }));
    both().forEach(([r, color, kind], i) => {
      const bins = D.reliability[r];
      if (!bins) return;
      const all = bins.reduce((sum, b) => sum + b[0], 0);
      for (const [n, p, share] of bins) {
        const middle = (n * share + 2) / (n + 4), error = 2 * Math.sqrt(middle * (1 - middle) / (n + 4));
        if (r === shown) chart.append(line(x(p), y(Math.max(0, middle - error)), x(p), y(Math.min(1, middle + error)), { stroke: color }));
        chart.append(make("circle", { cx: x(p), cy: y(share), r: 2 + 8 * Math.sqrt(n / all), fill: color, opacity: 0.75 }, make("title", {}, `${n} samples: ${(100 * p).toFixed(1)} % given, ${(100 * share).toFixed(1)} % right`)));
      }
      chart.append(text(x(0), 14 + 16 * (1 - i), `● ${clip(D.recipes[r], 250)}`, { class: kind }));
    });
  });
}
function curveChart() {
  const k = Number(at("curve-class").value), share = D.heldOut[k] / D.heldOut.reduce((a, b) => a + b, 0);
  square("curve", `Precision against recall of ${D.classes[k]}`, "recall, %; upwards: precision, %", (chart, x, y) => {
    chart.append(line(x(0), y(share), x(1), y(share), { stroke: "var(--muted)", "stroke-dasharray": "2 4" }));
    both().forEach(([r, color, kind], i) => {
      const curve = D.curves[r] && D.curves[r][k], area = D.auprc[r] && D.auprc[r][k];
      if (curve) chart.append(make("polyline", { points: [`${x(0)},${y(curve[0] / 1000)}`, ...curve.map((p, j) => `${x((j + 1) / curve.length)},${y(p / 1000)}`)].join(" "), fill: "none", stroke: color, "stroke-width": 2 }));
      chart.append(text(x(0), 14 + 16 * (1 - i), `― ${clip(D.recipes[r], 200)}${curve ? (area == null ? "" : `, AUPRC ${percent(area)}`) : ": no curve here"}`, { class: kind }));
    });
  });
}
function explorer() {
  const of = D.thresholds && D.thresholds[shown];
  at("explorer").hidden = !of;
  if (!of) return;
  const slider = at("threshold"), rare = D.classes[D.rare], positives = D.heldOut[D.rare], rest = D.heldOut[1 - D.rare];
  slider.max = of.at.length - 1;
  if (slider.recipe !== shown) { slider.value = of.start; slider.recipe = shown; }
  const costs = [Number(at("miss").value) || 0, Number(at("alarm").value) || 0];
  const right = D.costs ? [D.costs[D.rare][D.rare], D.costs[1 - D.rare][1 - D.rare]] : [0, 0];
  const measured = of.at.map((_, i) => {
    const hits = of.hits[i], alarms = of.alarms[i], recall = positives ? hits / positives : 0, precision = hits + alarms ? hits / (hits + alarms) : 0;
    return { recall, precision, f1: 2 * hits / (hits + alarms + positives), cost: costs[0] * (positives - hits) + costs[1] * alarms + right[0] * hits + right[1] * (rest - alarms) };
  });
  const i = Number(slider.value), now = measured[i], say = (v) => `${(100 * v).toFixed(1)} %`;
  at("threshold-label").textContent = `A sample is ${rare} if its probability is at least ${probability(of.at[i])}`;
  slider.setAttribute("aria-valuetext", probability(of.at[i]));
  at("threshold-says").textContent = `precision ${say(now.precision)}, recall ${say(now.recall)}, F1 ${say(now.f1)}; ${of.hits[i] + of.alarms[i]} of ${positives + rest} flagged: ${of.hits[i]} right, ${of.alarms[i]} false alarms, ${positives - of.hits[i]} missed; cost ${+now.cost.toFixed(2)}, ${+(now.cost / (positives + rest)).toPrecision(3)} a sample`;
  draw("threshold-chart", 240, "Precision, recall, F1 and cost over the thresholds", (chart, W) => {
    const left = 36, right = W - 76, x = (j) => left + (right - left) * j / (of.at.length - 1 || 1), y = (v) => 205 - 185 * v;
    const least = Math.min(0, ...measured.map((m) => m.cost)), most = Math.max(0, ...measured.map((m) => m.cost)), ends = [];
    for (const tick of [0, 0.5, 1]) chart.append(line(left, y(tick), right, y(tick)), text(left - 4, y(tick) + 4, String(100 * tick), { class: "muted", "text-anchor": "end" }));
    for (const [name, color, dash] of [["precision", "var(--accent)", ""], ["recall", "var(--good)", ""], ["f1", "var(--ink)", ""], ["cost", "var(--bad)", "4 3"]]) {
      const value = (m) => (name === "cost" ? (m.cost - least) / (most - least || 1) : m[name]);
      chart.append(make("polyline", { points: measured.map((m, j) => `${x(j).toFixed(1)},${y(value(m)).toFixed(1)}`).join(" "), fill: "none", stroke: color, "stroke-width": 2, "stroke-dasharray": dash }));
      ends.push({ name: name === "f1" ? "F1" : name, color, y: y(value(measured[measured.length - 1])) });
    }
    ends.sort((a, b) => a.y - b.y);
    ends.forEach((end, j) => { if (j) end.y = Math.max(end.y, ends[j - 1].y + 14); });
    const over = Math.max(0, ends[ends.length - 1].y - 205);
    for (const end of ends) chart.append(text(right + 6, end.y + 4 - over, end.name, { style: `fill:${end.color}` }));
    chart.append(line(x(i), y(0), x(i), y(1), { stroke: "var(--ink)", "stroke-width": 1.5 }));
    for (const j of (W > 600 ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.5, 1]).map((part) => Math.round(part * (of.at.length - 1)))) chart.append(text(x(j), 222, probability(of.at[j]), { class: "muted", "text-anchor": j ? "middle" : "start" }));
    chart.append(text(left, 238, "threshold (steps of equal numbers of samples)", { class: "muted" }));
  });
}

function all() {
  (K <= ROWS ? classRows : classRanks)();
  confusionTable();
  classTable();
  if (at("reliability")) { reliabilityChart(); curveChart(); explorer(); }
}
D.recipes.forEach((name, r) => at("recipe").append(make("option", { value: r }, name)));
at("recipe").addEventListener("change", (event) => { shown = Number(event.target.value); all(); });
if (at("curve-class")) {
  for (const k of D.order) at("curve-class").append(make("option", { value: k }, `${D.classes[k]} (${D.counts[k]})`));
  at("curve-class").value = K === 2 ? D.rare : D.weakest;
  at("curve-class").addEventListener("change", curveChart);
  if (D.costs) [at("miss").value, at("alarm").value] = [D.costs[D.rare][1 - D.rare], D.costs[1 - D.rare][D.rare]];
  for (const id of ["threshold", "miss", "alarm"]) at(id).addEventListener("input", explorer);
}
let wide = innerWidth;
addEventListener("resize", () => { if (innerWidth !== wide) { wide = innerWidth; all(); } });
addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details:not([open])")) { one.open = true; one.dataset.opened = ""; } });
addEventListener("afterprint", () => { for (const one of document.querySelectorAll("[data-opened]")) { one.open = false; delete one.dataset.opened; } });
all();
