// @ts-check
// Speech to text: records in the browser, the server writes it down (`input.transcribe`).

/** @typedef {"idle" | "listening" | "writing"} State */

/** @param {Blob} blob @returns {Promise<string>} */
function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^data:[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

export class Dictation {
  /**
   * @param {{client: () => import("./protocol.js").Client, onText: (text: string) => void, onState: (state: State) =>
   *   void}} context
   */
  constructor(context) {
    this.context = context;
    /** @type {MediaRecorder | null} */
    this.recorder = null;
  }

  /** Begin, or end and write down. Fails where the microphone may not be used or the server does not understand. */
  async toggle() {
    if (this.recorder) return this.recorder.stop();
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    /** @type {Blob[]} */
    const pieces = [];
    const recorder = (this.recorder = new MediaRecorder(stream));
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    const ended = new Promise((resolve) => {
      recorder.onstop = resolve;
    });
    recorder.start();
    this.context.onState("listening");
    await ended;
    for (const track of stream.getTracks()) track.stop();
    this.recorder = null;
    this.context.onState("writing");
    try {
      await this.write(new Blob(pieces, { type: recorder.mimeType }));
    } finally {
      this.context.onState("idle");
    }
  }

  /** @param {Blob} sound */
  async write(sound) {
    const params = { audio_base64: await base64(sound), mime_type: sound.type };
    const { text } = await this.context.client().request("input.transcribe", params);
    this.context.onText(text);
  }
}
