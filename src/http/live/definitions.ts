import { DEFAULT_FIGURES, type FigureDefinition } from "../../live/figures";
import { parseFiguresConfig } from "../../live/figures-config";
import type { Deps } from "../deps";

const REMEMBER_MS = 5_000;

/** Reads the project's figure definitions, remembered for 5 s; the defaults serve where the configuration does not parse. */
export function loadFigureDefinitions(
  deps: Deps,
  projectId: string,
): (nowMs: number) => Promise<readonly FigureDefinition[]> {
  let remembered:
    | { readonly atMs: number; readonly definitions: readonly FigureDefinition[] }
    | undefined;
  return async (nowMs) => {
    if (remembered !== undefined && nowMs - remembered.atMs < REMEMBER_MS)
      return remembered.definitions;
    const document = await deps.configStore(projectId).get("figures", "default");
    const parsed = parseFiguresConfig(document?.body);
    remembered = { atMs: nowMs, definitions: parsed.ok ? parsed.value : DEFAULT_FIGURES };
    return remembered.definitions;
  };
}
