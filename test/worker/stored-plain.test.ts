import { env, exports } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AlertRouterRpc } from "../../src/core/objects";

/** What lay in the stores before anything in them was sealed, byte for byte. */
const YAML = `# before
route: { receiver: hook, group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: hook
    webhook_configs:
      - url: https://example.com/OLDS3CRET
        http_config: { authorization: { credentials: OLDS3CRET } }
`;
const ROUTER_CONFIG =
  '{"resolveTimeoutMs":300000,"route":{"id":"0","key":"{}","receiver":"hook","matchers":[],"continue":false,"groupBy":[],"groupWaitMs":0,"groupIntervalMs":1000,"repeatIntervalMs":3600000,"routes":[]},"receivers":[{"name":"hook","integrations":[{"type":"webhook","id":"hook/webhook/0","sendResolved":true,"url":"https://example.com/OLDS3CRET","maxAlerts":0,"timeoutMs":0,"authorization":{"kind":"bearer","type":"Bearer","credentials":"OLDS3CRET"}}]}],"inhibitRules":[]}';

const router = env.ALERT_ROUTER.getByName("default/router");
const receiver = env.RECEIVER.getByName("default/hook/webhook/0");
const realFetch = globalThis.fetch;
const calls: { readonly url: string; readonly authorization: string | null }[] = [];

beforeEach(() => {
  calls.length = 0;
  globalThis.fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input);
    calls.push({ url, authorization: new Headers(init?.headers).get("authorization") });
    return new Response("not now", { status: 503 });
  }) as typeof fetch;
});

afterEach(() => {
  globalThis.fetch = realFetch;
});

async function put(body: string): Promise<Record<string, unknown>> {
  const r = await exports.default.fetch(
    new Request("http://vedette.test/config/v1/alertmanager", {
      method: "PUT",
      body,
      headers: { authorization: "Bearer vdt_admin_local" },
    }),
  );
  const text = await r.text();
  if (!r.ok) throw new Error(text);
  return JSON.parse(text) as Record<string, unknown>;
}

async function storedDocuments(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    "SELECT body FROM config_documents WHERE kind = 'alertmanager' ORDER BY version",
  ).all<{ body: string }>();
  return results.map((r) => r.body);
}

const rowsOf = (stub: DurableObjectStub, sql: string): Promise<string> =>
  runInDurableObject(stub, (_, state) => JSON.stringify(state.storage.sql.exec(sql).toArray()));

it("goes on with configurations that were stored in plain text, and seals them with the next write", async () => {
  await env.DB.prepare(
    "INSERT INTO config_documents (project_id, kind, name, version, body, updated_at_ms, updated_by) VALUES ('default', 'alertmanager', 'default', 1, ?1, 1, 'old')",
  )
    .bind(YAML.replace("# before", "# long ago"))
    .run();
  await env.DB.prepare(
    "INSERT INTO config_documents (project_id, kind, name, version, body, updated_at_ms, updated_by) VALUES ('default', 'alertmanager', 'default', 2, ?1, 1, 'old')",
  )
    .bind(YAML)
    .run();
  await runInDurableObject(router, (_, state) => {
    state.storage.sql.exec("INSERT INTO settings VALUES ('config', ?)", ROUTER_CONFIG);
  });
  await evictDurableObject(router);

  const now = Date.now();
  // The stub answers any method by RPC; the interface says which the class has.
  await (router as unknown as AlertRouterRpc).receive({
    source: "ns/group",
    generation: 1,
    evaluatedAtMs: now,
    alerts: [
      {
        labels: { alertname: "Old" },
        annotations: {},
        startsAtMs: now,
        endsAtMs: now + 60_000,
        status: "firing",
        generatorUrl: "",
        value: 1,
      },
    ],
  });
  await vi.waitFor(() =>
    expect(calls[0]).toEqual({
      url: "https://example.com/OLDS3CRET",
      authorization: "Bearer OLDS3CRET",
    }),
  );
  // The message waits for its next attempt, and what it is sent with lies there sealed.
  const waiting = await rowsOf(receiver, "SELECT integration FROM outbox");
  expect(waiting).toContain("sealed:v1:");
  expect(waiting).not.toContain("OLDS3CRET");

  expect(await put(YAML.replace("# before", "# after"))).toMatchObject({ version: 3 });
  const bodies = await storedDocuments();
  expect(bodies.map((b) => b.split("\n")[0])).toEqual(["# long ago", "# before", "# after"]);
  for (const body of bodies) {
    expect(body).not.toContain("OLDS3CRET");
    expect(body.match(/sealed:v1:/g)).toHaveLength(2);
  }
  const config = await rowsOf(router, "SELECT data FROM settings WHERE id = 'config'");
  expect(config).toContain("sealed:v1:");
  expect(config).not.toContain("OLDS3CRET");
});

it("keeps the templates of the configuration in force alone", async () => {
  const bundle = (word: string): string =>
    JSON.stringify({
      alertmanager_config: YAML,
      template_files: { "a.tmpl": `{{ define "a" }}${word}{{ end }}` },
    });
  const kept = async (): Promise<number> =>
    (JSON.parse(await rowsOf(router, "SELECT id FROM settings WHERE id LIKE 'templates:%'")) as [])
      .length;
  await put(bundle("one"));
  expect(await kept()).toBe(1);
  await put(bundle("two"));
  expect(await kept()).toBe(1);
  await put(bundle("two"));
  expect(await kept()).toBe(1);
});
