import { DurableObject } from "cloudflare:workers";
import type { Env } from "../src/env";

export class AlertRouter extends DurableObject<Env> {}
