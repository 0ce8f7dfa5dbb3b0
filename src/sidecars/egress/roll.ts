/**
 * Members that come and go by the thousand, each found again by its place.
 *
 * V8 makes a `Set` a new table every few changes, and a table that is done with leads on to the next: one of them that
 * lies among what lives long keeps all after it, with their members, until the next whole collection.
 */
export class Roll<Member extends object> {
  readonly #members: (Member | null)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#members.length - this.#free.length;
  }

  /** Gives the place of the member. */
  add(member: Member): number {
    const place = this.#free.pop() ?? this.#members.length;
    this.#members[place] = member;
    return place;
  }

  /** A member that has left already is none: its place may be another's. */
  remove(member: Member, place: number): void {
    if (this.#members[place] !== member) return;
    this.#members[place] = null;
    this.#free.push(place);
  }

  *[Symbol.iterator](): IterableIterator<Member> {
    for (const member of this.#members) if (member !== null) yield member;
  }
}
