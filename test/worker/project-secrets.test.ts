import { exports } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

const realFetch = globalThis.fetch;
const calls: { readonly url: string; readonly body: string }[] = [];
let answer = (): Response => new Response("ok");

beforeEach(() => {
  calls.length = 0;
  answer = () => new Response("ok");
  globalThis.fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
    calls.push({
      url: String(input instanceof Request ? input.url : input),
      body: String(init?.body),
    });
    return answer();
  }) as typeof fetch;
});

afterEach(() => {
  globalThis.fetch = realFetch;
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function api(
  method: string,
  path: string,
  body?: string,
  token = "vdt_admin_local",
): Promise<Answer> {
  const r = await exports.default.fetch(
    new Request(`http://vedette.test${path}`, {
      method,
      ...(body === undefined ? {} : { body }),
      headers: { authorization: `Bearer ${token}` },
    }),
  );
  return { status: r.status, body: await r.json() };
}

const secret = (name: string, value: unknown): Promise<Answer> =>
  api("PUT", `/config/v1/secrets/${encodeURIComponent(name)}`, JSON.stringify({ value }));

const YAML = `route: { receiver: hook }
receivers:
  - name: hook
    webhook_configs: [{ url: "\${HOOK_URL}" }]
`;

it("takes secrets by name, tells who put them when, and never what", async () => {
  expect(await secret("HOOK_URL", "https://example.com/first")).toMatchObject({
    status: 200,
    body: { name: "HOOK_URL", updated_by: "local admin", in_use: false },
  });
  await secret("OTHER", "x");
  const { body } = await api("GET", "/config/v1/secrets");
  expect(body).toMatchObject({ secrets: [{ name: "HOOK_URL" }, { name: "OTHER" }] });
  expect(JSON.stringify(body)).not.toContain("example.com");
  expect((await api("GET", "/config/v1/secrets", undefined, "vdt_read_local")).status).toBe(403);
});

it.each([
  ["0NE", "x", "secret_name_invalid"],
  ["A-B", "x", "secret_name_invalid"],
  ["A".repeat(129), "x", "secret_name_invalid"],
  ["A", "", "json_invalid"],
  ["A", 5, "json_invalid"],
  ["A", "x".repeat(32_769), "json_invalid"],
])("refuses %s", async (name, value, code) => {
  expect(await secret(name, value)).toMatchObject({ status: 400, body: { code } });
});

it("refuses a value with which the configuration in force could not be read, and keeps the one before", async () => {
  expect(await api("PUT", "/config/v1/alertmanager", YAML)).toMatchObject({
    status: 200,
    body: { warnings: [{ name: "variables_filled", places: [{ line: 4 }] }] },
  });
  for (const wrong of ["ftp://example.com/", "no address"]) {
    const r = await secret("HOOK_URL", wrong);
    expect(r.status).toBe(400);
    expect(r.body["code"]).toMatch(/^config_/);
  }
  await api("POST", "/api/v1/receivers/hook/test");
  await vi.waitFor(() => expect(calls.map((c) => c.url)).toEqual(["https://example.com/first"]));

  expect(await secret("HOOK_URL", "https://example.com/second")).toMatchObject({
    body: { in_use: true },
  });
  await api("POST", "/api/v1/receivers/hook/test");
  await vi.waitFor(() => expect(calls[1]?.url).toBe("https://example.com/second"));
  // The file has not changed: neither has its version.
  expect(await api("PUT", "/config/v1/alertmanager", YAML)).toMatchObject({ body: { version: 1 } });
});

it("names a secret that is not there, also to a dry run", async () => {
  const missing = YAML.replace("HOOK_URL", "NOBODY");
  expect(await api("PUT", "/config/v1/alertmanager", missing)).toMatchObject({
    status: 400,
    body: { code: "config_secret_unknown", where: expect.stringMatching(/^4:/) },
  });
  expect((await api("PUT", "/config/v1/alertmanager?check=1", missing)).body).toMatchObject({
    deliverable: false,
  });
});

it("judges as Alertmanager does what it could not put in force, and names mistakes in its words", async () => {
  const check = async (yaml: string): Promise<unknown> =>
    (await api("PUT", "/config/v1/alertmanager?check=1&strict=1", yaml)).body;
  const unfilled = `route: { receiver: r }
receivers: [{ name: r, slack_configs: [{ api_url: <secret> }] }]`;
  expect(await check(unfilled)).toMatchObject({
    valid: true,
    deliverable: false,
    undelivered: [{ code: "config_secret_unknown", where: "2:51" }],
  });
  expect(await check(unfilled.replace("receiver: r", "receiver: s"))).toMatchObject({
    valid: false,
    error: { detail: 'undefined receiver "s" used in route' },
  });
  expect(await check("route: { receiver: r, receiver: s }")).toMatchObject({
    valid: false,
    error: {
      detail: "yaml: unmarshal errors:\n  line 1: field receiver already set in type config.plain",
    },
  });
});

it("renders a message with the templates of the moment at which it was decided", async () => {
  const bundle = (word: string): string =>
    JSON.stringify({
      alertmanager_config: `route: { receiver: chat }
receivers:
  - name: chat
    slack_configs: [{ api_url: "https://example.com/slack", title: '{{ template "ours" . }}' }]
`,
      template_files: {
        "ours.tmpl": `{{ define "ours" }}${word} {{ .CommonLabels.alertname }}{{ end }}`,
      },
    });
  expect(await api("PUT", "/config/v1/alertmanager", bundle("before"))).toMatchObject({
    status: 200,
  });
  answer = () => new Response("not now", { status: 503 });
  await api("POST", "/api/v1/receivers/chat/test");
  await vi.waitFor(() => expect(calls).toHaveLength(1));
  expect(calls[0]?.body).toContain("before TestAlert");

  await api("PUT", "/config/v1/alertmanager", bundle("after"));
  answer = () => new Response("ok");
  await vi.waitFor(() => expect(calls.length).toBeGreaterThan(1), 5_000);
  expect(calls[1]?.body).toContain("before TestAlert");
  await api("POST", "/api/v1/receivers/chat/test");
  await vi.waitFor(() => expect(calls.at(-1)?.body).toContain("after TestAlert"));
});
