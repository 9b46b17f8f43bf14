import type { CallExpr } from "./ast";
import type { Column } from "./columns";
import type { Env } from "./env";
import { executionError } from "./query-error";

export function evalInfo(_e: CallExpr, _env: Env): Column[] {
  return executionError("info() is experimental and not enabled");
}
