import { Badge, Group } from "@mantine/core";
import type { ReactNode } from "react";

/** A label set as chips, by name; `without` are shown elsewhere. */
export function Labels({
  labels,
  without = [],
}: {
  readonly labels: Readonly<Record<string, string>>;
  readonly without?: readonly string[];
}): ReactNode {
  const shown = Object.entries(labels)
    .filter(([name]) => !without.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <Group gap={4}>
      {shown.map(([name, value]) => (
        <Badge
          key={name}
          color="gray"
          tt="none"
          fw={400}
          ff="monospace"
          size="sm"
          maw={320}
          style={{ flex: "none" }}
          title={`${name}=${value}`}
        >
          {name}={value}
        </Badge>
      ))}
    </Group>
  );
}
