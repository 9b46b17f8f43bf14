import { classifyD1Error } from "./d1-errors";
import { StoreUnavailableError } from "./write-or-spill";

/**
 * Runs a question to D1.
 * @throws StoreUnavailableError where D1 is overloaded or down; any other error as it is
 */
export async function reading<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (e) {
    const failure = classifyD1Error(e);
    // Code's own errors are no D1 errors: they carry no such prefix.
    if (failure.kind === "transient" && /D1_|D1 DB|SQLITE/.test(failure.message))
      throw new StoreUnavailableError(failure.message);
    throw e;
  }
}
