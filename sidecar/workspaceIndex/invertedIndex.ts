/** A number of a document in the index; a file that changes becomes another document. */
export type DocumentId = number;

/**
 * Postings that wait to be sorted: room for the first ones, and for the most. Small workspaces come and go, and a large
 * buffer each would stay until the next collection.
 */
const FIRST_POSTINGS = 1 << 10;
const BUFFER_POSTINGS = 1 << 18;
const MAX_SEGMENTS = 8;
/** A posting is the document's number above eight bits of count. */
const COUNT_BITS = 8;
const MAX_COUNT = (1 << COUNT_BITS) - 1;
export const MAX_DOCUMENTS = 1 << (32 - COUNT_BITS);

/** Postings that one ranking looks at: some ten milliseconds. */
const MAX_VISITED = 200_000;
/** Postings of a term that are looked through to know how rare it is. */
const MAX_COUNTED = 4_096;

/** BM25's usual constants (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009). */
const K1 = 1.2;
const B = 0.75;

/** Sorted postings of many terms: those of `hashes[i]` are `postings[offsets[i]]` up to `postings[offsets[i + 1]]`. */
interface Segment {
  readonly hashes: Uint32Array;
  readonly offsets: Uint32Array;
  readonly postings: Uint32Array;
}

/**
 * Which documents hold a term and how often, terms by their hashes. Written into a buffer that is sorted into segments,
 * and segments merged into one, as Lucene does; a posting takes four bytes. Documents are added and removed, never
 * changed.
 */
export class InvertedIndex {
  #segments: Segment[] = [];
  /** Pairs of posting and hash: as little-endian 64-bit numbers they sort by hash, then by document. */
  #buffer = new Uint32Array(2 * FIRST_POSTINGS);
  #buffered = 0;
  readonly #bufferTable = new Map<number, number[]>();
  /** Postings of the buffer that are in the table. */
  #tabled = 0;
  /** By document: its length in terms; 0 where it was removed. */
  #lengths = new Uint32Array(1024);
  #documentCount = 0;
  #liveCount = 0;
  #totalLength = 0;

  /** Documents that were added and not removed. */
  get count(): number {
    return this.#liveCount;
  }

  /** Numbers given out so far. At `MAX_DOCUMENTS` the index has to be made anew. */
  get nextId(): DocumentId {
    return this.#documentCount;
  }

  /** Bytes of postings and tables. */
  get sizeBytes(): number {
    const segments = this.#segments.reduce(
      (sum, { hashes, offsets, postings }) => sum + hashes.byteLength + offsets.byteLength + postings.byteLength,
      0,
    );
    return segments + this.#buffer.byteLength + this.#lengths.byteLength;
  }

  /** Adds a document by how often each term stands in it. Throws `RangeError` where no number is left. */
  add(counts: ReadonlyMap<number, number>): DocumentId {
    if (this.#documentCount >= MAX_DOCUMENTS)
      throw new RangeError(`The index has given out all its ${MAX_DOCUMENTS} numbers`);
    const id = this.#documentCount++;
    // Known before the first posting: a merge in between would take the document for a removed one.
    this.#setLength(
      id,
      Math.max(
        1,
        [...counts.values()].reduce((sum, count) => sum + count, 0),
      ),
    );
    for (const [hash, count] of counts) {
      if (this.#buffered === BUFFER_POSTINGS) this.#sortBuffer();
      if (2 * this.#buffered === this.#buffer.length) this.#buffer = twiceAsLong(this.#buffer);
      this.#buffer[2 * this.#buffered] = ((id << COUNT_BITS) | Math.min(count, MAX_COUNT)) >>> 0;
      this.#buffer[2 * this.#buffered + 1] = hash;
      this.#buffered++;
    }
    return id;
  }

  remove(id: DocumentId): void {
    const length = this.#lengths[id] ?? 0;
    if (length === 0) return;
    this.#lengths[id] = 0;
    this.#totalLength -= length;
    this.#liveCount--;
  }

  /** Live documents that hold the term, with how often. */
  postings(hash: number): [document: DocumentId, count: number][] {
    const found: [DocumentId, number][] = [];
    this.#visit(hash, (id, count) => found.push([id, count]));
    return found;
  }

  /**
   * BM25 scores of the documents that hold any of the terms; `weights`: how much a term of the query counts. The rarest
   * terms come first, and where common ones would take long they are left out: they tell documents apart the least.
   */
  scores(weights: ReadonlyMap<number, number>): Map<DocumentId, number> {
    const scores = new Map<DocumentId, number>();
    const averageLength = this.#totalLength / Math.max(1, this.#liveCount);
    const terms = [...weights]
      .map(([hash, weight]) => ({ hash, weight, frequency: this.#frequency(hash) }))
      .sort((one, other) => one.frequency - other.frequency);
    let visited = 0;
    for (const { hash, weight, frequency } of terms) {
      visited += frequency;
      if (visited > MAX_VISITED) break;
      const found = this.postings(hash);
      const rarity = this.#rarityOf(found.length);
      for (const [id, count] of found) {
        const norm = K1 * (1 - B + (B * (this.#lengths[id] ?? 0)) / averageLength);
        scores.set(id, (scores.get(id) ?? 0) + (weight * rarity * count * (K1 + 1)) / (count + norm));
      }
    }
    return scores;
  }

  /** BM25's inverse document frequency of a term: above zero for any, and lowest for one that all documents hold. */
  rarity(hash: number): number {
    const most = Math.min(this.#frequency(hash), this.#liveCount);
    // Each edit of a document leaves postings of what it was: few enough are counted without them.
    return this.#rarityOf(most > MAX_COUNTED ? most : this.postings(hash).length);
  }

  #rarityOf(documents: number): number {
    return Math.log(1 + (this.#liveCount - documents + 0.5) / (documents + 0.5));
  }

  /** In how many documents a term stands, some that were removed among them. */
  #frequency(hash: number): number {
    let frequency = this.#buffered === 0 ? 0 : (this.#bufferPostings().get(hash)?.length ?? 0);
    for (const { hashes, offsets } of this.#segments) {
      const at = indexOf(hashes, hash);
      if (at >= 0) frequency += (offsets[at + 1] ?? 0) - (offsets[at] ?? 0);
    }
    return frequency;
  }

  #visit(hash: number, take: (id: DocumentId, count: number) => void): void {
    const visit = (posting: number): void => {
      const id = posting >>> COUNT_BITS;
      if ((this.#lengths[id] ?? 0) > 0) take(id, posting & MAX_COUNT);
    };
    for (const { hashes, offsets, postings } of this.#segments) {
      const at = indexOf(hashes, hash);
      if (at >= 0)
        for (let index = offsets[at] ?? 0; index < (offsets[at + 1] ?? 0); index++) visit(postings[index] ?? 0);
    }
    for (const posting of this.#bufferPostings().get(hash) ?? []) visit(posting);
  }

  /** The buffer by terms, made as far as questions need it. */
  #bufferPostings(): ReadonlyMap<number, readonly number[]> {
    for (; this.#tabled < this.#buffered; this.#tabled++) {
      const hash = this.#buffer[2 * this.#tabled + 1] ?? 0;
      const posting = this.#buffer[2 * this.#tabled] ?? 0;
      const postings = this.#bufferTable.get(hash);
      if (postings === undefined) this.#bufferTable.set(hash, [posting]);
      else postings.push(posting);
    }
    return this.#bufferTable;
  }

  #setLength(id: DocumentId, length: number): void {
    if (id >= this.#lengths.length) {
      this.#lengths = twiceAsLong(this.#lengths);
    }
    this.#lengths[id] = length;
    this.#totalLength += length;
    this.#liveCount++;
  }

  #sortBuffer(): void {
    const pairs = new BigUint64Array(this.#buffer.buffer, 0, this.#buffered).slice().sort();
    this.#segments.push(segmentOf(new Uint32Array(pairs.buffer)));
    this.#buffered = 0;
    this.#tabled = 0;
    this.#bufferTable.clear();
    if (this.#segments.length > MAX_SEGMENTS) this.#merge();
  }

  /** Makes one segment of all, without what was removed. */
  #merge(): void {
    const postings = new Uint32Array(this.#segments.reduce((sum, segment) => sum + segment.postings.length, 0));
    const hashes: number[] = [];
    const offsets: number[] = [];
    const heads = this.#segments.map(() => 0);
    let count = 0;
    for (;;) {
      const next = Math.min(
        ...this.#segments.map(({ hashes: sorted }, index) => sorted[heads[index] ?? 0] ?? Infinity),
      );
      if (next === Infinity) break;
      const first = count;
      for (const [index, segment] of this.#segments.entries()) {
        const at = heads[index] ?? 0;
        if (segment.hashes[at] !== next) continue;
        heads[index] = at + 1;
        for (let each = segment.offsets[at] ?? 0; each < (segment.offsets[at + 1] ?? 0); each++) {
          const posting = segment.postings[each] ?? 0;
          if ((this.#lengths[posting >>> COUNT_BITS] ?? 0) > 0) postings[count++] = posting;
        }
      }
      if (count === first) continue;
      hashes.push(next);
      offsets.push(first);
    }
    offsets.push(count);
    this.#segments = [
      { hashes: Uint32Array.from(hashes), offsets: Uint32Array.from(offsets), postings: postings.slice(0, count) },
    ];
  }
}

/** `pairs`: posting and hash in turn, sorted by hash. */
function twiceAsLong(values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(2 * values.length);
  longer.set(values);
  return longer;
}

function segmentOf(pairs: Uint32Array): Segment {
  const count = pairs.length / 2;
  const postings = new Uint32Array(count);
  const hashes: number[] = [];
  const offsets: number[] = [];
  for (let index = 0; index < count; index++) {
    const hash = pairs[2 * index + 1] ?? 0;
    if (index === 0 || hash !== hashes.at(-1)) {
      hashes.push(hash);
      offsets.push(index);
    }
    postings[index] = pairs[2 * index] ?? 0;
  }
  offsets.push(count);
  return { hashes: Uint32Array.from(hashes), offsets: Uint32Array.from(offsets), postings };
}

/** Where `value` stands in an ascending array, or -1. */
function indexOf(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = sorted[middle] ?? 0;
    if (found === value) return middle;
    if (found < value) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
