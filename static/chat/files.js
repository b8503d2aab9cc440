// @ts-check
// Files on the wire: sending those of a message, fetching pictures that only their owner may see.
import { isOwn } from "./dom.js";
import { broken, failure, RequestError } from "./protocol.js";

/** @typedef {import("./protocol.js").Client} Client */

/**
 * Send a file ahead of the message that it belongs to.
 * @param {Client} client
 * @param {File} file
 * @param {AbortSignal} signal
 * @returns {Promise<import("@openai/chatkit").Attachment>}
 */
export async function upload(client, file, signal) {
  if (client.strategy.type === "direct") {
    const body = new FormData();
    body.append("file", file);
    return (await send(client, client.strategy.uploadUrl, { method: "POST", body, signal })).json();
  }
  const params = { name: file.name, size: file.size, mime_type: file.type || "application/octet-stream" };
  const { upload_descriptor: place, ...attachment } = await client.request("attachments.create", params, signal);
  if (place) await send(client, place.url, { method: place.method, headers: place.headers, body: file, signal });
  return attachment;
}

/** @param {Client} client @param {string} url @param {RequestInit & {signal?: AbortSignal}} init */
async function send(client, url, init) {
  try {
    const response = await client.fetch(url, init);
    if (!response.ok) throw await failure(response);
    return response;
  } catch (error) {
    throw broken(error, init.signal);
  }
}

/**
 * An address that an `<img>` can show, of a picture that only its owner may fetch.
 * @param {Client} client
 * @param {string} url
 */
export async function picture(client, url) {
  if (!isOwn(url)) throw new RequestError("Pictures from elsewhere are not fetched.");
  if (/^(blob|data):/.test(url)) return url;
  return URL.createObjectURL(await (await send(client, url, {})).blob());
}
