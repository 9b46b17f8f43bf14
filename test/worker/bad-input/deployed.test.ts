import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Env } from "../../../src/env";
import worker from "../../../src/index";
import { API_ROUTES } from "./routes";

const SECRET = "bootstrap-secret-of-this-file";
/** The Worker with a deployment's variables instead of the local ones. */
const deployed: Env = { ...env, LOCAL: "", BOOTSTRAP_SECRET: SECRET };
let admin: string;

async function ask(path: string, init: RequestInit = {}, vars: Env = deployed): Promise<Response> {
  // The handler's own Request type is workerd's incoming one.
  const request = new Request(`https://vedette.test${path}`, init) as Parameters<
    typeof worker.fetch
  >[0];
  return await worker.fetch(request, vars, createExecutionContext());
}
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

beforeAll(async () => {
  const r = await ask("/config/v1/bootstrap", { method: "POST", headers: bearer(SECRET) });
  admin = (await r.json<{ token: string }>()).token;
});

describe("the documented local tokens", () => {
  it.each(
    API_ROUTES.filter((r) => r.scope !== "public").map(
      (r) => [`${r.method} ${r.path}`, r] as const,
    ),
  )("do not open %s", async (_, route) => {
    for (const scope of ["admin", "ingest", "read", "beacon"]) {
      const token = `vdt_${scope}_local`;
      const r = await ask(route.path, { method: route.method, headers: bearer(token) });
      expect(r.status).toBe(401);
      const q = await ask(`${route.path}?token=${token}`, { method: route.method });
      expect(q.status).toBe(401);
    }
  });
});

describe("an address that a receiver calls", () => {
  it.each([
    "http://127.0.0.1:9000/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://169.254.169.254/latest/meta-data",
    "http://localhost:8787/config/v1/tokens",
    "http://metadata.google.internal/",
    "http://vault:8200/",
    "https://user:pass@hooks.example.com/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
  ])("%s is refused with its place, whoever has it", async (url) => {
    for (const integration of [
      `webhook_configs: [{url: "${url}"}]`,
      `slack_configs: [{api_url: "${url}"}]`,
      `pagerduty_configs: [{routing_key: k, url: "${url}"}]`,
    ]) {
      const r = await ask("/config/v1/alertmanager", {
        method: "PUT",
        headers: { ...bearer(admin), "content-type": "application/yaml" },
        body: `route: {receiver: r}\nreceivers:\n- name: r\n  ${integration}\n`,
      });
      expect(r.status).toBe(400);
      const said = await r.json<{ code: string; where: string }>();
      expect(said.code).toMatch(/^config_(url_refused|value_wrong)$/);
      expect(said.where).toMatch(/^4:\d+$/);
    }
  });

  it("is refused where the global settings name it, too", async () => {
    for (const global of ["slack_api_url", "pagerduty_url"]) {
      const r = await ask("/config/v1/alertmanager", {
        method: "PUT",
        headers: { ...bearer(admin), "content-type": "application/yaml" },
        body: [
          `global: {${global}: "http://10.0.0.1/"}`,
          "route: {receiver: r}",
          "receivers:",
          "- name: r",
          "  slack_configs: [{channel: x}]",
          "  pagerduty_configs: [{routing_key: k}]",
        ].join("\n"),
      });
      expect(r.status).toBe(400);
    }
  });

  it("may be a public one", async () => {
    const r = await ask("/config/v1/alertmanager", {
      method: "PUT",
      headers: { ...bearer(admin), "content-type": "application/yaml" },
      body: 'route: {receiver: r}\nreceivers: [{name: r, webhook_configs: [{url: "https://hooks.example.com/x"}]}]',
    });
    expect(r.status).toBe(200);
  });
});

describe("a limit on requests", () => {
  const keys: string[] = [];
  const counting = {
    limit: ({ key }: { key: string }) => (keys.push(key), Promise.resolve({ success: false })),
  };
  const limited: Env = {
    ...deployed,
    RATE_API: counting,
    RATE_INGEST: counting,
    RATE_BEACON: counting,
  };

  it.each([
    ["POST", "/v1/logs", "ingest_requests_per_minute"],
    ["POST", "/api/v1/write", "ingest_requests_per_minute"],
    ["PUT", "/metrics/job/x", "ingest_requests_per_minute"],
    ["POST", "/api/v1/ingest/events", "ingest_requests_per_minute"],
    ["POST", "/e?k=x", "beacon_requests_per_minute"],
    ["GET", "/api/v1/query", "api_requests_per_minute"],
    ["GET", "/config/v1/rules", "api_requests_per_minute"],
    ["POST", "/config/v1/bootstrap", "api_requests_per_minute"],
    ["POST", "/session", "api_requests_per_minute"],
  ])("%s %s: 429 that names it and says when to come again", async (method, path, name) => {
    const r = await ask(path, { method }, limited);
    expect(r.status).toBe(429);
    expect(r.headers.get("retry-after")).toBe("10");
    expect(await r.json()).toMatchObject({ code: "rate_limited", limit: { name } });
  });

  it("counts a token as one, however it is sent", async () => {
    keys.length = 0;
    for (const init of [
      { headers: bearer("one") },
      { headers: { authorization: `Basic ${btoa("a:one")}` } },
      { headers: { authorization: `Basic ${btoa("b:one")}` } },
      { headers: { ...bearer("one"), cookie: "x=1" } },
    ])
      await ask("/api/v1/query", init, limited);
    await ask("/api/v1/query?token=one", {}, limited);
    expect([...new Set(keys)]).toEqual(["one"]);
  });
});

describe("a limit on guesses", () => {
  it.each(["/session", "/config/v1/bootstrap"])(
    "at %s counts the address, not the guess",
    async (path) => {
      const keys: string[] = [];
      const limiter = {
        limit: ({ key }: { key: string }) => (keys.push(key), Promise.resolve({ success: false })),
      };
      for (const guess of ["one", "two", "three"]) {
        const headers = {
          ...bearer(guess),
          cookie: `vedette_session=${guess}`,
          "cf-connecting-ip": "192.0.2.7",
        };
        await ask(
          `${path}?token=${guess}`,
          { method: "POST", headers },
          { ...deployed, RATE_API: limiter },
        );
      }
      expect(keys).toEqual(["192.0.2.7", "192.0.2.7", "192.0.2.7"]);
    },
  );

  it("on beacons counts a key as one, whatever stands beside it", async () => {
    const keys: string[] = [];
    const limiter = {
      limit: ({ key }: { key: string }) => (keys.push(key), Promise.resolve({ success: false })),
    };
    for (const beside of ["a", "b"])
      await ask(
        `/e?token=one&k=${beside}`,
        { method: "POST" },
        { ...deployed, RATE_BEACON: limiter },
      );
    expect(new Set(keys).size).toBe(1);
  });

  it("wants a first secret that cannot be guessed", async () => {
    const r = await ask("/healthz", {}, { ...deployed, BOOTSTRAP_SECRET: "short" });
    expect([r.status, await r.text()]).toEqual([500, expect.stringContaining("BOOTSTRAP_SECRET")]);
  });
});

describe("a token while the token store does not answer", () => {
  const down = {
    prepare: () => ({ bind: () => ({ first: () => Promise.reject(new Error("down")) }) }),
  };
  const outage: Env = { ...deployed, DB: down as unknown as D1Database };

  it("still writes what needs no D1, an admin's too, and reads nothing", async () => {
    const made = await Promise.all(
      ["ingest", "admin"].map(async (scope) => {
        const r = await ask("/config/v1/tokens", {
          method: "POST",
          headers: bearer(admin),
          body: JSON.stringify({ name: scope, scopes: [scope] }),
        });
        return (await r.json<{ token: string }>()).token;
      }),
    );
    for (const token of made) {
      const body = JSON.stringify({ name: "during_outage", value: 1 });
      const headers = bearer(token);
      const write = await ask("/api/v1/ingest/metrics", { method: "POST", headers, body }, outage);
      expect(write.status).toBe(200);
      const forged = bearer(token.replace(/.$/, (c) => (c === "0" ? "1" : "0")));
      const refused = await ask(
        "/api/v1/ingest/metrics",
        { method: "POST", headers: forged, body },
        outage,
      );
      expect(refused.status).toBe(401);
      expect((await ask("/config/v1/tokens", { headers }, outage)).status).toBe(503);
    }
  });
});

describe("pages", () => {
  it.each(["/", "/monitoring", "/login", "/rules/x", "/docs/errors"])(
    "%s can be framed by nobody, and runs no script but ours",
    async (path) => {
      const r = await ask(path);
      expect(r.headers.get("x-content-type-options")).toBe("nosniff");
      expect(r.headers.get("strict-transport-security")).toContain("max-age");
      if (r.headers.get("content-type")?.startsWith("text/html") !== true) return;
      const policy = r.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    },
  );
});
