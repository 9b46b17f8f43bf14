/** What a token may do. `admin` includes `read` and `ingest`. */
export type Scope = "ingest" | "beacon" | "read" | "admin";

/** Who asks. `name` is what timelines and histories show. */
export interface Actor {
  readonly projectId: string;
  readonly tokenId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Origins a beacon token may be used from; empty: any. */
  readonly origins: readonly string[];
  readonly via: "bearer" | "basic" | "query" | "session" | "access";
}

export function mayDo(scopes: readonly Scope[], wanted: Scope): boolean {
  if (scopes.includes(wanted)) return true;
  return scopes.includes("admin") && wanted !== "beacon";
}

/** An issued token as the list shows it: never the token itself. */
export interface TokenRecord {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly origins: readonly string[];
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly revokedAtMs: number | null;
}

export type TokenState =
  | { readonly state: "active"; readonly record: TokenRecord }
  | { readonly state: "revoked" }
  | { readonly state: "unknown_id" }
  /** D1 did not answer and nothing is remembered. */
  | { readonly state: "unavailable" };

export interface TokenStore {
  /** From the isolate's memory for 60 s; older memories serve for 1 h where D1 fails. */
  state(projectId: string, id: string): Promise<TokenState>;
  list(projectId: string): Promise<TokenRecord[]>;
  add(record: TokenRecord): Promise<void>;
  /** False where there is no such active token. Other isolates learn within 60 s. */
  revoke(projectId: string, id: string, atMs: number): Promise<boolean>;
  /** Adds the record only where the deployment has no admin token yet. */
  addFirstAdmin(record: TokenRecord): Promise<boolean>;
}
