import { rm } from "node:fs/promises";
import { type IncomingMessage, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ActiveAlert } from "../../src/alerting/model";
import { type Vedette, eventually, startVedette } from "./vedette";

/** The Link headers of what a webhook was sent, by the status of the message. */
const headers: { readonly status: string; readonly link: string }[] = [];
const server = createServer((req, res) => {
  void take(req).then(() => res.writeHead(200).end());
});
let v: Vedette;

async function take(req: IncomingMessage): Promise<void> {
  let body = "";
  for await (const chunk of req) body += String(chunk);
  const { status } = JSON.parse(body) as { status: string };
  headers.push({ status, link: String(req.headers["link"] ?? "") });
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  v = await startVedette();
});

afterAll(async () => {
  await v?.stop();
  if (v !== undefined) await rm(v.stateDir, { recursive: true, force: true });
  await new Promise((resolve) => server.close(resolve));
});

const admin = (path: string, method: string, body: string): Promise<Response> =>
  v.fetch(path, {
    method,
    body,
    token: "vdt_admin_local",
    headers: { "content-type": "application/json" },
  });

async function active(): Promise<ActiveAlert | undefined> {
  const r = await v.fetch("/api/v1/alerts/active", { token: "vdt_read_local" });
  const { alerts } = (await r.json()) as { alerts: ActiveAlert[] };
  return alerts.find((a) => a.labels["alertname"] === "Linked");
}

it("whoever has a webhook's message acts by its Link header alone; its body stays Alertmanager's", async () => {
  const { port } = server.address() as AddressInfo;
  const config = `route: { receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s }
receivers: [{ name: hook, webhook_configs: [{ url: "http://127.0.0.1:${port}/" }] }]`;
  expect((await admin("/config/v1/alertmanager", "PUT", config)).status).toBe(200);
  const post = (): Promise<Response> =>
    admin(
      "/api/v2/alerts",
      "POST",
      JSON.stringify([{ labels: { alertname: "Linked" }, startsAt: "2026-01-01T00:00:00Z" }]),
    );
  expect((await post()).status).toBe(200);
  await eventually("the message is there", async () => headers.length > 0, 15_000);
  const links = new Map(
    [...(headers[0]?.link ?? "").matchAll(/<([^>]+)>; rel="(\w+)"/g)].map((m) => [m[2], m[1]]),
  );
  expect([...links.keys()]).toEqual(["acknowledge", "silence", "resolve"]);
  const follow = (rel: string, method: string, query = ""): Promise<Response> =>
    fetch(`${links.get(rel) ?? ""}${query}`, { method, headers: { accept: "text/html" } });

  // A scanner opens them all.
  for (const rel of links.keys()) expect((await follow(rel ?? "", "GET")).status).toBe(200);
  expect(await active()).toMatchObject({ status: "firing" });
  expect((await active())?.acknowledgedBy).toBeUndefined();

  expect((await follow("acknowledge", "POST")).status).toBe(200);
  expect((await active())?.acknowledgedBy).toBe("link of hook");
  expect((await follow("resolve", "POST")).status).toBe(200);
  await eventually("its end is told", async () => headers.some((h) => h.status === "resolved"));
  // Who is told that all is over is given nothing to press.
  expect(headers.find((h) => h.status === "resolved")?.link).toBe("");
  expect((await post()).status).toBe(200);
  expect((await active())?.status ?? "resolved").toBe("resolved");
  expect((await follow("acknowledge", "POST")).status).toBe(409);
}, 120_000);
