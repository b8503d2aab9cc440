// A Better Auth server for Errand: e-mail and password, JWTs with rotating keys, and OAuth for other assistants at
// /mcp. Runs on bun and on node. `docs/better-auth.md` says how the two servers find each other.
import { createServer } from "node:http";
import { mcp } from "@better-auth/mcp";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";
import { Pool } from "pg";

const environment = process.env;

/** A variable without which the server must not start. @param {string} name @param {string} [fallback] */
function required(name, fallback) {
  const value = environment[name] || fallback;
  if (!value) {
    console.error(`${name} is not set; see docs/better-auth.md`);
    process.exit(1);
  }
  return value;
}

const origin = new URL(required("BETTER_AUTH_URL", "http://127.0.0.1:3000")).origin;
// Where Errand itself is: its sign-in and consent pages are used, and /mcp there is what OAuth tokens are for.
const errand = new URL(environment.ERRAND_URL || origin).origin;
const trusted = [...new Set([errand, ...(environment.TRUSTED_ORIGINS ?? "").split(",").filter(Boolean)])];
const days = (/** @type {string | undefined} */ value, /** @type {number} */ fallback) =>
  Number(value || fallback) * 24 * 60 * 60;

const SOCIAL = ["apple", "discord", "facebook", "github", "gitlab", "google", "linkedin", "microsoft"];

/** Providers whose CLIENT_ID and CLIENT_SECRET are set, such as GOOGLE_CLIENT_ID. */
function socialProviders() {
  const set = SOCIAL.filter((name) => environment[`${name.toUpperCase()}_CLIENT_ID`]);
  return Object.fromEntries(
    set.map((name) => [
      name,
      {
        clientId: environment[`${name.toUpperCase()}_CLIENT_ID`],
        clientSecret: required(`${name.toUpperCase()}_CLIENT_SECRET`),
      },
    ]),
  );
}

const options = {
  baseURL: origin,
  secret: required("BETTER_AUTH_SECRET"),
  database: new Pool({ connectionString: required("DATABASE_URL") }),
  telemetry: { enabled: false },
  trustedOrigins: trusted,
  emailAndPassword: { enabled: true },
  socialProviders: socialProviders(),
  user: { deleteUser: { enabled: true } },
  rateLimit: { enabled: environment.RATE_LIMIT !== "off", storage: "database" },
  // Behind a proxy everybody has its address; it must say whose request it forwards, and nobody else may.
  advanced: environment.TRUSTED_IP_HEADER ? { ipAddress: { ipAddressHeaders: [environment.TRUSTED_IP_HEADER] } } : {},
  plugins: [
    jwt({
      jwks: {
        rotationInterval: days(environment.KEY_ROTATION_DAYS, 30),
        gracePeriod: days(environment.KEY_GRACE_DAYS, 30),
      },
      jwt: { definePayload: ({ user }) => ({ name: user.name, email: user.email }) },
    }),
    bearer(),
    mcp({
      resource: `${errand}/mcp`,
      loginPage: `${errand}/sign-in`,
      consentPage: `${errand}/consent`,
      scopes: ["openid", "profile", "email", "offline_access", "read", "change", "full"],
      // Assistants that nobody here has heard of register themselves, as the MCP specification wants it.
      allowDynamicClientRegistration: true,
      allowUnauthenticatedClientRegistration: true,
    }),
  ],
};

const auth = betterAuth(options);
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const handle = toNodeHandler(auth);

/** Errand's page on another origin may ask with its cookies; nobody else may. */
function allowOrigin(request, response) {
  const from = request.headers.origin;
  if (!from || !trusted.includes(from)) return;
  response.setHeader("Access-Control-Allow-Origin", from);
  response.setHeader("Access-Control-Allow-Credentials", "true");
  response.setHeader("Access-Control-Allow-Headers", "Content-Type, Authorization");
  response.setHeader("Access-Control-Allow-Methods", "GET, POST");
  response.setHeader("Vary", "Origin");
}

const server = createServer((request, response) => {
  allowOrigin(request, response);
  if (request.method === "OPTIONS") return response.writeHead(204).end();
  if (request.url === "/healthz") return response.end("ok\n");
  return handle(request, response);
});
const port = Number(environment.PORT || 3000);
server.listen(port, environment.HOST || "127.0.0.1", () => console.log(`Better Auth is ready at ${origin}`));
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => server.close(() => process.exit(0)) && server.closeAllConnections());
