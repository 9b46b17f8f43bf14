import type { Labels } from "../core/labels";
import { labelName } from "./print";
import { quote } from "./quoting";

/** `{__name__="up", job="x"}`: every label alike, as Prometheus' errors show a series. */
export function labelSetText(labels: Labels): string {
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i += 2)
    parts.push(`${labelName(labels[i] as string)}=${quote(labels[i + 1] as string)}`);
  return `{${parts.join(", ")}}`;
}
