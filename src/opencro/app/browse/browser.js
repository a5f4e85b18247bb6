"use strict";
// The page of results: tables come as scripts (`table`), participants as compressed scripts (`person`), so that all of it
// opens from a file. Nothing is sent anywhere.
const loaded = {};
const waiting = {};
let chain = {}, everybody = {index: {}, columns: {}}, current = null;

function lineage(content) { chain = content; }
function people(content) { everybody = content; }
function table(content) { loaded["t:" + content.id] = content; resolve("t:" + content.id, content); }
function person(content) {
  unpack(content.packed).then(told => { loaded["p:" + content.person] = told; resolve("p:" + content.person, told); });
}
function resolve(key, value) { (waiting[key] || []).forEach(done => done(value)); delete waiting[key]; }

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function load(key, source) {
  if (loaded[key]) return Promise.resolve(loaded[key]);
  return new Promise(done => {
    if (waiting[key]) { waiting[key].push(done); return; }
    waiting[key] = [done];
    const script = document.createElement("script");
    script.src = source;
    document.head.append(script);
  });
}

function make(tag, words, properties) {
  const element = document.createElement(tag);
  if (words !== undefined && words !== null) element.textContent = words;
  for (const [name, value] of Object.entries(properties || {})) element.setAttribute(name, value);
  return element;
}

async function show(id) {
  const content = await load("t:" + id, "tables/" + id + ".js");
  current = content;
  const main = document.getElementById("main");
  main.innerHTML = content.html;
  document.querySelectorAll("nav a").forEach(a => a.hash === "#" + id ? a.setAttribute("aria-current", "page") : a.removeAttribute("aria-current"));
  main.querySelectorAll("td[data-cell]").forEach(cell => {
    if (!sourceOf(cell)) return;
    cell.tabIndex = 0;
    cell.setAttribute("role", "button");
    cell.setAttribute("aria-label", cell.textContent.trim() + ", open what is behind it");
    cell.addEventListener("click", () => open(cell));
    cell.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(cell); } });
  });
  close();
}

function close() {
  const panel = document.getElementById("panel");
  const cell = document.querySelector("td.open");
  panel.hidden = true;
  if (cell) { cell.classList.remove("open"); cell.focus(); }
}

// What is behind a cell: of a table its results, of a listing the row that it shows.
function sourceOf(cell) {
  if (!current.listed) return current.sources[current.cells[cell.dataset.cell]];
  const told = current.listed, [row, column] = cell.dataset.cell.split(".").map(Number), [who, place] = told.rows[row];
  return {method: "as it stands in a row of " + told.dataset, conditions: told.conditions, operations: {}, dataset: told.dataset,
          variables: told.columns[column], rows: {[who]: [place]}};
}

function open(cell) {
  const source = sourceOf(cell);
  document.querySelectorAll("td.open").forEach(c => c.classList.remove("open"));
  cell.classList.add("open");
  const panel = document.getElementById("panel");
  panel.replaceChildren();
  panel.hidden = false;
  const head = make("header");
  head.append(make("h2", cell.textContent.trim()));
  const shut = make("button", "Close", {type: "button"});
  shut.addEventListener("click", close);
  head.append(shut);
  panel.append(head, make("p", source.method));
  panel.append(make("h3", current.listed ? "Listed for" : "Computed for"), list(source.conditions));
  const operations = Object.entries(source.operations).map(([k, v]) => [k, String(v)]);
  if (operations.length) panel.append(make("h3", "At full precision"), grid(["operation", "value"], operations));
  panel.append(make("h3", "Variables"), ...source.variables.map(name => derivation(name, new Set())));
  behind(panel, source);
  panel.append(make("h3", "On the command line"), make("code", "opencro trace STUDY " + current.id + " cell=" + cell.dataset.cell));
  shut.focus();
}

function list(lines) {
  const ul = make("ul", null, {class: "plain"});
  lines.forEach(line => ul.append(make("li", line)));
  return ul;
}

function grid(columns, rows) {
  const wide = make("div", null, {class: "wide", tabindex: "0"});
  const grid = make("table"), head = make("tr"), body = make("tbody");
  columns.forEach(c => head.append(make("th", c, {scope: "col"})));
  rows.forEach(row => { const tr = make("tr"); row.forEach(v => tr.append(make("td", v === null ? "" : String(v)))); body.append(tr); });
  const top = make("thead");
  top.append(head);
  grid.append(top, body);
  wide.append(grid);
  return wide;
}

function derivation(name, above) {
  const node = chain[name];
  if (!node) return make("p", name);
  const details = make("details"), summary = make("summary");
  summary.append(make("b", name), " " + node.label);
  details.append(summary, make("p", node.words));
  if (node.items.length) details.append(make("p", "Entered as " + node.items.slice(0, 12).join(", ") + (node.items.length > 12 ? " ..." : "")));
  details.addEventListener("toggle", () => {
    if (!details.open || details.dataset.full) return;
    details.dataset.full = "yes";
    node.from.filter(n => !above.has(n) && n !== name).forEach(n => details.append(derivation(n, new Set([...above, name]))));
  });
  return details;
}

function itemsOf(names) {
  const found = new Set(), seen = new Set(), queue = [...names];
  while (queue.length) {
    const name = queue.pop();
    if (seen.has(name)) continue;
    seen.add(name);
    const node = chain[name];
    if (node) { node.items.forEach(i => found.add(i)); queue.push(...node.from); }
  }
  return found;
}

function behind(panel, source) {
  const who = Object.keys(source.rows);
  const count = who.reduce((n, p) => n + source.rows[p].length, 0);
  panel.append(make("h3", count + (count === 1 ? " row of " : " rows of ") + source.dataset + " from " + who.length + (who.length === 1 ? " participant" : " participants")));
  const buttons = make("div", null, {class: "people"}), told = make("div", null, {"aria-live": "polite"});
  who.forEach(p => {
    const button = make("button", p, {type: "button", "aria-pressed": "false"});
    button.addEventListener("click", () => {
      buttons.querySelectorAll("button").forEach(b => b.setAttribute("aria-pressed", String(b === button)));
      tell(told, source, p);
    });
    buttons.append(button);
  });
  panel.append(buttons, told);
  if (who.length === 1) buttons.firstChild.click();
}

async function tell(place, source, who) {
  place.replaceChildren(make("p", "Opening " + who + " ..."));
  const content = await load("p:" + who, "people/" + everybody.index[who] + ".js");
  const columns = everybody.columns[source.dataset];
  const rows = (content.rows[source.dataset] || []).filter((_, i) => source.rows[who].includes(i));
  place.replaceChildren(make("h3", who + ": rows of " + source.dataset), grid(columns, rows));
  const items = itemsOf(source.variables);
  const facts = [];
  content.facts.forEach(([seq, when, actor, role, at, why, how, changes]) => {
    Object.entries(changes).forEach(([item, [before, after]]) => {
      if (items.has(item)) facts.push([seq, when.replace("T", " "), actor + ", " + role, at, item, before, after, why, how]);
    });
  });
  place.append(make("h3", "Entered for " + who + ": " + facts.length + " values of the items behind these variables"));
  const search = make("input", null, {class: "search", type: "search", placeholder: "Filter, e.g. a visit or an item", "aria-label": "Filter what was entered"});
  const heads = ["fact", "when (UTC)", "who", "where", "item", "old", "new", "why", "how"];
  let shown = grid(heads, facts.slice(0, 400));
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase();
    const next = grid(heads, facts.filter(f => f.join(" ").toLowerCase().includes(words)).slice(0, 400));
    shown.replaceWith(next);
    shown = next;
  });
  place.append(search, shown);
}

function start() {
  const id = location.hash.slice(1) || document.querySelector("nav a").hash.slice(1);
  show(id);
}
window.addEventListener("hashchange", start);
window.addEventListener("keydown", event => { if (event.key === "Escape") close(); });
window.addEventListener("DOMContentLoaded", start);
