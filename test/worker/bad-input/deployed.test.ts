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
