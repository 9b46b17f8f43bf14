import { ApiError, getJson, send } from "../api/client";

export interface Session {
  readonly project: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly admin: boolean;
}

/** Who is logged in, or null. */
export async function currentSession(): Promise<Session | null> {
  try {
    return await getJson<Session>("/session");
  } catch (e) {
    if (e instanceof ApiError && (e.status === 401 || e.status === 403)) return null;
    throw e;
  }
}

export async function logIn(token: string): Promise<Session> {
  const session = await send<Session>("POST", "/session", { token });
  if (session === undefined) throw new Error("the server did not say who logged in");
  return session;
}

export async function logOut(): Promise<void> {
  await send("DELETE", "/session");
}

/**
 * The token of a link `…/monitoring#token=vdt_…`. A fragment never leaves the browser; it is
 * taken out of the address at once, so that neither history nor a copied address keeps it.
 */
export function takeTokenFromAddress(): string | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (token === null || token === "") return undefined;
  fragment.delete("token");
  const rest = fragment.toString();
  history.replaceState(
    history.state,
    "",
    location.pathname + location.search + (rest === "" ? "" : `#${rest}`),
  );
  return token;
}
