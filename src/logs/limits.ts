import type { LogLine } from "../core/logs";
import { type ScrubRules, isSecretName, REDACTED, scrubText } from "../core/scrub";

/** What one line may hold; beyond it a line is cut and says so in an attribute. In characters. */
export const MAX_MESSAGE = 65_536;
export const MAX_ATTRIBUTES = 128;
export const MAX_ATTRIBUTE_VALUE = 16_384;
export const MAX_ATTRIBUTE_NAME = 256;
export const MAX_SERVICE = 128;

/** Lines outside of these are refused. */
export const MAX_AGE_MS = 30 * 86_400_000;
export const MAX_AHEAD_MS = 600_000;

/** The attribute that tells what was cut from its line. */
export const CUT_ATTRIBUTE = "vedette.truncated";

export type LineRejection = "too_old" | "too_far_in_future";

export function rejectionOf(timeMs: number, nowMs: number): LineRejection | undefined {
  if (timeMs < nowMs - MAX_AGE_MS) return "too_old";
  if (timeMs > nowMs + MAX_AHEAD_MS) return "too_far_in_future";
  return undefined;
}

/** The line with secrets taken out and cut to what a line may hold. */
export function cleanLine(rules: ScrubRules, line: LogLine): LogLine {
  const cut = new Set<string>();
  const attributes: [string, string][] = [];
  for (const [name, value] of Object.entries(line.attributes)) {
    if (attributes.length === MAX_ATTRIBUTES) {
      cut.add("attributes");
      break;
    }
    if (name.length > MAX_ATTRIBUTE_NAME || value.length > MAX_ATTRIBUTE_VALUE)
      cut.add("attributes");
    attributes.push([
      name.slice(0, MAX_ATTRIBUTE_NAME),
      isSecretName(rules, name) ? REDACTED : scrubText(value.slice(0, MAX_ATTRIBUTE_VALUE)),
    ]);
  }
  if (line.message.length > MAX_MESSAGE) cut.add("message");
  if (cut.size > 0) attributes.push([CUT_ATTRIBUTE, [...cut].join(",")]);
  return {
    ...line,
    // It becomes a label: half a surrogate pair has no place in UTF-8.
    service: line.service.slice(0, MAX_SERVICE).toWellFormed(),
    message: scrubText(line.message.slice(0, MAX_MESSAGE)),
    attributes: Object.fromEntries(attributes),
  };
}
