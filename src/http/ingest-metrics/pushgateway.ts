import type { Context } from "hono";
import type { Labels } from "../../core/labels";
import { renderLabels } from "../../core/labels";
import { bodyErrorMessage, bodyErrorStatus } from "../../ingest/body/errors";
import {
  type PushFamily,
  type PushFault,
  type PushGroup,
  type PushGroupStore,
  type PushMode,
  batchGroup,
  failedGroup,
  parsePush,
  pushedGroup,
  typeConflict,
} from "../../ingest/pushgateway/group";
import { listGroup } from "../../ingest/pushgateway/listing";
import { parseGrouping } from "../../ingest/pushgateway/grouping";
import type { AppEnv } from "../deps";
import { RETRY_AFTER_S, appendBatch, rejectionStatus, rejectionText } from "./append";
import { readExposition } from "./exposition";

/** One group is one row of D1, which holds 2 MB. */
export const PUSH_GROUP_LIMIT_BYTES = 1024 * 1024;
/** Pushers to one group at the same moment; each round lets at least one of them through. */
const ATTEMPTS = 8;

/**
 * `/metrics/job/<job>[/label/value…]` as a Pushgateway answers it: PUT replaces the group,
 * POST the metrics of the same names; both give 200, DELETE gives 202. Errors are plain text.
 */
export async function pushGroup(c: Context<AppEnv>): Promise<Response> {
  const grouping = groupingOf(c);
  if (!grouping.ok) return c.text(`${grouping.error}\n`, 400);
  const mode: PushMode = c.req.method === "PUT" ? "replace" : "merge";
  const body = await readExposition(c.req.raw);
  if (!body.ok) return c.text(`${bodyErrorMessage(body.error)}\n`, bodyErrorStatus(body.error));
  const families = parsePush(body.value, grouping.value);
  if (!families.ok) return await refused(c, grouping.value, families.error);
  const { projectId } = c.get("actor");
  const elsewhere = await c
    .get("deps")
    .pushGroups(projectId)
    .elsewhere(
      renderLabels(grouping.value),
      families.value.map((f) => f.name),
    );
  const conflict = typeConflict(families.value, elsewhere);
  if (conflict !== undefined) return await refused(c, grouping.value, conflict);
  return await change(c, grouping.value, mode, families.value);
}

export async function deleteGroup(c: Context<AppEnv>): Promise<Response> {
  const grouping = groupingOf(c);
  if (!grouping.ok) return c.text(`${grouping.error}\n`, 400);
  return await change(c, grouping.value, "delete", []);
}

/**
 * Stores the group first: it decides between two pushers. Where the samples then fail to
 * follow, the pusher is told to push again, and series that went fall silent by themselves.
 */
async function change(
  c: Context<AppEnv>,
  grouping: Labels,
  mode: PushMode | "delete" | "fail",
  families: readonly PushFamily[],
): Promise<Response> {
  const deps = c.get("deps");
  const { projectId } = c.get("actor");
  const store = deps.pushGroups(projectId);
  const key = renderLabels(grouping);
  const nowMs = deps.clock();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const old = await store.get(key);
    if (mode === "delete" && old === undefined) return c.body(null, 202);
    const group = groupAfter(old?.group, mode, grouping, families, nowMs);
    if (group !== undefined && JSON.stringify(group).length > PUSH_GROUP_LIMIT_BYTES) {
      return c.text(
        `the group ${key} is larger than the limit of ${PUSH_GROUP_LIMIT_BYTES} bytes\n`,
        413,
      );
    }
    if (!(await keep(store, key, old?.version, group))) continue;
    const stored = await appendBatch(deps, projectId, batchGroup(old?.group, group, nowMs));
    if (!stored.ok)
      return c.text(`${stored.error.message}\n`, 503, { "retry-after": String(RETRY_AFTER_S) });
    const { rejected } = stored.value;
    if (rejected.length > 0)
      return c.text(`${rejectionText(rejected)}\n`, rejectionStatus(rejected));
    return c.body(null, mode === "delete" ? 202 : 200);
  }
  return c.text(`too many pushes to ${key} at once\n`, 503, { "retry-after": "1" });
}

function groupAfter(
  old: PushGroup | undefined,
  mode: PushMode | "delete" | "fail",
  grouping: Labels,
  families: readonly PushFamily[],
  nowMs: number,
): PushGroup | undefined {
  switch (mode) {
    case "delete":
      return undefined;
    case "fail":
      return failedGroup(old, grouping, nowMs);
    case "replace":
    case "merge":
      return pushedGroup(old, mode, grouping, families, nowMs);
  }
}

/** A body that can be read and not be taken is noted with the group: `push_failure_time_seconds`. */
async function refused(c: Context<AppEnv>, grouping: Labels, fault: PushFault): Promise<Response> {
  if (fault.reason !== "malformed") {
    const noted = await change(c, grouping, "fail", []);
    if (noted.status >= 500) return noted;
  }
  return c.text(`${faultText(fault)}\n`, 400);
}

/** `GET /api/v1/metrics`, as a Pushgateway lists its groups. */
export async function listGroups(c: Context<AppEnv>): Promise<Response> {
  const groups = await c.get("deps").pushGroups(c.get("actor").projectId).list();
  return c.json({ status: "success", data: groups.map(listGroup) });
}

/** `GET /api/v1/status`, as far as a Worker has such a thing: it started when it was deployed. */
export function gatewayStatus(c: Context<AppEnv>): Response {
  const { version } = c.get("deps").config;
  return c.json({ status: "success", data: { build_information: { version }, flags: {} } });
}

/** `PUT /api/v1/admin/wipe`: every group ends. */
export async function wipeGroups(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const { projectId } = c.get("actor");
  const store = deps.pushGroups(projectId);
  const groups = await store.list();
  for (const group of groups) {
    const stored = await appendBatch(deps, projectId, batchGroup(group, undefined, deps.clock()));
    if (!stored.ok)
      return c.text(`${stored.error.message}\n`, 503, { "retry-after": String(RETRY_AFTER_S) });
  }
  await store.clear();
  return c.body(null, 202);
}

async function keep(
  store: PushGroupStore,
  key: string,
  version: number | undefined,
  group: PushGroup | undefined,
): Promise<boolean> {
  if (group !== undefined) return await store.put(group, version);
  return version !== undefined && (await store.remove(key, version));
}

/** The path as sent: a router would decode `%2F` before the segments are told apart. */
function groupingOf(c: Context<AppEnv>): ReturnType<typeof parseGrouping> {
  return parseGrouping(new URL(c.req.url).pathname.slice("/metrics/".length));
}

function faultText(f: PushFault): string {
  switch (f.reason) {
    case "malformed":
      return `parsing error: ${f.error.message}`;
    case "timestamp":
      return `pushed metrics must not have timestamps: ${f.series}`;
    case "type":
      return `pushed metrics are invalid or inconsistent with existing metrics: ${f.name} is a ${f.known} in another group, not a ${f.pushed}`;
    case "duplicate":
      return `pushed twice in one body: ${f.series}`;
  }
}
