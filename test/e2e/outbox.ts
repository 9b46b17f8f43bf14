import type { Vedette } from "./vedette";

interface Receivers {
  readonly receivers: readonly {
    readonly name: string;
    readonly integrations: readonly { readonly delivery: { readonly waiting: number } | null }[];
  }[];
}

/** Messages that a receiver's first integration has not noted as delivered; undefined where it does not say. */
export async function waitingIn(vedette: Vedette, receiver: string): Promise<number | undefined> {
  const r = await vedette.fetch("/api/v1/receivers", { token: "vdt_read_local" });
  if (!r.ok) return undefined;
  const { receivers } = (await r.json()) as Receivers;
  return receivers.find((x) => x.name === receiver)?.integrations[0]?.delivery?.waiting;
}
