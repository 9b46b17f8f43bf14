import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { Counter, Gauge, Histogram, Pushgateway, Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Vedette, eventually, freePort, startVedette } from "./vedette";

/** Debian's package; skipped where it is not installed. */
const BINARY = "/usr/bin/prometheus-pushgateway";

describe.skipIf(!existsSync(BINARY))("beside Debian's Pushgateway", () => {
  let vedette: Vedette;
  let gateway: ChildProcess;
  let theirs = "";

  beforeAll(async () => {
    const port = await freePort();
    theirs = `http://127.0.0.1:${port}`;
    gateway = spawn(BINARY, [`--web.listen-address=127.0.0.1:${port}`, "--web.enable-admin-api"], {
      stdio: "ignore",
    });
    [vedette] = await Promise.all([
      startVedette(),
      eventually("the Pushgateway is ready", async () => {
        try {
          return (await fetch(`${theirs}/-/ready`)).ok;
        } catch {
          return false;
        }
      }),
    ]);
  }, 60_000);
  afterAll(async () => {
    gateway.kill();
    await vedette.stop();
  });

  const AUTH = { authorization: "Bearer vdt_admin_local" };
  const both = async (method: string, path: string, body?: string): Promise<[number, number]> => {
    const init = { method, headers: AUTH, ...(body === undefined ? {} : { body }) };
    const [a, b] = await Promise.all([fetch(theirs + path, init), fetch(vedette.url + path, init)]);
    await Promise.all([a.text(), b.text()]);
    return [a.status, b.status];
  };

  it.each<[string, string, string | undefined]>([
    ["PUT", "/metrics/job/a", "x 1\n"],
    ["PUT", "/metrics/job/a/instance/i", "# TYPE t counter\nt 1\n"],
    ["POST", "/metrics/job/a", "y 2\n"],
    ["PUT", "/metrics/job/b64/path@base64/L3Zhci90bXA", "x 1\n"],
    ["PUT", "/metrics/job/b64/empty@base64/=", "x 1\n"],
    ["PUT", "/metrics/job@base64/YQ==", "x 1\n"],
    ["PUT", "/metrics/job/c", "# TYPE t gauge\nt 1\n"],
    ["PUT", "/metrics/job/c", "x 1 1700000000000\n"],
    ["PUT", "/metrics/job/c", "x{\n"],
    ["PUT", "/metrics/job/c", "x 1\nx 2\n"],
    ["PUT", "/metrics/job/d/__reserved/1", "x 1\n"],
    ["DELETE", "/metrics/job/a", undefined],
    ["DELETE", "/metrics/job/never", undefined],
  ])("%s %s answers the same", async (method, path, body) => {
    const [a, b] = await both(method, path, body);
    expect(b).toBe(a);
  });

  it("lists the same groups and metrics", async () => {
    await both("PUT", "/api/v1/admin/wipe");
    for (const url of [theirs, vedette.url]) {
      const registry = new Registry();
      new Gauge({ name: "g", help: "A gauge.", registers: [registry] }).set(2.5);
      new Counter({
        name: "c_total",
        help: "Things.",
        labelNames: ["k"],
        registers: [registry],
      }).inc({ k: "v" }, 3);
      new Histogram({
        name: "h",
        help: "Sizes.",
        buckets: [0.5, 2],
        registers: [registry],
      }).observe(1);
      const client = new Pushgateway(url, { headers: AUTH }, registry);
      await client.push({ jobName: "listed", groupings: { instance: "i1" } });
    }
    const list = async (url: string): Promise<unknown> => {
      const r = await fetch(`${url}/api/v1/metrics`, { headers: AUTH });
      return JSON.parse(
        (await r.text())
          .replaceAll(/"time_stamp":"[^"]*"/g, '"time_stamp":""')
          .replaceAll(/"value":"1[.\d]+e\+09"|"value":"1\d{9}(?:\.\d+)?"/g, '"value":"now"')
          // Canonical in a Prometheus from version 3 on.
          .replaceAll('"2.0":', '"2":'),
      );
    };
    expect(await list(vedette.url)).toEqual(await list(theirs));
  });
});
