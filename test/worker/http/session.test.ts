import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";

const BASE = "http://vedette.test";
const JSON_TYPE = { "content-type": "application/json" };

function logIn(
  token: string,
  headers: Readonly<Record<string, string>> = JSON_TYPE,
): Promise<Response> {
  return exports.default.fetch(`${BASE}/session`, {
    method: "POST",
    headers,
    body: JSON.stringify({ token }),
  });
}

it("turns a token into a session that no script can read", async () => {
  const response = await logIn("vdt_read_local");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    project: "default",
    name: "local read",
    scopes: ["read"],
    admin: false,
  });
  const cookie = response.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/; HttpOnly; SameSite=Strict/);
  expect(cookie).not.toContain("Secure");
  expect(cookie).not.toContain("vdt_read_local");
  const who = await exports.default.fetch(`${BASE}/session`, {
    headers: { cookie: cookie.split(";")[0] ?? "" },
  });
  expect(await who.json()).toMatchObject({ name: "local read" });
});

it("marks the cookie Secure over https", async () => {
  const response = await exports.default.fetch("https://vedette.test/session", {
    method: "POST",
    headers: JSON_TYPE,
    body: '{"token":"vdt_admin_local"}',
  });
  expect(response.headers.get("set-cookie")).toContain("; Secure");
});

it("refuses what is no token for reading, and forms of other sites", async () => {
  expect((await logIn("vdt_nonsense")).status).toBe(401);
  expect((await logIn("vdt_ingest_local")).status).toBe(403);
  expect((await logIn("vdt_read_local", { "content-type": "text/plain" })).status).toBe(415);
  expect(
    (
      await exports.default.fetch(`${BASE}/session`, {
        method: "POST",
        headers: JSON_TYPE,
        body: '{"token":1}',
      })
    ).status,
  ).toBe(400);
  expect((await exports.default.fetch(`${BASE}/session`)).status).toBe(401);
  expect(
    (
      await exports.default.fetch(`${BASE}/session`, {
        headers: { cookie: "vedette_session=1.abc.def" },
      })
    ).status,
  ).toBe(401);
});

it("ends the session", async () => {
  const response = await exports.default.fetch(`${BASE}/session`, { method: "DELETE" });
  expect(response.status).toBe(204);
  expect(response.headers.get("set-cookie")).toContain("Max-Age=0");
});

it("does not let another site act with a session", async () => {
  const cookie =
    ((await logIn("vdt_admin_local")).headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const make = (origin: string): Promise<Response> =>
    exports.default.fetch(`${BASE}/config/v1/tokens`, {
      method: "POST",
      headers: { ...JSON_TYPE, cookie, origin },
      body: JSON.stringify({ name: "x", scopes: ["read"] }),
    });
  expect((await make("https://evil.example")).status).toBe(403);
  expect((await make(BASE)).status).toBe(201);
});
