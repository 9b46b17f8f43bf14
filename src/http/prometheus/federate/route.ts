import type { Context } from "hono";
import { CUSTOM_BUCKETS } from "../../../core/histogram";
import { METRIC_NAME, compareLabels, compareStrings, labelsKey } from "../../../core/labels";
import {
  SampleBudgetError,
  type SelectRequest,
  ShardUnavailableError,
} from "../../../core/metric-store";
import type { Series } from "../../../core/series";
import { bitsOf, isStaleAt } from "../../../core/stale";
import { DEFAULT_LOOKBACK_MS, parseSelector, renderParseError } from "../../../promql";
import type { AppEnv } from "../../deps";
import { type FederatedSample, expose } from "./exposition";
import { negotiate } from "./format";

/** `GET /federate`: the last sample of every series that a `match[]` accepts (https://prometheus.io/docs/prometheus/latest/federation/). */
export async function federate(c: Context<AppEnv>): Promise<Response> {
  const { clock, config, metrics } = c.get("deps");
  const endMs = clock();
  const requests: SelectRequest[] = [];
  for (const text of new URL(c.req.url).searchParams.getAll("match[]")) {
    const parsed = parseSelector(text);
    if (!parsed.ok) return c.text(`${renderParseError(parsed.error)}\n`, 400);
    const { matchers } = parsed.value;
    requests.push({ matchers, startMs: endMs - DEFAULT_LOOKBACK_MS, endMs });
  }
  try {
    const limits =
      config.queryMaxSamples === undefined ? {} : { maxSamples: config.queryMaxSamples };
    const found =
      requests.length === 0 ? [] : await metrics(c.get("actor").projectId).select(requests, limits);
    const format = negotiate(c.req.header("accept") ?? "");
    return new Response(expose(lastSamples(found.flat()), format), {
      headers: { "content-type": format.contentType, vary: "accept" },
    });
  } catch (e) {
    if (e instanceof SampleBudgetError) return c.text(`${e.message}\n`, 422);
    if (e instanceof ShardUnavailableError) return c.text(`${e.message}\n`, 503);
    throw e;
  }
}

/** Each series once, those of a metric together; a stale one is left out, as no exposition can tell that. */
function lastSamples(found: readonly Series[]): FederatedSample[] {
  const byKey = new Map(found.map((s) => [labelsKey(s.labels), s]));
  const out: FederatedSample[] = [];
  for (const s of [...byKey.values()].sort((a, b) => compareLabels(a.labels, b.labels))) {
    const last = s.timestamps.length - 1;
    const histogram = s.histograms?.[last];
    if (histogram === undefined && isStaleAt(bitsOf(s.values), last)) continue;
    // The protobuf form has no bounds of one's own choice.
    if (histogram?.schema === CUSTOM_BUCKETS) continue;
    const labels: string[] = [];
    let name = "";
    let hasInstance = false;
    for (let i = 0; i < s.labels.length; i += 2) {
      const label = s.labels[i] as string;
      if (label === METRIC_NAME) name = s.labels[i + 1] as string;
      else labels.push(label, s.labels[i + 1] as string);
      hasInstance ||= label === "instance";
    }
    if (name === "") continue;
    // So that the scraper's own instance is not put in its place.
    if (!hasInstance) labels.push("instance", "");
    out.push({
      name,
      labels,
      timestampMs: s.timestamps[last] as number,
      value: s.values[last] as number,
      ...(histogram === undefined ? {} : { histogram }),
    });
  }
  return out.sort((a, b) => compareStrings(a.name, b.name));
}
