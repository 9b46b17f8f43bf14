import { Textarea } from "@mantine/core";
import type { ReactNode } from "react";
import { readMatchers } from "../matcher-lines";

/** Matchers as people write them, one a line. */
export function MatchersField({
  lines,
  onChange,
}: {
  readonly lines: string;
  readonly onChange: (lines: string) => void;
}): ReactNode {
  const read = readMatchers(lines);
  return (
    <Textarea
      size="xs"
      label="Alerts with"
      description={'one matcher a line, such as service="checkout" or instance=~"db-.*"'}
      autosize
      minRows={2}
      value={lines}
      onChange={(e) => onChange(e.currentTarget.value)}
      error={read.ok ? undefined : `${read.line} is no matcher`}
      spellCheck={false}
    />
  );
}
