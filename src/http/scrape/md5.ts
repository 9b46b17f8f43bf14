import { createHash } from "node:crypto";
import type { HashTail } from "../../scrape/relabel";

/** @see HashTail */
export const md5Tail: HashTail = (text) =>
  createHash("md5").update(text).digest().readBigUInt64BE(8);
