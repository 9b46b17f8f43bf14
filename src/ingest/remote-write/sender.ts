import type { ReplicaLabels, Sender } from "../replicas/election";
import { readSymbols } from "./decode-v2";
import { Symbols } from "./symbols";
import { ProtoWalker, WireFormatError } from "./walker";

const FIELD_1 = (1 << 3) | 2;
const TIMESERIES_V2 = (5 << 3) | 2;

/**
 * Which replica of which pair sent a body, as the labels of its first series tell: external labels stand on every
 * series. Undefined where one of the two labels is absent, and for bodies that do not parse.
 */
export function senderOf(
  bytes: Uint8Array,
  version: 1 | 2,
  labels: ReplicaLabels,
): Sender | undefined {
  try {
    const found = version === 1 ? firstLabels(bytes) : firstLabelsV2(bytes);
    const cluster = found.get(labels.cluster);
    const replica = found.get(labels.replica);
    return cluster && replica ? { cluster, replica } : undefined;
  } catch (e) {
    if (e instanceof WireFormatError) return undefined;
    throw e;
  }
}

function firstLabels(bytes: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  const w = new ProtoWalker(bytes);
  while (w.at < bytes.length) {
    const tag = w.tag(bytes.length);
    if (tag !== FIELD_1) {
      w.skip(tag, bytes.length);
      continue;
    }
    const end = w.lengthEnd(bytes.length);
    while (w.at < end && bytes[w.at] === FIELD_1) {
      w.at++;
      const labelEnd = w.lengthEnd(end);
      const pair = ["", ""];
      while (w.at < labelEnd) {
        const part = w.tag(labelEnd);
        if (part === FIELD_1) pair[0] = w.text(labelEnd) ?? "";
        else if (part === ((2 << 3) | 2)) pair[1] = w.text(labelEnd) ?? "";
        else w.skip(part, labelEnd);
      }
      found.set(pair[0] as string, pair[1] as string);
    }
    break;
  }
  return found;
}

function firstLabelsV2(bytes: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  const w = new ProtoWalker(bytes);
  const symbols = new Symbols(w);
  readSymbols(w, symbols);
  w.at = 0;
  while (w.at < bytes.length) {
    const tag = w.tag(bytes.length);
    if (tag !== TIMESERIES_V2) {
      w.skip(tag, bytes.length);
      continue;
    }
    const end = w.lengthEnd(bytes.length);
    if (w.at < end && w.tag(end) === FIELD_1) {
      const stop = w.lengthEnd(end);
      while (w.at < stop) {
        const name = symbols.text(w.int64(stop));
        const value = w.at < stop ? symbols.text(w.int64(stop)) : undefined;
        if (name !== undefined && value !== undefined) found.set(name, value);
      }
    }
    break;
  }
  return found;
}
