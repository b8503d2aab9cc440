// @ts-check
// What differs between two states of a task, in words: for what changed meanwhile, for the history.
import { dueText } from "../task-words.js";

/**
 * @typedef {{label: string, before: string, after: string}} Difference a field in words; empty: it was or is not set
 */

const LABELS = {
  title: "Title",
  notes: "Notes",
  priority: "Priority",
  labels: "Labels",
  recurrence: "Repeat",
  parent_id: "Part of",
  completed_at: "Done",
};
const PERIODS = { DAILY: "day", WEEKLY: "week", MONTHLY: "month", YEARLY: "year" };
const DAYS = {
  MO: "Monday",
  TU: "Tuesday",
  WE: "Wednesday",
  TH: "Thursday",
  FR: "Friday",
  SA: "Saturday",
  SU: "Sunday",
};
const NOTES_SHOWN = 80;

/** A rule (RFC 5545) roughly in words, where the server's own are not at hand. @param {string} rule */
export function ruleText(rule) {
  const parts = Object.fromEntries(
    rule
      .replace("RRULE:", "")
      .split(";")
      .map((part) => part.split("=")),
  );
  const period = PERIODS[/** @type {keyof typeof PERIODS} */ (parts.FREQ)];
  if (!period) return rule;
  const days = (parts.BYDAY ?? "")
    .split(",")
    .map((/** @type {string} */ day) => DAYS[/** @type {keyof typeof DAYS} */ (day)] ?? day)
    .filter(Boolean);
  const every = Number(parts.INTERVAL ?? 1) > 1 ? `every ${parts.INTERVAL} ${period}s` : `every ${period}`;
  if (!days.length) return every;
  return every === "every week" ? `every ${days.join(", ")}` : `${every} on ${days.join(", ")}`;
}

/**
 * @param {keyof typeof LABELS} name
 * @param {any} value
 * @param {Record<string, any>} fields the others of the same moment
 * @returns {string}
 */
function words(name, value, fields) {
  if (name === "completed_at") return value ? "yes" : "no";
  if (value === null || value === undefined || value === "" || value.length === 0) return "";
  switch (name) {
    case "title":
      return `“${value}”`;
    case "notes":
      return value.length > NOTES_SHOWN ? `“${value.slice(0, NOTES_SHOWN)}…”` : `“${value}”`;
    case "priority":
      return value.toUpperCase();
    case "labels":
      return value.map((/** @type {string} */ label) => `#${label}`).join(" ");
    case "recurrence":
      return fields.recurrence_text ?? ruleText(value);
    case "parent_id":
      return `task ${value}`;
  }
  return String(value);
}

/**
 * What differs between two states of a task; fields that neither has are no difference.
 *
 * @param {Record<string, any>} before @param {Record<string, any>} after @param {Date} now @returns {Difference[]}
 */
export function differences(before, after, now) {
  const differ = (/** @type {string} */ name) =>
    JSON.stringify(before[name] ?? null) !== JSON.stringify(after[name] ?? null);
  /** @type {Difference[]} */
  const found = [];
  if (differ("due_date") || differ("due_time")) {
    const due = (/** @type {Record<string, any>} */ fields) =>
      dueText(/** @type {any} */ (fields), now) || fields.due_time?.slice(0, 5) || "";
    found.push({ label: "Due", before: due(before), after: due(after) });
  }
  for (const [name, label] of Object.entries(LABELS)) {
    if (!differ(name)) continue;
    const key = /** @type {keyof typeof LABELS} */ (name);
    found.push({ label, before: words(key, before[name], before), after: words(key, after[name], after) });
  }
  return found;
}
