// @ts-check
// What the element takes and tells, beyond OpenAI's own declarations. Types only: no page ever fetches this file.

/**
 * What only our element understands. The protocol has no request that stops a turn (it only knows a client that hangs
 * up), none that joins one, none for what was said before a message was edited or answered again, and none that
 * searches conversations.
 *
 * @typedef {object} Additions
 * @property {(turnId: string) => Promise<unknown>} [stop]
 * @property {(threadId: string) => Promise<{message_id: string, turns: {turn_id: string, is_active: boolean}[]}[]>}
 *   [versions]
 * @property {(turnId: string) => Promise<unknown>} [activate] show another version
 * @property {(turnId: string, signal: AbortSignal) => Promise<Response>} [watch] the events of a turn that began
 *   elsewhere, as the protocol streams them; a thread tells of a running one by `metadata.turn_id`
 * @property {(query: string) => Promise<{id: string, title: string | null, created_at: string}[]>} [search]
 *   conversations that say something
 * @property {(source: import("./items/citations.js").Source) => boolean} [onSource] what a click on a citation does;
 *   `true` where the page has opened the source itself
 *
 * @typedef {import("@openai/chatkit").ChatKitOptions & {errand?: Additions}} Options
 * @typedef {import("@openai/chatkit").ChatKitEvents} Events
 * @typedef {Parameters<import("@openai/chatkit").OpenAIChatKit["sendUserMessage"]>[0]} Message
 * @typedef {Parameters<import("@openai/chatkit").OpenAIChatKit["setComposerValue"]>[0]} ComposerValue
 */

/**
 * The events, without the `chatkit.` before their names, and what their details are.
 * @typedef {{
 *   ready: void,
 *   error: {error: Error},
 *   effect: {name: string, data?: Record<string, any>},
 *   "response.start": void,
 *   "response.end": void,
 *   "thread.change": {threadId: string | null},
 *   "thread.load.start": {threadId: string},
 *   "thread.load.end": {threadId: string},
 *   "history.open": void,
 *   "history.close": void,
 *   "tool.change": {toolId: string | null},
 *   log: {name: string, data?: Record<string, any>},
 * }} Details
 * @typedef {<Name extends keyof Details>(name: Name, ...detail: Details[Name] extends void ? [] : [Details[Name]]) =>
 *   void} Emit
 */

export {};
