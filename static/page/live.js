// @ts-check
// Task changes as they happen, by WebSocket; reconnects by itself.

const FIRST_MS = 500;
const LAST_MS = 15_000;
const QUIET_MS = 1_500;

export class Live {
  /**
   * @param {string} path @param {import("./session.js").Session} session
   * @param {{onChange: (message: Record<string, any>) => void, onConversation: (message: Record<string, any>) => void,
   *   onReady: () => void,
   *   onState: (connected: boolean) => void}} handlers
   */
  constructor(path, session, handlers) {
    this.url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
    this.session = session;
    this.handlers = handlers;
    this.wait = FIRST_MS;
    this.ended = false;
    this.ready = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.timer = 0;
    this.stateTimer = 0;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.socket?.close());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
    session.addEventListener("ended", () => this.stop());
  }

  get isReady() {
    return this.ready && this.socket?.readyState === WebSocket.OPEN;
  }

  async start() {
    // Offline there is nothing to try; the `online` event starts it again.
    if (this.ended || !navigator.onLine) return;
    clearTimeout(this.timer);
    try {
      const token = await this.session.token();
      this.open(token);
    } catch {
      this.retry();
    }
  }

  /** @param {string} token sent as the first message: an address ends up in logs */
  open(token) {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "authenticate", token })));
    socket.addEventListener("message", ({ data }) => socket === this.socket && this.receive(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => {
      if (socket !== this.socket) return;
      this.ready = false;
      // 4401 and 4403 are how sockets say 401 and 403: the next attempt needs a new token.
      if (code === 4401 || code === 4403) this.session.token({ fresh: true }).catch(() => {});
      this.retry();
    });
  }

  /** @param {Record<string, any>} message */
  receive(message) {
    if (message.type === "ready") {
      this.ready = true;
      this.wait = FIRST_MS;
      clearTimeout(this.stateTimer);
      this.stateTimer = 0;
      this.handlers.onState(true);
      this.handlers.onReady();
    } else if (message.type === "tasks.changed") {
      this.handlers.onChange(message);
    } else if (message.type === "conversation.changed") {
      this.handlers.onConversation(message);
    }
  }

  retry() {
    if (this.ended) return;
    // A short gap is nobody's business.
    this.stateTimer ||= setTimeout(() => this.handlers.onState(false), QUIET_MS);
    clearTimeout(this.timer);
    // Jitter: after a restart not everybody knocks in the same moment.
    this.timer = setTimeout(() => this.start(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LAST_MS);
  }

  /** Somebody is looking again: do not make them wait for the back-off. */
  hurry() {
    if (this.isReady || this.ended || this.socket?.readyState === WebSocket.CONNECTING) return;
    this.wait = FIRST_MS;
    this.start();
  }

  stop() {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }
}
