import type { Scope } from "../../core/auth";

export interface LocalToken {
  readonly token: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
}

/** Documented, so that every line of the README can be pasted. They exist only where LOCAL is set. */
export const LOCAL_TOKENS: readonly LocalToken[] = [
  { token: "vdt_ingest_local", name: "local ingest", scopes: ["ingest"] },
  { token: "vdt_beacon_local", name: "local beacon", scopes: ["beacon"] },
  { token: "vdt_read_local", name: "local read", scopes: ["read"] },
  { token: "vdt_admin_local", name: "local admin", scopes: ["admin"] },
];
