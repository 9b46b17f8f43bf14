// `npm start`: from a bare clone to a running Vedette.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureInstalled, node, root } from "./install.mjs";

const startedAt = Date.now();
ensureInstalled(false);
const child = spawn(node, [join(root, "scripts", "launch.mjs"), ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, VEDETTE_STARTED_AT: String(startedAt) },
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)));
