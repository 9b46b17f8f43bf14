import type { Context } from "hono";
import { renderLabels, withLabel, EMPTY_LABELS } from "../../core/labels";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { runProbe } from "./run-probe";
import { loadModules } from "./store";

/** Where the request names none: what a scrape of a probe is given, too. */
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 30_000;

/** `GET /probe?target=…&module=…`, as blackbox_exporter answers it: text exposition. */
export async function probe(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const target = c.req.query("target") ?? "";
  if (target === "")
    return problem(c, {
      status: 400,
      code: "probe_target_missing",
      detail: "Target parameter is missing",
    });
  const name = c.req.query("module") ?? "http_2xx";
  const { modules } = await loadModules(deps, c.get("actor").projectId);
  const module = Object.hasOwn(modules, name) ? modules[name] : undefined;
  if (module === undefined)
    return problem(c, {
      status: 400,
      code: "probe_module_unknown",
      detail: `Unknown module ${JSON.stringify(name)}; there are ${Object.keys(modules).join(", ")}`,
    });
  const asked = Number(c.req.header("x-prometheus-scrape-timeout-seconds") ?? "0") * 1000;
  const timeoutMs = asked > 0 ? Math.min(asked, MAX_TIMEOUT_MS) : DEFAULT_TIMEOUT_MS;
  const result = await runProbe(module, target, timeoutMs, deps.outside, deps.clock);
  const lines = result.series.map(([series, labels, value]) => {
    let set = EMPTY_LABELS;
    for (const [k, v] of Object.entries(labels)) set = withLabel(set, k, v);
    return `${series}${set.length === 0 ? "" : renderLabels(set)} ${value}\n`;
  });
  return c.body(lines.join(""), 200, {
    "content-type": "text/plain; version=0.0.4; charset=utf-8",
  });
}
