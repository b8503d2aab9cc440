// @ts-check
// Which task stands where: groups, days, subtasks below their parents. Knows nothing of the screen.
import { byCompleted, groupOf, inListOrder } from "./dates.js";

/**
 * @typedef {import("./dates.js").Task} Task @typedef {import("./dates.js").Group} Group
 * @typedef {object} Entry one row of the list
 * @property {Task} task
 * @property {Group} group
 * @property {boolean} nested whether it stands below its parent
 * @property {Task | null} parent
 * @property {{done: number, all: number}} progress of its subtasks
 * @property {boolean} folded
 * @property {string | null} day the day that a label above it names already
 * @property {string | null} newDay the label to draw above it
 */

/** More labels than this, or a label for every task, would be noise. */
const MOST_DAYS = 7;

/**
 * @param {Task[]} tasks @param {Date} now
 * @param {{lingering: Map<number, Group>, held: Map<number, Task>, folded: Set<number>}} view rows that stay in their
 *   group for now,
 *   or even where they were as that task; folded parents
 * @returns {Map<Group, Entry[]>}
 */
export function layOut(tasks, now, { lingering, held, folded }) {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const groups = new Map(tasks.map((task) => [task.id, lingering.get(task.id) ?? groupOf(task, now)]));
  const group = (/** @type {Task} */ task) => /** @type {Group} */ (groups.get(task.id));
  const children = Map.groupBy(tasks, (task) => task.parent_id);
  /** A subtask with a day of its own stands with that day. @param {Task} task */
  const isBelow = (task) => {
    const parent = byId.get(task.parent_id ?? -1);
    if (!parent || group(parent) === "done" || isBelow(parent)) return false;
    return task.completed || !task.due_date || group(task) === group(parent);
  };
  /** @param {Task} task @param {boolean} nested @returns {Entry} */
  const entry = (task, nested) => {
    const parts = children.get(task.id) ?? [];
    return {
      task,
      group: group(task),
      nested,
      parent: byId.get(task.parent_id ?? -1) ?? null,
      folded: folded.has(task.id),
      progress: { done: parts.filter((part) => part.completed).length, all: parts.length },
      day: null,
      newDay: null,
    };
  };
  const place = (/** @type {Task} */ task) => held.get(task.id) ?? task;
  const inOrder = (/** @type {Task} */ a, /** @type {Task} */ b) => inListOrder(place(a), place(b));
  const isLast = (/** @type {Task} */ task) => Number(task.completed && !lingering.has(task.id));
  /** @param {Task} task */
  const withParts = (task) => {
    const parts = folded.has(task.id) ? [] : (children.get(task.id) ?? []).filter(isBelow);
    parts.sort((a, b) => isLast(a) - isLast(b) || inOrder(a, b));
    return [entry(task, false), ...parts.map((part) => ({ ...entry(part, true), group: group(task) }))];
  };
  const standing = Map.groupBy(
    tasks.filter((task) => !isBelow(task)),
    group,
  );
  return new Map(
    [...standing].map(([name, members]) => {
      members.sort(name === "done" ? byCompleted : inOrder);
      const entries = name === "done" ? members.map((task) => entry(task, false)) : members.flatMap(withParts);
      return [name, name === "upcoming" ? withDays(entries) : entries];
    }),
  );
}

/** Name the days, if that makes the list calmer. @param {Entry[]} entries */
function withDays(entries) {
  const standing = entries.filter((entry) => !entry.nested);
  const days = new Set(standing.map((entry) => entry.task.due_date));
  if (days.size > MOST_DAYS || days.size * 2 > standing.length) return entries;
  let last = "";
  return entries.map((entry) => {
    if (entry.nested) return { ...entry, day: last };
    const day = entry.task.due_date ?? "";
    const newDay = day === last ? null : day;
    last = day;
    return { ...entry, day, newDay };
  });
}
