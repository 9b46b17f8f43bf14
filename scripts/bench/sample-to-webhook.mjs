// How long a sample takes to become a webhook: 20 alerts in turn, each by a sample of its own.
import { createServer } from "node:http";
import { startVedette } from "./processes.mjs";

const RUNS = Number(process.env.RUNS ?? 20);
const WAIT_MS = 20_000;
const admin = { authorization: "Bearer vdt_admin_local" };

const arrivals = new Map();
const hook = createServer((req, res) => {
  let text = "";
  req.on("data", (d) => (text += d));
  req.on("end", () => {
    for (const alert of JSON.parse(text).alerts)
      if (alert.status === "firing") arrivals.get(alert.labels.run)?.(performance.now());
    res.end("ok");
  });
});
await new Promise((resolve) => hook.listen(0, "127.0.0.1", resolve));
const vedette = await startVedette();
try {
  await put(
    "/config/v1/alertmanager",
    `route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s}\nreceivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:${hook.address().port}/'}]}]\n`,
  );
  await put(
    "/config/v1/rules/latency",
    "groups: [{name: g, interval: 15s, rules: [{alert: Seen, expr: latency_probe > 0}]}]\n",
  );
  await new Promise((r) => setTimeout(r, 2000));
  const times = [];
  for (let run = 0; run < RUNS; run++) {
    // Off any evaluation grid: write and grid must not beat together.
    await new Promise((r) => setTimeout(r, 1200 + Math.random() * 800));
    const arrived = new Promise((resolve, reject) => {
      arrivals.set(String(run), resolve);
      setTimeout(
        () => reject(new Error(`run ${run}: no webhook within ${WAIT_MS} ms`)),
        WAIT_MS,
      ).unref();
    });
    const start = performance.now();
    const r = await fetch(`${vedette.url}/api/v1/import/prometheus`, {
      method: "POST",
      headers: admin,
      body: `latency_probe{run="${run}"} 1`,
    });
    if (!r.ok) throw new Error(`the sample was refused: ${r.status} ${await r.text()}`);
    times.push((await arrived) - start);
  }
  times.sort((a, b) => a - b);
  const at = (q) => times[Math.min(times.length - 1, Math.floor(q * times.length))].toFixed(0);
  console.log(
    `sample to webhook over ${RUNS} runs: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, min ${at(0)} ms, max ${at(1)} ms`,
  );
} finally {
  await vedette.stop();
  hook.closeAllConnections();
  hook.close();
}

async function put(path, body) {
  const r = await fetch(vedette.url + path, {
    method: "PUT",
    headers: { ...admin, "content-type": "application/yaml" },
    body,
  });
  if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`);
}
