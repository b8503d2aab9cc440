// @ts-check
// One sent message until its answer has ended: the stream, and its repeats when the connection breaks.
import { delay } from "./dom.js";

const REPEAT_AFTER_MS = [500, 1500, 4000];

/** @param {AbortSignal} signal resolves once the browser believes to be online */
function online(signal) {
  if (navigator.onLine) return Promise.resolve();
  return new Promise((resolve, reject) => {
    addEventListener("online", resolve, { once: true, signal });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/**
 * What is asked for; or, with `turnId` and `watch`, a turn that began elsewhere, whose events are only listened to.
 * @typedef {{type: string, params: object, key: string, metadata?: object, turnId?: string,
 *   watch?: (signal: AbortSignal) => AsyncIterable<Record<string, any>>}} Request
 */

export class Turn {
  /**
   * @param {import("./protocol.js").Client} client
   * @param {Request} request kept whole: a retry must be the same request
   */
  constructor(client, request) {
    this.client = client;
    this.request = request;
    this.controller = new AbortController();
    /** Told by the client effect `turn.started`; needed to stop the turn on the server. @type {string | null} */
    this.turnId = request.turnId ?? null;
    this.stopRequested = false;
    this.hasNotice = false;
    /** A client tool that the server waits for once the stream has ended. @type {Record<string, any> | null} */
    this.clientTool = null;
    /** The `error` event, if the stream brought one. @type {Record<string, any> | null} */
    this.failure = null;
    /** What was asked for has been overtaken: the screen shows an old state. */
    this.isOutdated = false;
    /** Nobody knows what became of it: the connection stayed broken. */
    this.isUnanswered = false;
  }

  /**
   * Feed every event to `onEvent`. The server recognises a repeat by its key, so a broken connection is answered by
   * asking again; the events then start over with the same item ids.
   *
   * @param {(event: Record<string, any>) => Promise<void>} onEvent
   * @param {(waiting: boolean) => void} onReconnecting
   */
  async run(onEvent, onReconnecting) {
    const { signal } = this.controller;
    for (let attempt = 0; ; attempt++) {
      try {
        for await (const event of this.events(signal)) {
          onReconnecting(false);
          signal.throwIfAborted();
          await onEvent(event);
        }
        return;
      } catch (error) {
        if (signal.aborted || !(/** @type {any} */ (error).repeatable) || attempt >= REPEAT_AFTER_MS.length)
          throw error;
        onReconnecting(true);
        await delay(REPEAT_AFTER_MS[attempt], signal);
        await online(signal);
      }
    }
  }

  /** @param {AbortSignal} signal */
  events(signal) {
    const { type, params, key, metadata, watch } = this.request;
    return watch ? watch(signal) : this.client.stream(type, params, { key, signal, metadata });
  }

  abort() {
    this.controller.abort();
  }
}
