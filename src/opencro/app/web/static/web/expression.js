// The expressions of a study in the browser, with the meaning that the server gives them (docs/expressions.md).
// Trees are written by opencro.kernel.expression.render_json; tests/kernel/expression/corpus.jsonl holds both to one meaning.
// Values: text, number, true or false, {date: "2014-01-02"}, and null, which is missing.

const FORM = 1;
const FUZZ = 1e-14; // relative distance within which a value counts as a half: 2.675 is stored as 2.67499999999999982
const NUMBER = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$/;
const ISO =
  /^(?<year>[0-9]{4}|-)(?:-(?<month>[0-9]{2}|-)(?:-(?<day>[0-9]{2}|-)(?:T(?<hour>[0-9]{2}|-)(?::(?<minute>[0-9]{2})(?::(?<second>[0-9]{2}))?)?)?)?)?$/;
const DAY_MONTH_YEAR = /^(?:(?<day>[0-9]{1,2}|UN|UNK)[- /])?(?:(?<month>[A-Za-z]{3})[- /])?(?<year>[0-9]{4})$/;
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const AROUND_NUMBERS = " \t\r\n\u00a0";
const AROUND_DATES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

/**
 * What an expression gives for one row; null is missing, a condition is always true or false.
 * @param {{form: number, gives: string, tree: object}} expression as `render_json` writes it
 * @param {Object<string, string|number|boolean|{date: string}|null>} row values by name; a name that is absent is missing
 */
export function evaluate(expression, row) {
  if (expression.form !== FORM) throw new Error(`expressions of form ${expression.form} are not known, only ${FORM}`);
  const value = valueOf(expression.tree, row);
  return expression.gives === "missing" ? value : READ[expression.gives](value);
}

function strip(text, blanks) {
  let start = 0;
  let end = text.length;
  while (start < end && blanks.includes(text[start])) start += 1;
  while (end > start && blanks.includes(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function readNumber(value) {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string") return null;
  const text = strip(value, AROUND_NUMBERS);
  return NUMBER.test(text) ? readNumber(Number(text)) : null;
}

// A date of which parts may be unknown (null): {year, month, day}; null when it is none.
function readPartial(value) {
  if (isDate(value)) {
    const [year, month, day] = value.date.split("-").map(Number);
    return { year, month, day };
  }
  if (typeof value !== "string") return null;
  const text = strip(value, AROUND_DATES);
  const found = (ISO.exec(text) ?? DAY_MONTH_YEAR.exec(text.toUpperCase()))?.groups;
  if (!found) return null;
  let month = found.month;
  if (MONTHS.includes(month)) month = String(MONTHS.indexOf(month) + 1);
  else if (/^[A-Z]+$/.test(month ?? "") && month !== "UNK") return null;
  return checked({ ...found, month });
}

function checked(found) {
  const part = (text) => (/^[0-9]+$/.test(text ?? "") ? Number(text) : null);
  const [year, month, day] = [part(found.year), part(found.month), part(found.day)];
  const inClock = part(found.hour) < 24 && part(found.minute) < 60 && part(found.second) < 60;
  return inClock && exists(year ?? 2000, month ?? 1, day ?? 1) ? { year, month, day } : null;
}

function dayNumber(year, month, day) {
  return new Date(0).setUTCFullYear(year, month - 1, day) / 86_400_000;
}

function exists(year, month, day) {
  const date = new Date(dayNumber(year, month, day) * 86_400_000);
  return year > 0 && date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function isDate(value) {
  return typeof value === "object" && value !== null && typeof value.date === "string";
}

function readDate(value) {
  if (isDate(value)) return value;
  const partial = readPartial(value);
  if (!partial?.year || !partial.month || !partial.day) return null;
  const digits = (number, width) => String(number).padStart(width, "0");
  return { date: `${digits(partial.year, 4)}-${digits(partial.month, 2)}-${digits(partial.day, 2)}` };
}

const READ = {
  number: readNumber,
  date: readDate,
  text: (value) => (typeof value === "string" ? value : null),
  boolean: (value) => (typeof value === "boolean" ? value : null),
};

// A value that was given or computed; an empty text and a number beyond all bounds are missing.
function present(value) {
  if (typeof value === "number") return readNumber(value);
  return value === undefined || value === "" ? null : value;
}

// Below, at or above 0. Texts by code point: in UTF-16 a surrogate would come before U+E000 to U+FFFF.
function order(left, right) {
  if (isDate(left)) return order(left.date, right.date);
  if (typeof left !== "string") return left < right ? -1 : Number(left > right);
  let at = 0;
  while (at < left.length && at < right.length && left[at] === right[at]) at += 1;
  if (at === left.length || at === right.length) return left.length - right.length;
  const rank = (unit) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
  return rank(left.charCodeAt(at)) - rank(right.charCodeAt(at));
}

const COMPARE = {
  "==": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

const COMPUTE = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
};

function round(number, decimals = 0) {
  const scale = Number(`1e${decimals}`);
  const scaled = Math.abs(number) * scale;
  if (!Number.isFinite(scaled)) return number;
  const rounded = Math.floor(scaled + 0.5 + scaled * FUZZ) / scale;
  return number < 0 ? -rounded : rounded;
}

function roundDown(number, decimals = 0) {
  const scale = Number(`1e${decimals}`);
  const scaled = number * scale;
  return Number.isFinite(scaled) ? Math.floor(scaled + Math.abs(scaled) * FUZZ) / scale : number;
}

function daysBetween(start, end) {
  const number = (date) => dayNumber(...date.date.split("-").map(Number));
  return number(end) - number(start);
}

function ageYears(birth, on) {
  const years = Number(on.date.slice(0, 4)) - Number(birth.date.slice(0, 4));
  return on.date.slice(5) < birth.date.slice(5) ? years - 1 : years;
}

const sum = (...numbers) => numbers.reduce((left, right) => left + right);

const FUNCTIONS = {
  length: (text) => [...text].length,
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  trim: (text) => strip(text, AROUND_NUMBERS),
  contains: (text, part) => text.includes(part),
  starts_with: (text, part) => text.startsWith(part),
  number: (number) => number,
  date: (date) => date,
  year: (text) => readPartial(text)?.year ?? null,
  days_between: daysBetween,
  age_years: ageYears,
  abs: Math.abs,
  round,
  min: Math.min,
  max: Math.max,
  round_down: roundDown,
  round_up: (number, decimals = 0) => -roundDown(-number, decimals),
  sqrt: Math.sqrt,
  power: (number, exponent) => number ** exponent,
  sum,
  mean: (...numbers) => sum(...numbers) / numbers.length,
  selected: (answers, code) => answers.split(";").includes(code),
};

function call(node, row) {
  const values = node.arguments.map((part, at) => READ[node.takes[at]](valueOf(part, row)));
  const known = values.filter((value) => value !== null);
  if (node.skips_missing ? known.length === 0 : known.length < values.length) return node.gives === "boolean" ? false : null;
  return present(FUNCTIONS[node.function](...known));
}

function branch(node, row) {
  const chosen = valueOf(node.condition, row) === true ? node.then : node.other;
  const value = READ[node.as](valueOf(chosen, row));
  return node.as === "boolean" ? value === true : value;
}

function compare(node, row) {
  const left = READ[node.as](valueOf(node.left, row));
  const right = READ[node.as](valueOf(node.right, row));
  return left !== null && right !== null && COMPARE[node.sign](order(left, right));
}

function compute(node, row) {
  const left = readNumber(valueOf(node.left, row));
  const right = readNumber(valueOf(node.right, row));
  return left === null || right === null ? null : readNumber(COMPUTE[node.sign](left, right));
}

function isOneOf(node, row) {
  const value = READ[node.as](valueOf(node.operand, row));
  if (value === null) return null;
  const choices = node.choices.map((choice) => READ[node.as](present(choice)));
  return choices.some((choice) => choice !== null && order(value, choice) === 0);
}

const PARTS = {
  constant: (node) => present(node.value),
  name: (node, row) => (Object.hasOwn(row, node.name) ? present(row[node.name]) : null),
  not: (node, row) => valueOf(node.operand, row) !== true,
  and: (node, row) => node.operands.every((part) => valueOf(part, row) === true),
  or: (node, row) => node.operands.some((part) => valueOf(part, row) === true),
  missing: (node, row) => valueOf(node.operand, row) === null,
  present: (node, row) => valueOf(node.operand, row) !== null,
  in: (node, row) => isOneOf(node, row) === true,
  "not in": (node, row) => isOneOf(node, row) === false,
  if: branch,
  call,
  compare,
  compute,
};

function valueOf(node, row) {
  return PARTS[node.part](node, row);
}
