import { DurableObject } from "cloudflare:workers";
import type { Env } from "../src/env";

export class Spill extends DurableObject<Env> {}
