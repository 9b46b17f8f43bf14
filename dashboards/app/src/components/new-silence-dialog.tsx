import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { makeSilence } from "../api/silences";
import { readMatchers } from "../matcher-lines";
import { MatchersField } from "./matchers-field";
import { ErrorNote } from "./query-state";
import { WhenFields, timesOf, useWhen } from "./when-fields";

/** A silence by matchers, once or each week. */
export function NewSilenceDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [lines, setLines] = useState("");
  const [comment, setComment] = useState("");
  const [when, setWhen] = useWhen();
  const queries = useQueryClient();
  const read = readMatchers(lines);
  const matchers = read.ok ? read.matchers : [];
  const times = timesOf(when);
  const make = useMutation({
    mutationFn: () => makeSilence({ matchers, comment, ...times }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["silences"] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="New silence" size="lg">
      <Stack gap="sm">
        <MatchersField lines={lines} onChange={setLines} />
        <WhenFields when={when} onChange={setWhen} />
        <TextInput
          size="xs"
          label="Why"
          value={comment}
          onChange={(e) => setComment(e.currentTarget.value)}
        />
        {make.isError && <ErrorNote error={make.error} />}
        <Group justify="flex-end">
          <Button
            size="xs"
            disabled={matchers.length === 0 || times === undefined}
            loading={make.isPending}
            onClick={() => make.mutate()}
          >
            Silence
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
