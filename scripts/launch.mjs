// The part of `npm start` that runs on the newer Node: build, migrate, start, print.
import { resolve } from "node:path";
import { buildAll } from "./build.mjs";
import { root } from "./install.mjs";
import { pasteLines } from "./local/paste-lines.mjs";
import { scheduleCron, startWorker } from "./local/worker.mjs";

const host = process.env.HOST ?? "127.0.0.1";
const port = Number(process.env.PORT ?? 8787);
const stateDir = resolve(root, process.env.STATE_DIR ?? ".vedette");
const startedAt = Number(process.env.VEDETTE_STARTED_AT ?? Date.now());

let running;
try {
  if (process.env.VEDETTE_SKIP_BUILD !== "1") await buildAll();
  running = await startWorker({ stateDir, host, port, vars: varsFromEnvironment() });
} catch (e) {
  console.error(`Vedette could not start: ${e instanceof Error ? e.message : e}`);
  process.exit(1);
}
const stopCron =
  process.env.VEDETTE_NO_CRON === "1" ? () => undefined : scheduleCron(running.fireCron);

const healthy = await fetch(`${running.url}/healthz`);
if (!healthy.ok) {
  console.error(`/healthz answers ${healthy.status}: ${await healthy.text()}`);
  process.exit(1);
}
console.log(pasteLines(running.url, (Date.now() - startedAt) / 1000, stateDir));

const stop = async () => {
  stopCron();
  await running.stop();
  process.exit(0);
};
process.on("SIGINT", stop);
process.on("SIGTERM", stop);

/** VEDETTE_VAR_X=1 sets the Worker's variable X; SENTRY_DSN passes as it is. */
function varsFromEnvironment() {
  const vars = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith("VEDETTE_VAR_")) vars[name.slice("VEDETTE_VAR_".length)] = value;
  }
  if (process.env.SENTRY_DSN) vars.SENTRY_DSN = process.env.SENTRY_DSN;
  return vars;
}
