/** Under which all names beyond the cap are counted. */
export const OTHER_NAME = "other";
/** A label this long is no name any more. */
const MAX_LENGTH = 100;

/**
 * Which event names become label values. A beacon's key is public, so anybody may invent names: the first
 * `cap` of a project have their own series, all others share one. Kept per isolate, so that several
 * isolates may know different first names; the shard's series budget is the last line.
 */
export class NameCap {
  private readonly known = new Map<string, Set<string>>();

  constructor(
    private readonly cap = 200,
    private readonly maxProjects = 1_000,
  ) {}

  label(projectId: string, name: string): string {
    if (name.length > MAX_LENGTH) return OTHER_NAME;
    let names = this.known.get(projectId);
    if (names === undefined) {
      if (this.known.size >= this.maxProjects) this.known.clear();
      names = new Set();
      this.known.set(projectId, names);
    }
    if (names.has(name)) return name;
    if (names.size >= this.cap) return OTHER_NAME;
    names.add(name);
    return name;
  }
}
