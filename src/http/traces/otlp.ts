import type { Context } from "hono";
import { scrubRules } from "../../core/scrub";
import type { Span } from "../../core/traces";
import { exportTraceRequest } from "../../ingest/otlp-traces/model";
import { translateSpans } from "../../ingest/otlp-traces/translate";
import { RejectionCount, type Rejection } from "../../ingest/rejections";
import type { OtlpFormat } from "../../ingest/otlp/response";
import { spanMetrics } from "../../traces/derived";
import { MAX_AGE_MS, MAX_AHEAD_MS, cleanSpan, rejectionOf } from "../../traces/limits";
import { SpanNameBudget } from "../../traces/span-names";
import { countDerived } from "../derived-metrics";
import type { AppEnv } from "../deps";
import { bodyBatchId, clientBatchId } from "../ingest-metrics/batch-id";
import { readOtlp } from "../otlp/request";
import { otlpFailure, otlpSuccess } from "../otlp/respond";
import {
  STORE_RETRY_AFTER_S,
  STORE_STATUS,
  type StoreRefusal,
  storeRefusal,
} from "../store-refusal";

/** Per isolate and project. */
const budgets = new Map<string, SpanNameBudget>();
const MAX_PROJECTS = 1_000;

/** `POST /v1/traces`: OTLP/HTTP in either encoding. Spans that cannot be kept are told as partial success. */
export async function otlpTraces(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const actor = c.get("actor");
  const request = await readOtlp(c.req.raw, exportTraceRequest, "ExportTraceServiceRequest");
  if (!request.ok) return request.error;
  const { format, body, message } = request.value;
  // Spans carry their ids and times, so that equal bodies are one batch.
  const batchId = (await clientBatchId(c.req.raw, actor)) ?? (await bodyBatchId(actor, body));
  const now = deps.clock();
  const rejected = new RejectionCount();
  const rules = scrubRules();
  const kept: Span[] = [];
  for (const span of translateSpans(message)) {
    const reason = rejectionOf(span, now);
    if (reason === undefined) kept.push(cleanSpan(rules, span));
    else rejected.add(reason, 1, () => `${span.name} (trace ${span.traceId || "without id"})`);
  }
  if (kept.length > 0) {
    try {
      await deps.traces(actor.projectId).append(batchId, kept);
    } catch (e) {
      const refusal = storeRefusal(e);
      if (refusal === undefined) throw e;
      return refuse(format, refusal);
    }
    const metrics = spanMetrics(batchId, kept, budgetOf(actor.projectId), now);
    const counted = await countDerived(deps, actor.projectId, "traces", metrics);
    if (!counted.ok) return refuse(format, counted.error);
  }
  if (rejected.list.length === 0) return otlpSuccess("traces", format);
  return otlpSuccess("traces", format, {
    rejected: rejected.list.reduce((n, r) => n + r.count, 0),
    message: rejectionText(rejected.list),
  });
}

function refuse(format: OtlpFormat, { reason, message }: StoreRefusal): Response {
  return otlpFailure(format, STORE_STATUS[reason], message, STORE_RETRY_AFTER_S[reason]);
}

function budgetOf(projectId: string): SpanNameBudget {
  let budget = budgets.get(projectId);
  if (budget === undefined) {
    if (budgets.size >= MAX_PROJECTS) budgets.clear();
    budget = new SpanNameBudget();
    budgets.set(projectId, budget);
  }
  return budget;
}

const WHY: Readonly<Record<string, string>> = {
  invalid_id: "a trace id has 32 hex digits, a span id 16, not all zero",
  too_old: `older than ${MAX_AGE_MS / 86_400_000} days`,
  too_far_in_future: `more than ${MAX_AHEAD_MS / 60_000} minutes in the future`,
};

function rejectionText(rejected: readonly Rejection[]): string {
  const total = rejected.reduce((n, r) => n + r.count, 0);
  const parts = rejected.map(
    (r) => `${r.count} ${r.reason} (${WHY[r.reason] ?? ""}), e.g. ${r.example}`,
  );
  return `${total} spans rejected: ${parts.join("; ")}`;
}
