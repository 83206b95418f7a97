/**
 * Finds texts that nearly repeat an earlier one, by minhash over shingles of words (Broder 1997; one permutation, Li et
 * al. 2012).
 */

const SHINGLE_WORDS = 5;
const BINS = 64;
const BAND_BINS = 4;
/** The estimated share of common shingles from which a text counts as a copy. */
const SAME_SHARE = 0.7;
const EMPTY = 0xffffffff;

/** Stores texts and compares each new text with them. */
export class NearDuplicates {
  readonly #signatures: Uint32Array[] = [];
  /** The stored texts by the hash of each band of their signature. */
  readonly #bands = new Map<number, number[]>();

  /**
   * Stores a text unless it nearly repeats an earlier one, and returns whether it was stored. A text of fewer than five
   * words never counts as a copy.
   */
  addIfNew(text: string): boolean {
    const signature = signatureOf(text);
    if (!signature) return true;
    const keys = bandKeys(signature);
    const candidates = new Set(keys.flatMap((key) => this.#bands.get(key) ?? []));
    for (const candidate of candidates)
      if (sameShare(signature, this.#signatures[candidate] as Uint32Array) >= SAME_SHARE) return false;
    const index = this.#signatures.push(signature) - 1;
    for (const key of keys) {
      const members = this.#bands.get(key);
      if (members) members.push(index);
      else this.#bands.set(key, [index]);
    }
    return true;
  }
}

/** The smallest hash of each bin. An empty bin takes the value of the next non-empty one. */
function signatureOf(text: string): Uint32Array | undefined {
  const words = text.match(/\w+|[^\s\w]/g) ?? [];
  if (words.length < SHINGLE_WORDS) return undefined;
  const hashes = words.map(hashOf);
  const least = new Uint32Array(BINS).fill(EMPTY);
  for (let first = 0; first + SHINGLE_WORDS <= hashes.length; first++) {
    let shingle = 17;
    for (let word = first; word < first + SHINGLE_WORDS; word++) shingle = mix(shingle ^ (hashes[word] as number));
    const bin = shingle % BINS;
    const value = mix(shingle + 0x9e3779b9);
    if (value < (least[bin] as number)) least[bin] = value;
  }
  return least.map((_, bin) => {
    let from = bin;
    while (least[from] === EMPTY) from = (from + 1) % BINS;
    return least[from] as number;
  });
}

function bandKeys(signature: Uint32Array): readonly number[] {
  return Array.from({ length: BINS / BAND_BINS }, (_, band) => {
    let key = band;
    for (let bin = 0; bin < BAND_BINS; bin++) key = mix(key ^ (signature[band * BAND_BINS + bin] as number));
    return key;
  });
}

function sameShare(a: Uint32Array, b: Uint32Array): number {
  let same = 0;
  for (let bin = 0; bin < BINS; bin++) if (a[bin] === b[bin]) same++;
  return same / BINS;
}

/** FNV-1a. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < word.length; index++) hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** The finaliser of MurmurHash3. */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
