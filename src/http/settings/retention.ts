import * as z from "zod";
import type { ConfigStore } from "../../core/config-store";
import { type Result, err, ok } from "../../core/result";
import { DEFAULT_PERIODS, type RetentionPeriods } from "../../jobs/retention-periods";

const MAX_DAYS = 3_650;
const days = z.int().min(1).max(MAX_DAYS);

/** What `PUT /config/v1/retention` takes: days per store; what is left out keeps its default. */
export const RetentionBody = z.strictObject({
  metrics: days.optional(),
  metrics_raw: days.optional(),
  logs: days.optional(),
  traces: days.optional(),
  events: days.optional(),
  alerts: days.optional(),
  notifications: days.optional(),
  incidents: days.optional(),
  reports: days.optional(),
});

export function parseRetention(
  value: unknown,
): Result<RetentionPeriods, { readonly where: string; readonly message: string }> {
  const parsed = RetentionBody.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return err({
      where: `/${(issue?.path ?? []).join("/")}`,
      message: issue?.message ?? "wrong shape",
    });
  }
  const given = Object.fromEntries(
    Object.entries(parsed.data).filter(([, value]) => value !== undefined),
  );
  return ok({ ...DEFAULT_PERIODS, ...given });
}

/** The periods in force for a project. */
export async function loadRetention(store: ConfigStore): Promise<RetentionPeriods> {
  const document = await store.get("retention", "default");
  if (document === undefined) return DEFAULT_PERIODS;
  const parsed = parseRetention(JSON.parse(document.body));
  // It was checked when it was put; where it no longer reads, the defaults might delete what is to be kept.
  if (!parsed.ok) throw new Error(`the retention settings do not read: ${parsed.error.message}`);
  return parsed.value;
}
