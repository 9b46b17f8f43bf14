import { DurableObject } from "cloudflare:workers";
import type { Env } from "../src/env";

export class MetricShard extends DurableObject<Env> {}
