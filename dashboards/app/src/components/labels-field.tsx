import { Textarea } from "@mantine/core";
import type { ReactNode } from "react";
import { readLabels } from "../matcher-lines";

/** Labels as people write them, one a line. */
export function LabelsField({
  label,
  description,
  lines,
  onChange,
}: {
  readonly label: string;
  readonly description: string;
  readonly lines: string;
  readonly onChange: (lines: string) => void;
}): ReactNode {
  return (
    <Textarea
      size="xs"
      label={label}
      description={description}
      autosize
      minRows={2}
      value={lines}
      onChange={(e) => onChange(e.currentTarget.value)}
      error={readLabels(lines) === undefined ? 'one is written name="value"' : undefined}
      spellCheck={false}
    />
  );
}
