// A small shop: an API that is instrumented with OpenTelemetry, a worker that pushes with prom-client, and visitors with the beacon.
import { startApi } from "./api.mjs";
import { startPusher } from "./pusher.mjs";
import { startVisitors } from "./visitors.mjs";

const base = (process.env.VEDETTE_URL ?? "http://127.0.0.1:8787").replace(/\/+$/, "");
const tokens = {
  ingest: process.env.VEDETTE_INGEST_TOKEN ?? "vdt_ingest_local",
  beacon: process.env.VEDETTE_BEACON_TOKEN ?? "vdt_beacon_local",
};
const seconds = Number(process.env.DEMO_SECONDS ?? 300);

const up = await fetch(`${base}/healthz`).catch(() => undefined);
if (up?.ok !== true) {
  console.error(`There is no Vedette at ${base}; start one with npm start.`);
  process.exit(1);
}
console.log(`Sending to ${base} for ${seconds} s; watch ${base}/monitoring`);
const parts = [
  await startApi(base, tokens.ingest),
  await startPusher(base, tokens.ingest),
  await startVisitors(base, tokens.beacon),
];
const stop = async () => {
  for (const part of parts) await part.stop();
  process.exit(0);
};
process.on("SIGINT", stop);
setTimeout(stop, seconds * 1000);
