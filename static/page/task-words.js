// @ts-check
// Tasks in words: due dates as people say them, what a typed line was read as, who changed something. Tasks carry local
// dates ("2026-11-20", "17:00"): they are compared as they are, no zones.

/**
 * @typedef {{id: number, title: string, notes: string, priority: string, labels: string[], due_date: string | null,
 *   due_time: string | null, recurrence: string | null, recurrence_text: string | null, parent_id: number | null,
 *   position: number | null, completed: boolean, completed_at: string | null, last_completed_at: string | null,
 *   version: number, created_at: string, updated_at: string}} Task
 * @typedef {"overdue" | "today" | "upcoming" | "someday" | "done"} Group
 */

const DAY_MS = 86_400_000;

/** @param {Date} date @returns {string} "2026-11-20" on this device's calendar */
export function isoDay(date) {
  const pad = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** @param {Date} date "17:05" */
function clock(date) {
  return date.toTimeString().slice(0, 5);
}

/**
 * Days from today to that day; calendar days, so a change to summer time does not count.
 * @param {string} day
 * @param {Date} now
 */
function daysUntil(day, now) {
  return Math.round((Date.parse(day) - Date.parse(isoDay(now))) / DAY_MS);
}

/** @param {Task} task @param {Date} now @returns {Group} */
export function groupOf(task, now) {
  if (task.completed) return "done";
  if (!task.due_date) return "someday";
  const days = daysUntil(task.due_date, now);
  if (days < 0) return "overdue";
  if (days > 0) return "upcoming";
  return task.due_time && task.due_time.slice(0, 5) < clock(now) ? "overdue" : "today";
}

/** @param {Task} task @param {Date} now @returns {string} "tomorrow 17:00", "Mon 9:30", "24 Nov", "" */
export function dueText(task, now) {
  if (!task.due_date) return "";
  const days = daysUntil(task.due_date, now);
  const time = task.due_time ? task.due_time.slice(0, 5) : "";
  return [dayText(task.due_date, days, now), time].filter(Boolean).join(" ");
}

/**
 * A day and time that nobody has in mind yet.
 * @param {Task} task
 * @param {Date} now
 * @returns {string} "tomorrow 9:00", "Mon 30 Nov 9:00"
 */
export function nextText(task, now) {
  if (!task.due_date || daysUntil(task.due_date, now) < 2) return dueText(task, now);
  return exactDue(task.due_date, task.due_time);
}

/** @param {string} day @param {string | null} time @returns {string} "Mon 23 Nov 17:00" */
export function exactDue(day, time) {
  const text = new Date(`${day}T12:00`)
    .toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" })
    .replace(",", "");
  return [text, time?.slice(0, 5)].filter(Boolean).join(" ");
}

/** @param {string} day @param {number} days @param {Date} now */
function dayText(day, days, now) {
  if (days === 0) return "today";
  if (days === 1) return "tomorrow";
  if (days === -1) return "yesterday";
  const date = new Date(`${day}T12:00`);
  if (days > 1 && days < 7) return date.toLocaleDateString("en-GB", { weekday: "long" });
  const sameYear = date.getFullYear() === now.getFullYear();
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) });
}

/** The heading of a day: "Tomorrow", "Monday", "24 Nov". @param {string} day @param {Date} now */
export function dayLabel(day, now) {
  const text = dayText(day, daysUntil(day, now), now);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * A moment that has passed.
 * @param {string} iso
 * @param {Date} now
 * @returns {string} "just now", "5 min ago", "yesterday 17:05"
 */
export function agoText(iso, now) {
  const date = new Date(iso);
  const minutes = Math.floor((now.getTime() - date.getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const day = isoDay(date);
  return `${pastDayText(day, now)} ${clock(date)}`;
}

/** @param {string} day @param {Date} now */
export function pastDayText(day, now) {
  return dayText(day, daysUntil(day, now), now);
}

/** The server's order: by day, then as ordered by hand, then by time and priority. @param {Task} a @param {Task} b */
export function inListOrder(a, b) {
  return (
    (a.due_date ?? "9").localeCompare(b.due_date ?? "9") ||
    (a.position ?? Infinity) - (b.position ?? Infinity) ||
    (a.due_time ?? "99").localeCompare(b.due_time ?? "99") ||
    a.priority.localeCompare(b.priority) ||
    a.id - b.id
  );
}

/** Latest first. @param {Task} a @param {Task} b */
export function byCompleted(a, b) {
  return (b.completed_at ?? "").localeCompare(a.completed_at ?? "") || b.id - a.id;
}

/** How the server read what was typed, without the title. @param {Record<string, any>} reading @returns {string[]} */
export function readingWords(reading) {
  const { due_date: day, due_time: time, recurrence_text: repeats, labels, priority } = reading;
  return [
    day ? exactDue(day, time) : time?.slice(0, 5),
    repeats ?? "",
    ...(labels ?? []).map((/** @type {string} */ label) => `#${label}`),
    priority && priority !== "p4" ? priority.toUpperCase() : "",
  ].filter(Boolean);
}

/** @param {string} source which way a change came @returns {string} who that was */
export function whoDid(source) {
  return (
    { chat: "the assistant", mcp: "another assistant", rest: "a program (REST)", admin: "staff", page: "you" }[
      source
    ] ?? source
  );
}
