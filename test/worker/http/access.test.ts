import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Env } from "../../../src/env";
import worker from "../../../src/index";

const TEAM = "https://watchers.cloudflareaccess.com";
const deployed: Env = { ...env, LOCAL: "", ACCESS_TEAM: "watchers", ACCESS_AUD: "app-audience" };

const { publicKey, privateKey } = await generateKeyPair("RS256");
const stranger = await generateKeyPair("RS256");
const realFetch = globalThis.fetch;

/** Access' key endpoint is outside; everything else is real. */
beforeEach(() => {
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url !== `${TEAM}/cdn-cgi/access/certs`) return realFetch(input, init);
    return Response.json({
      keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256", use: "sig" }],
    });
  });
});
afterEach(() => vi.restoreAllMocks());

const token = (claims: Record<string, unknown> = {}, key = privateKey): Promise<string> =>
  new SignJWT({ email: "ann@example.com", ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .setIssuer(String(claims["iss"] ?? TEAM))
    .setAudience(String(claims["aud"] ?? "app-audience"))
    .setExpirationTime(Number(claims["exp"] ?? Math.floor(Date.now() / 1000) + 60))
    .sign(key);

const ask = async (vars: Env, jwt: string, init: RequestInit = {}): Promise<Response> => {
  const headers = new Headers(init.headers);
  headers.set("cf-access-jwt-assertion", jwt);
  const request = new Request("https://vedette.test/config/v1/tokens", { ...init, headers });
  // The handler's own Request type is workerd's incoming one.
  return worker.fetch(
    request as Parameters<typeof worker.fetch>[0],
    vars,
    createExecutionContext(),
  );
};

it("lets in whom Access names, with the configured scope", async () => {
  expect((await ask({ ...deployed, ACCESS_SCOPE: "admin" }, await token())).status).toBe(200);
  const reader = await ask(deployed, await token());
  expect(reader.status).toBe(403);
  expect(await reader.json()).toMatchObject({ code: "scope_missing" });
});

it.each([
  ["another key", () => token({}, stranger.privateKey)],
  ["another audience", () => token({ aud: "other-app" })],
  ["another team", () => token({ iss: "https://others.cloudflareaccess.com" })],
  ["the past", () => token({ exp: Math.floor(Date.now() / 1000) - 60 })],
  ["nobody", () => token({ email: "" })],
  ["nonsense", async () => "a.b.c"],
])("refuses a token of %s", async (_, make) => {
  expect((await ask({ ...deployed, ACCESS_SCOPE: "admin" }, await make())).status).toBe(401);
});

it("takes the header for nothing where Access is not configured", async () => {
  expect((await ask({ ...env, LOCAL: "" }, await token())).status).toBe(401);
});

it("asks for our own page where something is changed: the header rides along by itself", async () => {
  const vars: Env = { ...deployed, ACCESS_SCOPE: "admin" };
  const body = JSON.stringify({ name: "x", scopes: ["read"] });
  const foreign = await ask(vars, await token(), {
    method: "POST",
    body,
    headers: { origin: "https://evil.example" },
  });
  expect(foreign.status).toBe(403);
  expect(await foreign.json()).toMatchObject({ code: "cross_site" });
  expect(
    (
      await ask(vars, await token(), {
        method: "POST",
        body,
        headers: { origin: "https://vedette.test" },
      })
    ).status,
  ).toBe(201);
});
