import type { Actor } from "../../core/auth";
import { toHex } from "../../ingest/body/hex";

/** The header by which a client names its batch: the same name is counted once within 24 h. */
const HEADER = "idempotency-key";

/** Of what the client says: its token and its own key. Undefined where it sends none. */
export async function clientBatchId(request: Request, actor: Actor): Promise<string | undefined> {
  const key = request.headers.get(HEADER);
  return key === null || key === ""
    ? undefined
    : await digest(`key\n${actor.tokenId}\n`, new TextEncoder().encode(key));
}

/** Of token and body: only for bodies that carry their own timestamps, where equal bodies are one. */
export async function bodyBatchId(actor: Actor, body: Uint8Array): Promise<string> {
  return await digest(`body\n${actor.tokenId}\n`, body);
}

async function digest(prefix: string, bytes: Uint8Array): Promise<string> {
  const head = new TextEncoder().encode(prefix);
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  const hash = await crypto.subtle.digest("SHA-256", whole);
  return toHex(new Uint8Array(hash, 0, 16));
}
