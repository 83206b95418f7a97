/** The number of a document in the index. A changed file becomes another document. */
export type DocumentId = number;

/**
 * The capacity of the buffer of unsorted postings, at first and at most. Small workspaces come and go, and a large
 * buffer for each would stay until the next garbage collection.
 */
const FIRST_POSTINGS = 1 << 10;
const BUFFER_POSTINGS = 1 << 18;
const MAX_SEGMENTS = 8;
/** A posting is the document's number above eight bits of count. */
const COUNT_BITS = 8;
const MAX_COUNT = (1 << COUNT_BITS) - 1;
export const MAX_DOCUMENTS = 1 << (32 - COUNT_BITS);

/** The most postings of a ranking: about ten milliseconds. */
const MAX_VISITED = 200_000;
/** The most postings of a term that are counted to find how rare it is. */
const MAX_COUNTED = 4_096;

/** BM25's usual constants (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009). */
const K1 = 1.2;
const B = 0.75;

/**
 * Sorted postings of many terms. The postings of `hashes[i]` are `postings[offsets[i]]` up to `postings[offsets[i +
 * 1]]`.
 */
interface Segment {
  readonly hashes: Uint32Array;
  readonly offsets: Uint32Array;
  readonly postings: Uint32Array;
}

/**
 * Finds the documents of a term, and how often it occurs in each. Terms are represented by hashes. Postings are written
 * to a buffer that is sorted into segments, and segments are merged, as in Lucene. A posting takes four bytes.
 * Documents are added and removed, never changed.
 */
export class InvertedIndex {
  #segments: Segment[] = [];
  /** Pairs of posting and hash. As little-endian 64-bit numbers they sort by hash, then by document. */
  #buffer = new Uint32Array(2 * FIRST_POSTINGS);
  #buffered = 0;
  readonly #bufferTable = new Map<number, number[]>();
  /** The number of buffered postings that are in the table. */
  #tabled = 0;
  /** The length of each document in terms; 0 if it was removed. */
  #lengths = new Uint32Array(1024);
  #documentCount = 0;
  #liveCount = 0;
  #totalLength = 0;

  /** The number of documents that were added and not removed. */
  get count(): number {
    return this.#liveCount;
  }

  /** The next number. At `MAX_DOCUMENTS` the index must be built anew. */
  get nextId(): DocumentId {
    return this.#documentCount;
  }

  /** The bytes of postings and tables. */
  get sizeBytes(): number {
    const segments = this.#segments.reduce(
      (sum, { hashes, offsets, postings }) => sum + hashes.byteLength + offsets.byteLength + postings.byteLength,
      0,
    );
    return segments + this.#buffer.byteLength + this.#lengths.byteLength;
  }

  /** Adds a document by the counts of its terms. Throws `RangeError` if all numbers are used. */
  add(counts: ReadonlyMap<number, number>): DocumentId {
    if (this.#documentCount >= MAX_DOCUMENTS)
      throw new RangeError(`The index has given out all its ${MAX_DOCUMENTS} numbers`);
    const id = this.#documentCount++;
    // The length is set before the first posting: a merge in between would take the document for a removed one.
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

  /** Returns the live documents with the term, and how often it occurs in each. */
  postings(hash: number): [document: DocumentId, count: number][] {
    const found: [DocumentId, number][] = [];
    this.#visit(hash, (id, count) => found.push([id, count]));
    return found;
  }

  /**
   * Returns BM25 scores of the documents that have any of the terms. `weights` has the terms of the query. The rarest
   * terms come first. Common terms are left out if they would take too long, since they distinguish documents the
   * least.
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

  /**
   * Returns BM25's inverse document frequency of a term. It is above zero for every term, and lowest for a term in all
   * documents.
   */
  rarity(hash: number): number {
    const most = Math.min(this.#frequency(hash), this.#liveCount);
    // Each edit leaves postings of the removed document. Terms with few postings are counted without them.
    return this.#rarityOf(most > MAX_COUNTED ? most : this.postings(hash).length);
  }

  #rarityOf(documents: number): number {
    return Math.log(1 + (this.#liveCount - documents + 0.5) / (documents + 0.5));
  }

  /** Returns the number of documents with a term, including some removed documents. */
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

  /** Returns the buffer's postings by term. The table is extended when it is needed. */
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

  /** Merges all segments into one, without postings of removed documents. */
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

function twiceAsLong(values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(2 * values.length);
  longer.set(values);
  return longer;
}

/** `pairs` has posting and hash in turn, sorted by hash. */
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

/** Returns the index of `value` in an ascending array, or -1. */
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
