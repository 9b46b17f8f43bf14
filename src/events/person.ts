/**
 * The key under which a person's events lie together. The kind comes first, so that a user who
 * is called like somebody's anonymous id is another person. An event of nobody is its own
 * person, which keeps such events apart in the key and out of every count of visitors.
 */
export const PERSON_KINDS = { user: "u:", anonymous: "a:", visitor: "v:", nobody: "-:" } as const;

export interface PersonIds {
  readonly userId: string;
  readonly anonymousId: string;
  readonly visitorId: string;
}

/** The strongest identity that the event has. */
export function personOf(ids: PersonIds, eventId: string): string {
  if (ids.userId !== "") return PERSON_KINDS.user + ids.userId;
  if (ids.anonymousId !== "") return PERSON_KINDS.anonymous + ids.anonymousId;
  if (ids.visitorId !== "") return PERSON_KINDS.visitor + ids.visitorId;
  return PERSON_KINDS.nobody + eventId;
}

/** Every key that a given id may stand for. */
export function personsNamed(id: string): readonly string[] {
  return [PERSON_KINDS.user + id, PERSON_KINDS.anonymous + id, PERSON_KINDS.visitor + id];
}
