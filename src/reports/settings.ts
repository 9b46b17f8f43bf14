import * as z from "zod";
import { type Result, err, ok } from "../core/result";

export interface ReportSettings {
  readonly enabled: boolean;
  /** Of the Alertmanager configuration; its root receiver unless set. */
  readonly receiver?: string;
}

/** What `PUT /config/v1/reports` takes. */
export const ReportsBody = z.strictObject({
  enabled: z.boolean().default(true),
  receiver: z.string().min(1).max(200).optional(),
});

/** Reads what `PUT /config/v1/reports` got. The error says where, as a JSON pointer. */
export function parseReportSettings(
  value: unknown,
): Result<ReportSettings, { readonly where: string; readonly message: string }> {
  const parsed = ReportsBody.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return err({
      where: `/${(issue?.path ?? []).join("/")}`,
      message: issue?.message ?? "wrong shape",
    });
  }
  const { enabled, receiver } = parsed.data;
  return ok(receiver === undefined ? { enabled } : { enabled, receiver });
}
