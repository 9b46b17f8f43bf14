import { type Result, err, ok } from "../../core/result";
import type { BodyError } from "./errors";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Bytes → JSON value. The error names the place as the engine tells it. */
export function parseJson(bytes: Uint8Array): Result<unknown, BodyError> {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return err({ reason: "malformed_json", message: "it is not UTF-8" });
  }
  try {
    return ok(JSON.parse(text) as unknown);
  } catch (e) {
    return err({ reason: "malformed_json", message: e instanceof Error ? e.message : String(e) });
  }
}
