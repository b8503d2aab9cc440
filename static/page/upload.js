// @ts-check
// Sending files with progress, which `fetch` does not tell.
import { ApiError } from "./api.js";

/**
 * @param {import("./api.js").Api} api @param {File} file
 * @param {(share: number) => void} onProgress from 0 to 1
 * @returns {Promise<any>} the document, as the server answers
 */
export async function upload(api, file, onProgress) {
  const token = await api.session.token();
  const userId = encodeURIComponent(await api.session.userId());
  const body = new FormData();
  body.append("file", file);
  const request = new XMLHttpRequest();
  request.open("POST", `${api.apiUrl}/${userId}/documents`);
  request.setRequestHeader("Authorization", `Bearer ${token}`);
  request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
  await new Promise((resolve, reject) => {
    request.addEventListener("load", resolve);
    request.addEventListener("error", () => reject(new Error("The connection to the server was lost.")));
    request.send(body);
  });
  const answer = parsed(request.responseText);
  if (request.status >= 400) throw new ApiError(request.status, answer);
  return answer;
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
