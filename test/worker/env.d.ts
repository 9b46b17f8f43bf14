import type { Env as WorkerEnv } from "../../src/env";

declare global {
  namespace Cloudflare {
    interface Env extends WorkerEnv {}
    /** What `exports` of cloudflare:workers has. */
    interface GlobalProps {
      mainModule: typeof import("../../src/index");
    }
  }
}
