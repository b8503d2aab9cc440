// @ts-check
// The fields of a task in words, as far as they are seen at once.
import { exactDue } from "./dates.js";

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
