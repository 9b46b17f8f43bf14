import { Badge } from "@mantine/core";
import type { ReactNode } from "react";
import type { IncidentStatus } from "../../../../src/incidents/model";

const COLOR = { open: "red", acknowledged: "yellow", resolved: "teal" } as const;

export function IncidentStatusBadge({ status }: { readonly status: IncidentStatus }): ReactNode {
  return (
    <Badge size="sm" color={COLOR[status]} variant={status === "open" ? "filled" : "light"}>
      {status}
    </Badge>
  );
}
