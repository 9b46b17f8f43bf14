import type { ReactNode } from "react";
export function ExplorePage(): ReactNode {
  return null;
}
