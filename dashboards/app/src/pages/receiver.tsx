import type { ReactNode } from "react";
export function ReceiverPage(): ReactNode {
  return null;
}
