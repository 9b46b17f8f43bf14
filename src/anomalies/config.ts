import * as z from "zod";
import { type Result, err, ok } from "../core/result";

/** One expression whose label sets are scanned. */
export interface WatchedSeries {
  readonly name: string;
  readonly expr: string;
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What `PUT /config/v1/anomalies` takes. */
export const AnomaliesBody = z.strictObject({
  series: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-zA-Z0-9_-]{1,60}$/, "a name has letters, digits, _ and -"),
        expr: z.string().min(1).max(4_000),
        severity: z.string().min(1).max(40).default("warning"),
        labels: z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string()).default({}),
      }),
    )
    .max(50),
});

/** In force while none is configured. */
export const DEFAULT_WATCHED: readonly WatchedSeries[] = [
  {
    name: "request-rate",
    expr: "sum(rate(http_requests_total[5m])) or sum(rate(api_requests_total[5m])) or sum(rate(http_server_request_duration_seconds_count[5m]))",
    severity: "warning",
    labels: {},
  },
  { name: "events-rate", expr: "sum(rate(events_total[5m]))", severity: "warning", labels: {} },
  {
    name: "log-errors",
    expr: 'sum by (service) (rate(log_lines_total{level=~"error|fatal"}[5m]))',
    severity: "warning",
    labels: {},
  },
];

/** Reads what `PUT /config/v1/anomalies` got. The error says where, as a JSON pointer. */
export function parseAnomalies(
  value: unknown,
): Result<readonly WatchedSeries[], { readonly where: string; readonly message: string }> {
  const parsed = AnomaliesBody.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return err({
      where: `/${(issue?.path ?? []).join("/")}`,
      message: issue?.message ?? "wrong shape",
    });
  }
  const names = parsed.data.series.map((s) => s.name);
  const twice = names.findIndex((n, i) => names.indexOf(n) !== i);
  if (twice >= 0)
    return err({
      where: `/series/${twice}/name`,
      message: `the name ${JSON.stringify(names[twice])} is taken twice`,
    });
  return ok(parsed.data.series);
}
