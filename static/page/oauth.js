// @ts-check
// When another assistant sends somebody here to sign in or to consent, Better Auth hands over a signed query string
// (https://www.better-auth.com/docs/plugins/oauth-provider). It goes back as it came.

/** The signed part of the page's query, or nothing on an ordinary visit. @returns {{oauth_query?: string}} */
export function oauthQuery() {
  const params = new URLSearchParams(location.search);
  const names = new Set(params.getAll("ba_param"));
  if (!params.has("sig") || !names.size) return {};
  const signed = [...params].filter(([name]) => name === "sig" || name === "ba_param" || names.has(name));
  return { oauth_query: new URLSearchParams(signed).toString() };
}
