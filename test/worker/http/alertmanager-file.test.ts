import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import worker from "../../../src/index";

async function ask(path: string, method: string, body: string, type: string): Promise<Response> {
  const init = {
    method,
    body,
    headers: { authorization: "Bearer vdt_admin_local", "content-type": type },
  };
  // The handler's own Request type is workerd's incoming one.
  const request = new Request(`https://vedette.test${path}`, init) as Parameters<
    typeof worker.fetch
  >[0];
  return worker.fetch(request, env, createExecutionContext());
}

const put = (yaml: string): Promise<Response> =>
  ask("/config/v1/alertmanager", "PUT", yaml, "application/yaml");

const route = async (labels: Record<string, string>): Promise<unknown> =>
  (
    await ask("/api/v1/alerts/route", "POST", JSON.stringify({ labels }), "application/json")
  ).json();

it("says who would be told by the configuration in force", async () => {
  const stored = await put(`
route:
  receiver: all
  group_by: [alertname]
  routes:
    - matchers: [team="a"]
      receiver: a
      mute_time_intervals: [nights]
      repeat_interval: 1d
time_intervals:
  - name: nights
    time_intervals: [{ times: [{ start_time: '22:00', end_time: '24:00' }], location: Europe/Berlin }]
receivers:
  - name: all
    builtin_configs: [{}]
  - name: a
    telegram_configs: [{ chat_id: -100123, bot_token: s3cret }]
    discord_configs: [{ webhook_url: "https://discord.example.com/api/webhooks/1/x" }]
`);
  expect(stored.status).toBe(200);
  expect(await route({ alertname: "X", team: "a" })).toEqual({
    receivers: ["a"],
    routes: [
      {
        id: "0/0",
        receiver: "a",
        group_by: ["alertname"],
        group_labels: { alertname: "X" },
        group_key: '{}/{team="a"}:{alertname="X"}',
        group_wait: "30s",
        group_interval: "5m",
        repeat_interval: "1d",
        mute_time_intervals: ["nights"],
        active_time_intervals: [],
      },
    ],
  });
  expect(await route({ team: "b" })).toMatchObject({ receivers: ["all"] });
});

it("refuses by name what it does not deliver, and keeps what was in force", async () => {
  const refused = await put(`
route: { receiver: desk }
receivers:
  - name: desk
    opsgenie_configs: [{ api_key: k }]
    webhook_configs:
      - url: https://example.com/hook
        http_config: { proxy_url: http://proxy.example.com }
`);
  expect(refused.status).toBe(400);
  const problem = (await refused.json()) as { code: string; where: string; detail: string };
  expect(problem).toMatchObject({ code: "config_not_delivered" });
  expect(problem.detail).toContain("receivers[0].opsgenie_configs");
  expect(problem.detail).toContain("receivers[0].webhook_configs[0].http_config.proxy_url");
  expect(await route({ team: "b" })).toMatchObject({ receivers: ["all"] });
});
