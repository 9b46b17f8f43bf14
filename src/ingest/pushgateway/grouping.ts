import { type Labels, labelsOf } from "../../core/labels";
import { type Result, err, ok } from "../../core/result";
import { fromBase64 } from "../body/base64";

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const BASE64_SUFFIX = "@base64";

/**
 * The grouping key of a Pushgateway path: what follows `/metrics/`, as
 * `job/<job>{/<label>/<value>}`, still percent-encoded
 * (https://github.com/prometheus/pushgateway#url). A label with `@base64` has its value in
 * base64; a lone `=` there is the empty value, which is as if the label were not given.
 */
export function parseGrouping(path: string): Result<Labels, string> {
  const parts = path
    .replace(/\/$/, (slash, at: number) =>
      path.slice(0, at).split("/").length % 2 === 0 ? "" : slash,
    )
    .split("/");
  if (parts.length % 2 !== 0)
    return err(`odd number of path segments after /metrics/: ${JSON.stringify(path)}`);
  const record: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let i = 0; i < parts.length; i += 2) {
    const name = decode(parts[i] as string);
    const raw = decode(parts[i + 1] as string);
    if (name === undefined || raw === undefined)
      return err(`a segment that is not percent-encoded UTF-8: ${JSON.stringify(parts[i])}`);
    const isBase64 = name.endsWith(BASE64_SUFFIX);
    const label = isBase64 ? name.slice(0, -BASE64_SUFFIX.length) : name;
    const value = isBase64 ? text(raw) : raw;
    if (value === undefined)
      return err(
        `the value of ${label}${BASE64_SUFFIX} is not base64 of UTF-8: ${JSON.stringify(raw)}`,
      );
    if (!LABEL_NAME.test(label) || label.startsWith("__"))
      return err(`improper label name ${JSON.stringify(label)}`);
    if (i === 0 && label !== "job")
      return err("the path must begin with the job: /metrics/job/<job>");
    if (i === 0 && value === "") return err("job name is required");
    if (label in record) return err(`label ${JSON.stringify(label)} twice`);
    record[label] = value;
  }
  return ok(labelsOf(record));
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function text(base64: string): string | undefined {
  const bytes = fromBase64(base64);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
