// Builds what has changed since the last build: the Worker's bundle, the beacon and the web app.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./install.mjs";

const workerOut = join(root, "build", "worker", "index.js");
export const workerBundle = workerOut;
export const assetsDir = join(root, "dist", "app");

export async function buildAll() {
  await Promise.all([buildWorker(), buildApp()]);
}

async function buildWorker() {
  if (
    unchanged(
      "worker",
      ["src", "durable-objects", "sdk", "package-lock.json", "scripts/build.mjs"],
      workerOut,
    )
  )
    return;
  mkdirSync(join(root, "build", "worker"), { recursive: true });
  await build({
    entryPoints: [join(root, "src", "index.ts")],
    outfile: workerOut,
    bundle: true,
    format: "esm",
    target: "es2023",
    conditions: ["workerd", "worker", "import"],
    external: ["cloudflare:*", "node:*"],
    loader: { ".txt": "text" },
    sourcemap: "linked",
    logLevel: "warning",
  });
  remember("worker");
}

async function buildApp() {
  const config = join(root, "dashboards", "app", "vite.config.ts");
  if (!existsSync(config)) return;
  if (
    unchanged(
      "app",
      [
        "dashboards/app",
        "src/core",
        "src/live",
        "src/incidents",
        "src/alerting",
        "src/reports",
        "src/notify",
        "package-lock.json",
      ],
      join(assetsDir, "index.html"),
    )
  )
    return;
  const { build: viteBuild } = await import("vite");
  await viteBuild({ configFile: config, logLevel: "warn" });
  remember("app");
}

const stamps = join(root, "build", "stamps");
const seen = new Map();

function unchanged(name, inputs, output) {
  const hash = createHash("sha256");
  for (const input of inputs)
    for (const file of filesUnder(join(root, input)))
      hash.update(file.slice(root.length)).update(readFileSync(file));
  const digest = hash.digest("hex");
  seen.set(name, digest);
  const stamp = join(stamps, name);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest)
    return true;
  rmSync(stamp, { force: true });
  return false;
}

function remember(name) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), seen.get(name));
}

function* filesUnder(path) {
  if (!existsSync(path)) return;
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    yield path;
    return;
  }
  for (const e of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (e.name === "node_modules" || e.name === "dist") continue;
    if (e.isDirectory()) yield* filesUnder(join(path, e.name));
    else yield join(path, e.name);
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) await buildAll();
