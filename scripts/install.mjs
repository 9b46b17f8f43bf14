// Installs what is missing, on any Node ≥ 20 and without a dependency. `all` adds the packages that only tests and deployment need.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const marker = join(root, "node_modules", ".vedette-install.json");

/** The Node that package.json brings: wrangler, miniflare and vitest need ≥ 22.12. */
export const node = join(root, "node_modules", "node", "bin", "node");

export function ensureInstalled(all) {
  const [major] = process.versions.node.split(".").map(Number);
  if (major < 20) {
    console.error(`Vedette needs Node 20 or newer; this is ${process.version}.`);
    process.exit(1);
  }
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const done = existsSync(marker) ? JSON.parse(readFileSync(marker, "utf8")) : {};
  if (done.lock === lock && (done.all || !all)) return;
  const what = all ? "packages (with those for tests)" : "packages";
  console.log(`Installing ${what} …`);
  const args = [
    "install",
    "--no-save",
    "--loglevel=error",
    "--no-progress",
    ...(all ? ["--include=dev"] : ["--omit=dev"]),
  ];
  const run = spawnSync("npm", args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (run.status !== 0) {
    console.error(`npm ${args.join(" ")} failed; without a network a first start cannot work.`);
    process.exit(1);
  }
  writeFileSync(
    marker,
    JSON.stringify({ lock, all: Boolean(all) || Boolean(done.all && done.lock === lock) }),
  );
}

/** Runs a script of this repository on the newer Node, its bin folder first on the PATH. */
export function runScript(file, args, options = {}) {
  const env = {
    ...process.env,
    PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH}`,
    ...options.env,
  };
  return spawnSync(node, [join(root, file), ...args], { cwd: root, stdio: "inherit", env });
}
