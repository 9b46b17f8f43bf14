import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouteContext } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type Silence, putSilence } from "../api/silences";
import { matcherLines, readMatchers } from "../matcher-lines";
import { newWhen, timesOf, whenAgain, whenAsItIs } from "../when-form";
import { MatchersField } from "./matchers-field";
import { ErrorNote } from "./query-state";
import { WhenFields, useWhen } from "./when-fields";

/** What a silence begins as: nothing, or one that is there. */
export type SilenceStart =
  | { readonly do: "make" }
  /** The same matchers once more, of one that is over. */
  | { readonly do: "edit" | "recreate"; readonly silence: Silence };

const TITLES = { make: "New silence", edit: "Edit silence", recreate: "Recreate silence" } as const;

/** A silence by matchers, once or each week. */
export function SilenceForm({
  start,
  onClose,
}: {
  readonly start: SilenceStart;
  readonly onClose: () => void;
}): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const former = start.do === "make" ? undefined : start.silence;
  const [lines, setLines] = useState(matcherLines(former?.matchers ?? []));
  const [comment, setComment] = useState(former?.comment ?? "");
  const [createdBy, setCreatedBy] = useState(
    start.do === "edit" ? start.silence.createdBy : session.name,
  );
  const [when, setWhen] = useWhen(() => {
    const now = Date.now();
    if (start.do === "make") return newWhen(now);
    return start.do === "edit" ? whenAsItIs(start.silence, now) : whenAgain(start.silence, now);
  });
  const queries = useQueryClient();
  const read = readMatchers(lines);
  const matchers = read.ok ? read.matchers : [];
  const times = timesOf(when);
  const put = useMutation({
    mutationFn: () =>
      putSilence({
        ...(start.do === "edit" ? { id: start.silence.id } : {}),
        ...(former?.annotations === undefined ? {} : { annotations: former.annotations }),
        ...(createdBy.trim() === "" ? {} : { createdBy: createdBy.trim() }),
        matchers,
        comment,
        ...times,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["silences"] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={TITLES[start.do]} size="lg">
      <Stack gap="sm">
        <MatchersField lines={lines} onChange={setLines} />
        <WhenFields when={when} onChange={setWhen} />
        <Group gap="xs" grow preventGrowOverflow={false}>
          <TextInput
            size="xs"
            label="Why"
            value={comment}
            maxLength={5_000}
            onChange={(e) => setComment(e.currentTarget.value)}
          />
          <TextInput
            size="xs"
            label="By"
            value={createdBy}
            maxLength={200}
            onChange={(e) => setCreatedBy(e.currentTarget.value)}
          />
        </Group>
        {put.isError && <ErrorNote error={put.error} />}
        <Group justify="flex-end">
          <Button
            size="xs"
            disabled={matchers.length === 0 || times === undefined}
            loading={put.isPending}
            onClick={() => put.mutate()}
          >
            {start.do === "edit" ? "Save" : "Silence"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
