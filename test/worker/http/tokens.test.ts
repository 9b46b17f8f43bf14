import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

const base = "http://vedette.test";
const ask = (path: string, init: RequestInit & { token?: string } = {}): Promise<Response> => {
  const headers = new Headers(init.headers);
  if (init.token !== undefined) headers.set("authorization", `Bearer ${init.token}`);
  return exports.default.fetch(base + path, { ...init, headers });
};
const admin = "vdt_admin_local";
const make = async (body: unknown): Promise<{ token: string; id: string }> => {
  const r = await ask("/config/v1/tokens", {
    method: "POST",
    token: admin,
    body: JSON.stringify(body),
  });
  expect(r.status).toBe(201);
  return r.json();
};

describe("who may ask", () => {
  it("wants a token, and says so", async () => {
    const r = await ask("/config/v1/tokens");
    expect(r.status).toBe(401);
    expect(r.headers.get("www-authenticate")).toContain("Bearer");
    expect(await r.json()).toMatchObject({ code: "token_missing" });
  });

  it.each([
    "nonsense",
    "vdt_a_default_0123456789abcdef_0000000000000000000000000000000000000000",
    "",
  ])("knows no token %j", async (token) => {
    const r = await ask("/config/v1/tokens", { token });
    expect(r.status).toBe(401);
    expect(await r.json()).toMatchObject({ code: "token_unknown" });
  });

  it("refuses the wrong scope by name", async () => {
    const r = await ask("/config/v1/tokens", { token: "vdt_ingest_local" });
    expect(r.status).toBe(403);
    expect(await r.json()).toMatchObject({ code: "scope_missing" });
  });

  it("takes Basic with the token as password", async () => {
    const r = await ask("/config/v1/tokens", {
      headers: { authorization: `Basic ${btoa(`anyone:${admin}`)}` },
    });
    expect(r.status).toBe(200);
  });

  it("lets no admin in by address", async () => {
    const r = await ask(`/config/v1/tokens?token=${admin}`);
    expect(r.status).toBe(403);
  });
});

describe("tokens", () => {
  it("are made, work, are listed without themselves, and end when revoked", async () => {
    const { token, id } = await make({ name: "reader", scopes: ["admin"] });
    const list = await ask("/config/v1/tokens", { token });
    expect(list.status).toBe(200);
    const text = await list.text();
    expect(text).toContain('"reader"');
    expect(text).not.toContain(token);
    expect((await ask(`/config/v1/tokens/${id}`, { method: "DELETE", token: admin })).status).toBe(
      204,
    );
    const after = await ask("/config/v1/tokens", { token });
    expect(after.status).toBe(401);
    expect(await after.json()).toMatchObject({ code: "token_revoked" });
    expect((await ask(`/config/v1/tokens/${id}`, { method: "DELETE", token: admin })).status).toBe(
      404,
    );
  });

  it("cannot be altered: another scope or project breaks the signature", async () => {
    const { token } = await make({ name: "writer", scopes: ["ingest"] });
    for (const forged of [
      token.replace("vdt_i_", "vdt_a_"),
      token.replace("_default_", "_other_"),
      `${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`,
    ]) {
      expect((await ask("/config/v1/tokens", { token: forged })).status).toBe(401);
    }
  });

  it("for beacons have no other scope", async () => {
    const r = await ask("/config/v1/tokens", {
      method: "POST",
      token: admin,
      body: JSON.stringify({ name: "x", scopes: ["beacon", "read"] }),
    });
    expect(r.status).toBe(400);
    expect(await r.json()).toMatchObject({ code: "beacon_scope_alone", where: "/scopes" });
  });

  it.each([
    ["{", "json_malformed"],
    ['{"name":"x","scopes":["root"]}', "json_invalid"],
    ['{"name":"x","scopes":["read"],"more":1}', "json_invalid"],
  ])("refuse %s", async (body, code) => {
    const r = await ask("/config/v1/tokens", { method: "POST", token: admin, body });
    expect(r.status).toBe(400);
    expect(await r.json()).toMatchObject({ code });
  });

  it("bound the body", async () => {
    const r = await ask("/config/v1/tokens", {
      method: "POST",
      token: admin,
      body: JSON.stringify({ name: "x".repeat(20_000), scopes: ["read"] }),
    });
    expect(r.status).toBe(413);
  });
});

describe("the first admin token", () => {
  it("is not to be had where BOOTSTRAP_SECRET is not set", async () => {
    expect(env.BOOTSTRAP_SECRET).toBeUndefined();
    const r = await ask("/config/v1/bootstrap", { method: "POST", token: "anything" });
    expect(r.status).toBe(404);
    expect(await r.json()).toMatchObject({ code: "bootstrap_off" });
  });
});
