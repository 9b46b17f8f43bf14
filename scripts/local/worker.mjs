// The Worker on workerd with every store embedded, as `npm start`, the end-to-end tests and the benchmarks run it.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { assetsDir, workerBundle } from "../build.mjs";
import { migrate } from "./migrations.mjs";

const CLASSES = {
  METRIC_SHARD: "MetricShard",
  RULE_GROUP: "RuleGroup",
  ALERT_ROUTER: "AlertRouter",
  RECEIVER: "Receiver",
  INCIDENT: "Incident",
  LIVE_HUB: "LiveHub",
  HEARTBEATS: "Heartbeats",
  SCRAPER: "Scraper",
  SPILL: "Spill",
};

/** Starts the Worker; gives its address and what ends it. `vars` override its variables. */
export async function startWorker({ stateDir, host, port, vars = {}, verbose = false }) {
  await assertPortFree(host, port);
  mkdirSync(stateDir, { recursive: true });
  await migrate(stateDir);
  const mf = new Miniflare(
    convertV4MiniflareOptions({
      host,
      port,
      log: new Log(verbose ? LogLevel.INFO : LogLevel.WARN),
      cf: false,
      telemetry: { enabled: false },
      resourcePersistencePath: stateDir,
      workers: [
        {
          name: "vedette",
          modules: [
            { type: "ESModule", path: "index.js", contents: readFileSync(workerBundle, "utf8") },
          ],
          compatibilityDate: "2026-11-01",
          compatibilityFlags: ["nodejs_compat"],
          bindings: {
            LOCAL: "1",
            TOKEN_SECRET: localSecret(stateDir),
            EXTERNAL_URL: `http://${hostInLinks(host)}:${port}`,
            ...loopbackHosts(host),
            ...vars,
          },
          d1Databases: { DB: "vedette" },
          durableObjects: Object.fromEntries(
            Object.entries(CLASSES).map(([k, className]) => [k, { className, useSQLite: true }]),
          ),
          // Written to files beside the log; bound where a sender is set, as a deployment binds it.
          ...(vars.EMAIL_FROM === undefined ? {} : { email: { send_email: [{ name: "EMAIL" }] } }),
          analyticsEngineDatasets: { ANALYTICS: { dataset: "vedette_points" } },
          // No rate limits: locally one client may be the whole load, and asking them costs every request a call.
          assets: {
            directory: assetsDir,
            binding: "ASSETS",
            run_worker_first: ["/*", "!/assets/*"],
            routerConfig: { has_user_worker: true },
            assetConfig: { html_handling: "none", not_found_handling: "none" },
          },
        },
      ],
    }),
  );
  await mf.ready;
  const worker = await mf.getWorker();
  return {
    url: `http://${hostInLinks(host)}:${port}`,
    fireCron: (at) => worker.scheduled({ cron: "* * * * *", scheduledTime: at }),
    stop: () => mf.dispose(),
  };
}

/** Fires the one Cron Trigger at each full minute, as Cloudflare does in production. Gives what stops it. */
export function scheduleCron(fire) {
  let timer;
  const next = () => {
    const at = new Date(Math.ceil((Date.now() + 1) / 60_000) * 60_000);
    timer = setTimeout(async () => {
      next();
      try {
        await fire(at);
      } catch (e) {
        console.error(
          `the schedule of ${at.toISOString()} failed: ${e instanceof Error ? e.message : e}`,
        );
      }
    }, at.getTime() - Date.now());
  };
  next();
  return () => clearTimeout(timer);
}

/** On a loopback address the Worker answers to that address's names alone (src/http/local-host.ts). */
function loopbackHosts(host) {
  const names = ["127.0.0.1", "localhost", "[::1]"];
  if (host !== "localhost" && host !== "::1" && !host.startsWith("127.")) return {};
  const all = names.includes(host) || host === "::1" ? names : [...names, host];
  return { LOCAL_HOSTS: all.join(",") };
}

function hostInLinks(host) {
  return host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
}

/** Signs local sessions and issued tokens; kept, so that they survive a restart. */
function localSecret(stateDir) {
  const file = join(stateDir, "token-secret");
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

function assertPortFree(host, port) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (e) => {
      const why =
        e.code === "EADDRINUSE"
          ? `port ${port} on ${host} is taken by another program; choose one with PORT=8788 npm start`
          : e.message;
      reject(new Error(why));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}
