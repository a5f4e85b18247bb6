// A form while it is typed: drafts, records that are added, queries in words. The server judges; this only helps.
import { renewToken } from "./app.js";

const $ = (selector, within = document) => within.querySelector(selector);
const DRAFT_AFTER_MS = 1500;
let timer = 0;
let dirty = false;

document.addEventListener("input", (event) => {
  if (!event.target.closest("#entry")) return;
  dirty = true;
  clearTimeout(timer);
  timer = setTimeout(keepDraft, DRAFT_AFTER_MS);
});

async function keepDraft() {
  const form = $("#entry");
  if (!form) return;
  const state = $("#draft-state");
  renewToken(form);
  try {
    const answer = await fetch(form.dataset.draftUrl, { method: "POST", body: new FormData(form), headers: { "X-Requested-With": "fetch" } });
    if (answer.status === 401) return $("#again").showModal();
    state.textContent = answer.ok ? "Draft kept" : "";
  } catch {
    state.textContent = "No connection: what you typed is in this window only";
    timer = setTimeout(keepDraft, 5000);
  }
}

addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "entry") clearTimeout(timer);
});
document.addEventListener("htmx:sendError", () => {
  clearTimeout(timer);
  timer = setTimeout(keepDraft, 2000);
});
document.addEventListener("htmx:afterSettle", () => {
  const trouble = $("#why") ?? $("#problems");
  dirty = Boolean(trouble);
  ($("#reason") ?? trouble)?.focus();
});

document.addEventListener("click", async (event) => {
  const target = event.target.closest("[data-add], [data-draft], [data-ask], [data-query], [data-take], [data-field]");
  if (!target) return;
  const data = target.dataset;
  if (data.add) addRecord(data.add);
  if (data.draft) await useDraft(data.draft);
  if (data.ask) ask(data);
  if (data.query) takeStep(data.query, data.step);
  if (data.take !== undefined) setValue(data.for, data.take);
  if (data.field) {
    event.preventDefault();
    const field = document.querySelector(`[data-name="${CSS.escape(data.field)}"]`);
    field?.closest("details")?.setAttribute("open", "");
    $("input, select, textarea", field)?.focus();
  }
});

function addRecord(group) {
  const section = document.querySelector(`[data-group="${CSS.escape(group)}"]`);
  const template = $("template", section);
  const blank = template.dataset.blank;
  const used = [...section.querySelectorAll(`[name^="seen:"]`)].map((input) => Number(/\[(\d+)\]/.exec(input.name)[1]));
  const next = Math.max(0, ...used) + 1;
  const copy = document.createElement("template");
  const number = /\[(\d+)\]/.exec(blank)[1];
  copy.innerHTML = template.innerHTML.replaceAll(blank, `${group}[${next}]`).replaceAll(`${group}-${number}-`, `${group}-${next}-`);
  const summary = $("summary b", copy.content);
  if (summary) summary.textContent = next;
  template.before(copy.content);
  document.dispatchEvent(new Event("record:added"));
  const records = section.querySelectorAll(".record");
  $("input:not([type=hidden]), select, textarea", records[records.length - 1])?.focus();
}

async function useDraft(what) {
  const form = $("#entry");
  if (what === "drop") {
    renewToken(form);
    const body = new FormData();
    body.set("csrfmiddlewaretoken", $("[name=csrfmiddlewaretoken]", form).value);
    body.set("drop", "1");
    await fetch(form.dataset.draftUrl, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
  } else {
    const answer = await fetch(form.dataset.draftUrl, { headers: { "X-Requested-With": "fetch" } });
    const { typed } = await answer.json();
    for (const [name, value] of Object.entries(typed ?? {})) setValue(name, value);
    dirty = true;
  }
  $("#draft-note")?.remove();
}

export function setValue(name, value) {
  const match = /^(.+)\[(\d+)\]\.(.+)$/.exec(name);
  while (match && !document.getElementsByName(name).length && $(`[data-add="${CSS.escape(match[1])}"]`)) {
    const before = document.querySelectorAll(".record").length;
    addRecord(match[1]);
    if (document.querySelectorAll(".record").length === before) break;
  }
  for (const input of document.getElementsByName(name)) {
    if (input.type === "radio") input.checked = input.value === value;
    else if (input.type === "checkbox") input.checked = value.split(";").includes(input.value);
    else if (input.type !== "hidden") input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function ask({ ask: item, group, repeat, label }) {
  const dialog = $("#ask");
  dialog.querySelector("[name=item]").value = item;
  dialog.querySelector("[name=group]").value = group;
  dialog.querySelector("[name=repeat]").value = repeat;
  $("#ask-title").textContent = label;
  dialog.showModal();
}

function takeStep(query, step) {
  const form = $("#query-step");
  form.elements.query.value = query;
  form.elements.step.value = step;
  if (step === "close") return form.requestSubmit();
  const dialog = $("#say");
  dialog.showModal();
  $("form", dialog).onsubmit = (event) => {
    event.preventDefault();
    form.elements.text.value = $("#say-text").value;
    dialog.close();
    form.requestSubmit();
  };
}
