import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Env } from "../../../src/env";
import worker from "../../../src/index";

const local = { authorization: "Bearer vdt_admin_local" };
const deployed: Env = { ...env, LOCAL: "", BOOTSTRAP_SECRET: "bootstrap-secret-of-this-suite" };

async function ask(vars: Env, path: string, init: RequestInit = {}): Promise<Response> {
  // The handler's own Request type is workerd's incoming one.
  const request = new Request(`https://vedette.test${path}`, init) as Parameters<
    typeof worker.fetch
  >[0];
  return worker.fetch(request, vars, createExecutionContext());
}

const yaml = (url: string): string => `route:
  receiver: hook
receivers:
  - name: hook
    webhook_configs:
      - url: ${url}
`;

it("refuses a receiver at a private address outside local mode, by name and place", async () => {
  const made = await ask(deployed, "/config/v1/bootstrap", {
    method: "POST",
    headers: { authorization: "Bearer bootstrap-secret-of-this-suite" },
  });
  const { token } = (await made.json()) as { token: string };
  const put = (url: string): Promise<Response> =>
    ask(deployed, "/config/v1/alertmanager", {
      method: "PUT",
      body: yaml(url),
      headers: { authorization: `Bearer ${token}` },
    });
  const refused = await put("http://192.168.1.10/hook");
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({
    code: "config_url_refused",
    where: "6:14",
    detail:
      "receivers[0].webhook_configs[0].url may not be called: 192.168.1.10 is a private or reserved address",
  });
  expect((await put("https://hooks.example.com/x")).status).toBe(200);
});

it("asks for scopes, and bounds what it is sent", async () => {
  const read = { authorization: "Bearer vdt_read_local" };
  expect((await ask(env, "/config/v1/alertmanager")).status).toBe(401);
  expect((await ask(env, "/config/v1/alertmanager", { headers: read })).status).toBe(403);
  expect((await ask(env, "/api/v1/alerts/x/ack", { method: "POST", headers: read })).status).toBe(
    403,
  );
  expect((await ask(env, "/api/v1/alerts/x/ack", { method: "POST", headers: local })).status).toBe(
    404,
  );
  for (const path of [
    "notifications",
    "receivers",
    "receiver/inbox",
    "silences",
    "alerts/active",
    "alerts/groups",
  ]) {
    expect((await ask(env, `/api/v1/${path}`)).status).toBe(401);
    expect((await ask(env, `/api/v1/${path}`, { headers: read })).status).toBe(200);
  }
  expect((await ask(env, "/api/v1/notifications?limit=0", { headers: read })).status).toBe(400);
  const large = await ask(env, "/config/v1/alertmanager", {
    method: "PUT",
    headers: local,
    body: `# ${"x".repeat(1_100_000)}`,
  });
  expect(large.status).toBe(413);
});

it("names what is wrong with a silence", async () => {
  const now = Date.now();
  const iso = (ms: number): string => new Date(now + ms).toISOString();
  const post = async (body: unknown): Promise<unknown> => {
    const r = await ask(env, "/api/v1/silences", {
      method: "POST",
      headers: { ...local, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return [r.status, ((await r.json()) as { code?: string }).code];
  };
  const matchers = [{ name: "a", value: "b" }];
  const times = { startsAt: iso(0), endsAt: iso(60_000) };
  expect(await post({ matchers, ...times })).toEqual([201, undefined]);
  expect(await post({ matchers: [], ...times })).toEqual([400, "json_invalid"]);
  expect(await post({ matchers: [{ name: "a", value: "" }], ...times })).toEqual([
    400,
    "matches_everything",
  ]);
  expect(await post({ matchers: [{ name: "a", value: "(", isRegex: true }], ...times })).toEqual([
    400,
    "matcher_invalid",
  ]);
  expect(await post({ matchers, startsAt: iso(-9_000), endsAt: iso(-1_000) })).toEqual([
    400,
    "ended_already",
  ]);
  expect(await post({ matchers, startsAt: iso(9_000), endsAt: iso(8_000) })).toEqual([
    400,
    "ends_before_it_starts",
  ]);
  expect(await post({ id: "nope", matchers, ...times })).toEqual([404, "silence_unknown"]);
  expect(await post({ matchers, startsAt: "yesterday", endsAt: iso(1) })).toEqual([
    400,
    "json_invalid",
  ]);
});
