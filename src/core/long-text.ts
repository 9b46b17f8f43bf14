import type { LongText } from "./objects";

export async function textOf(text: LongText): Promise<string> {
  return typeof text === "string" ? text : new Response(text).text();
}
