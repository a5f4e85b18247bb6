// While a form is typed: which items are asked, what is computed, on what the edit checks speak. The server judges anew.
import { evaluate } from "./expression.js";

const read = () => JSON.parse(document.getElementById("live-rules")?.textContent ?? "null");

function valueOf(field) {
  const inputs = [...field.querySelectorAll("input, select, textarea")].filter((input) => input.name === field.dataset.name);
  const boxes = inputs.filter((input) => input.type === "checkbox" || input.type === "radio");
  if (boxes.length) return boxes.filter((input) => input.checked).map((input) => input.value).join(";");
  return inputs.find((input) => input.type !== "hidden")?.value.trim() ?? field.querySelector("output[data-value]")?.dataset.value ?? "";
}

function rowOf(record, rules) {
  const row = {};
  const put = (field) => {
    const value = valueOf(field) || null;
    row[field.dataset.item] = value;
    row[`${rules.form}.${field.dataset.item}`] = value;
  };
  for (const group of document.querySelectorAll("#entry .group")) {
    if (!group.contains(record)) for (const field of group.querySelector(".record")?.querySelectorAll(".field") ?? []) put(field);
  }
  for (const field of record.querySelectorAll(".field")) put(field);
  return row;
}

function judge(record, rules) {
  const row = rowOf(record, rules);
  for (const field of record.querySelectorAll(".field")) {
    const item = field.dataset.item;
    if (rules.derived[item]) {
      const value = evaluate(rules.derived[item], row);
      const text = value === null ? "" : typeof value === "object" ? value.date : String(value);
      row[item] = row[`${rules.form}.${item}`] = text || null;
      const output = field.querySelector("output[data-derived]");
      if (output) output.textContent = text || "–";
    }
    if (rules.asked[item]) {
      const asked = evaluate(rules.asked[item], row) === true;
      field.classList.toggle("unasked", !asked && !valueOf(field));
      field.classList.toggle("needless", !asked && Boolean(valueOf(field)));
    }
  }
  speak(record, rules, row);
}

function speak(record, rules, row) {
  const number = /\[(\d+)\]/.exec(record.querySelector(".field")?.dataset.name ?? "")?.[1];
  for (const old of record.querySelectorAll(".live")) old.remove();
  for (const check of rules.checks) {
    const field = record.querySelector(`[data-item="${CSS.escape(check.item)}"]`);
    if (!field || evaluate(check.when, { ...row, ...check.outer[number] }) !== true) continue;
    const line = document.createElement("p");
    line.className = `live ${check.severity === "stop" ? "mistake" : "warning"}`;
    line.textContent = check.message;
    line.dataset.check = check.id;
    field.querySelector(".notes").append(line);
  }
}

function judgeAll() {
  const rules = read();
  if (rules && document.getElementById("entry")) for (const record of document.querySelectorAll("#entry .record")) judge(record, rules);
}

document.addEventListener("input", (event) => {
  if (event.target.closest("#entry")) judgeAll();
});
document.addEventListener("htmx:afterSettle", judgeAll);
document.addEventListener("record:added", judgeAll);
judgeAll();
