import type { Context } from "hono";
import { type AppendResult, ShardUnavailableError } from "../../core/metric-store";
import { type Result, err, ok } from "../../core/result";
import type { BackFillFormat } from "../../ingest/back-fill/line";
import { parseBackFill } from "../../ingest/back-fill/parse";
import { checkMediaType } from "../../ingest/body/content";
import { BACK_FILL_BODY_LIMIT } from "../../ingest/body/limits";
import { mergeResults } from "../../tsdb/rejections";
import { readBody } from "../body";
import type { AppEnv, Deps } from "../deps";
import { bodyProblem, rejectionProblem, unavailableProblem } from "../ingest-metrics/problems";
import { problem } from "../problem";
import { loadRetention } from "../settings/retention";

const OPENMETRICS = "application/openmetrics-text";
const TYPES = [
  "text/plain",
  OPENMETRICS,
  "",
  "application/x-www-form-urlencoded",
  "application/octet-stream",
];
const DAY_MS = 86_400_000;

/**
 * `POST /api/v1/import/prometheus-dump`: what `promtool tsdb dump` prints, or (as `application/openmetrics-text`, or
 * with `format=openmetrics`) OpenMetrics text with timestamps. Samples of any age within the retention; again they
 * change nothing. 200 when all is durable. A line that cannot be read ends the import with its number; what stood
 * before it is stored. `first_line` numbers the first line of a piece of a file.
 */
export async function backFill(c: Context<AppEnv>): Promise<Response> {
  const media = checkMediaType(c.req.header("content-type") ?? null, TYPES);
  if (!media.ok) return bodyProblem(c, media.error);
  const params = readParams(c, media.value.type === OPENMETRICS ? "openmetrics" : "dump");
  if (!params.ok) return problem(c, { status: 400, code: "parameter_malformed", ...params.error });
  const body = await readBody(c.req.raw, {
    limitBytes: BACK_FILL_BODY_LIMIT,
    encodings: ["identity", "gzip", "deflate"],
  });
  if (!body.ok) return bodyProblem(c, body.error);
  const deps = c.get("deps");
  const { projectId } = c.get("actor");
  const { metrics } = await loadRetention(deps.configStore(projectId));
  const horizonMs = deps.clock() - metrics * DAY_MS;
  try {
    const done = await importAll(deps, projectId, body.value, { ...params.value, horizonMs });
    const { accepted, duplicates, rejected } = done.result;
    if (done.fault !== undefined) {
      return problem(c, {
        status: 400,
        code: "dump_malformed",
        detail: `line ${done.fault.line}: ${done.fault.message}; ${accepted} samples of the lines before it are stored`,
        where: `line ${done.fault.line}`,
      });
    }
    if (rejected.length > 0) return rejectionProblem(c, { accepted, rejected });
    return c.json({ lines: done.lines, accepted, duplicates, exemplars_left_out: done.exemplars });
  } catch (e) {
    if (!(e instanceof ShardUnavailableError)) throw e;
    return unavailableProblem(c, { reason: "shard_unavailable", message: e.message });
  }
}

interface Imported {
  readonly result: AppendResult;
  readonly lines: number;
  readonly exemplars: number;
  readonly fault?: { readonly line: number; readonly message: string };
}

async function importAll(
  deps: Deps,
  projectId: string,
  bytes: Uint8Array,
  options: Parameters<typeof parseBackFill>[1],
): Promise<Imported> {
  const store = deps.metrics(projectId);
  const results: AppendResult[] = [];
  for (const e of parseBackFill(bytes, options)) {
    switch (e.kind) {
      case "batch":
        results.push(await store.importSamples(e.batch));
        break;
      case "tooOld":
        results.push({
          accepted: 0,
          duplicates: 0,
          rejected: [{ reason: "too_old", count: e.count, example: e.example }],
        });
        break;
      case "fault":
        return { result: mergeResults(results), lines: 0, exemplars: 0, fault: e };
      case "end":
        return { result: mergeResults(results), lines: e.lines, exemplars: e.exemplars };
    }
  }
  throw new Error("a dump ends with an end");
}

function readParams(
  c: Context,
  otherwise: BackFillFormat,
): Result<
  { readonly format: BackFillFormat; readonly firstLine: number },
  { readonly where: string; readonly detail: string }
> {
  const format = c.req.query("format") ?? otherwise;
  if (format !== "dump" && format !== "openmetrics")
    return err({ where: "format", detail: "format must be dump or openmetrics" });
  const first = c.req.query("first_line") ?? "1";
  if (!/^[1-9]\d{0,14}$/.test(first))
    return err({ where: "first_line", detail: "first_line must be a whole number from 1" });
  return ok({ format, firstLine: Number(first) });
}
