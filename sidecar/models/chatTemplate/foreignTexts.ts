/** Encloses the number of a hidden text. */
const MARK = '\uE0F7';
/**
 * Marks the start or end of a foreign text that could form a special text together with its neighbours in the template.
 */
const SEAM = '\uE0F8';
/** Adjacent seams count as a single seam. */
const SEAMS = new RegExp(`${SEAM}+`);
const OWN_MARKS = new RegExp(`[${MARK}${SEAM}]`, 'g');
const HIDDEN = new RegExp(`${MARK}(\\d+)${MARK}`);

/**
 * The limit for matching special texts against a template, in characters read: some tenths of a second. Known models
 * take a hundredth of it.
 */
const MAX_READ_UNITS = 2 ** 28;
/** The cost of keeping a part of a special text, in the same unit. */
const PART_COST_UNITS = 256;
/** The maximum number of pieces of a prompt. Even the longest context full of special texts has fewer. */
const MAX_PIECES = 100_000;

/**
 * There are more special texts or prompt pieces than the limits allow. The message continues a sentence whose subject
 * is the template.
 */
export class ForeignTextsError extends RangeError {
  override readonly name = 'ForeignTextsError';
}

/** A piece of a rendered prompt. `isPlain`: no part of it may become a special token. */
export interface PromptPiece {
  readonly text: string;
  readonly isPlain: boolean;
}

/** The special texts, and the parts of them that matter at the edges of foreign texts. */
export class SpecialForms {
  readonly pattern: RegExp | undefined;
  readonly longest: number;
  /** Proper prefixes of special texts. */
  readonly heads = new Set<string>();
  /** Proper suffixes and inner parts of special texts whose rest the template itself contains. */
  readonly tails = new Set<string>();
  readonly insides = new Set<string>();

  readonly #inTemplate = new Map<string, boolean>();
  #readUnits = 0;

  /** Throws `ForeignTextsError`, since a model's file may contain any number of special texts. */
  constructor(
    readonly texts: ReadonlySet<string>,
    private readonly templateSource: string,
  ) {
    const longestFirst = [...texts].sort((a, b) => b.length - a.length);
    this.longest = longestFirst[0]?.length ?? 0;
    for (const text of texts) this.#readParts(text);
    this.pattern = texts.size > 0 ? new RegExp(longestFirst.map(escapeForPattern).join('|'), 'g') : undefined;
  }

  #readParts(text: string): void {
    const before = longestPart(text.length, (length) => this.#isInTemplate(text.slice(0, length)));
    const behind = longestPart(text.length, (length) => this.#isInTemplate(text.slice(text.length - length)));
    for (let start = 1; start < text.length; start++) {
      this.#keep(this.heads, text.slice(0, start));
      if (start > before) continue;
      this.#keep(this.tails, text.slice(start));
      for (let end = Math.max(start + 1, text.length - behind); end < text.length; end++)
        this.#keep(this.insides, text.slice(start, end));
    }
  }

  #isInTemplate(part: string): boolean {
    let isIn = this.#inTemplate.get(part);
    if (isIn === undefined) {
      this.#spend(this.templateSource.length);
      this.#inTemplate.set(part, (isIn = this.templateSource.includes(part)));
    }
    return isIn;
  }

  #keep(parts: Set<string>, part: string): void {
    this.#spend(PART_COST_UNITS);
    parts.add(part);
  }

  #spend(units: number): void {
    this.#readUnits += units;
    if (this.#readUnits > MAX_READ_UNITS)
      throw new ForeignTextsError(
        `belongs to ${this.texts.size} special tokens, which together are longer than those of any known model`,
      );
  }
}

/** The foreign texts of a prompt. They are made harmless before the template sees them and restored in its output. */
export class ForeignTexts {
  readonly #hidden: string[] = [];

  constructor(private readonly forms: SpecialForms) {}

  /**
   * Copies a JSON value. No string or property name in the copy contains a special text, or a part of it at its ends.
   */
  hide<Value>(value: Value): Value {
    return this.#copy(value) as Value;
  }

  /**
   * Splits a rendered prompt into pieces. Throws `ForeignTextsError` if there are too many, since a template may write
   * marks itself.
   */
  pieces(rendered: string): PromptPiece[] {
    const marks = rendered.match(OWN_MARKS)?.length ?? 0;
    if (marks > MAX_PIECES) throw new ForeignTextsError(`makes a prompt of more than ${MAX_PIECES} pieces`);
    return rendered
      .split(HIDDEN)
      .flatMap((part, index): PromptPiece[] => {
        if (index % 2 === 1) return [{ text: this.#hidden[Number(part)] ?? '', isPlain: true }];
        return this.#cutAtSeams(part).map((text) => ({ text, isPlain: false }));
      })
      .filter(({ text }) => text !== '');
  }

  #copy(value: unknown): unknown {
    if (typeof value === 'string') return this.#hideText(value);
    if (Array.isArray(value)) return value.map((element) => this.#copy(element));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [this.#hideText(name), this.#copy(member)]),
    );
  }

  #hideText(text: string): string {
    const { pattern } = this.forms;
    if (!pattern) return text;
    const whole = text
      .replace(OWN_MARKS, '\uFFFD')
      .replace(pattern, (found) => `${MARK}${this.#hidden.push(found) - 1}${MARK}`);
    return this.#withSeams(whole);
  }

  /** Templates trim texts, so seams are put inside the surrounding whitespace. */
  #withSeams(text: string): string {
    const { heads, tails, insides } = this.forms;
    const inner = text.trim();
    const beginsOne = insides.has(inner) || this.#lengths(inner).some((length) => tails.has(inner.slice(0, length)));
    const endsOne = insides.has(inner) || this.#lengths(inner).some((length) => heads.has(inner.slice(-length)));
    if (!beginsOne && !endsOne) return text;
    const start = text.indexOf(inner);
    return `${text.slice(0, start)}${beginsOne ? SEAM : ''}${inner}${endsOne ? SEAM : ''}${text.slice(start + inner.length)}`;
  }

  /**
   * Removes the seams that no special text crosses, and cuts at the others. Only the ends beside a seam are compared,
   * since a prompt may have thousands of seams.
   */
  #cutAtSeams(part: string): string[] {
    const { longest } = this.forms;
    const [first = '', ...rest] = part.split(SEAMS);
    const cut = [[first]];
    let before = first.slice(-longest);
    rest.forEach((text, index) => {
      if (this.#meet(before, this.#beginning(rest, index))) {
        cut.push([text]);
        before = text.slice(-longest);
      } else {
        cut.at(-1)?.push(text);
        before = (before + text.slice(-longest)).slice(-longest);
      }
    });
    return cut.map((texts) => texts.join(''));
  }

  /** The text after a seam. The rest of a special text may extend over several seams. */
  #beginning(texts: readonly string[], start: number): string {
    const { longest } = this.forms;
    let beginning = '';
    for (let index = start; index < texts.length && beginning.length < longest; index++)
      beginning += (texts[index] as string).slice(0, longest - beginning.length);
    return beginning;
  }

  /** Whether a special text begins before the seam and ends behind it. */
  #meet(before: string, behind: string): boolean {
    const { heads, texts } = this.forms;
    return this.#lengths(before).some((length) => {
      const head = before.slice(-length);
      return heads.has(head) && this.#lengths(behind).some((more) => texts.has(head + behind.slice(0, more)));
    });
  }

  #lengths(text: string): number[] {
    return Array.from({ length: Math.max(0, Math.min(this.forms.longest - 1, text.length)) }, (_, index) => index + 1);
  }
}

/**
 * The largest length below `limit` for which `holds` is true, or 0. If `holds` is true for a length, it is true for all
 * shorter ones.
 */
function longestPart(limit: number, holds: (length: number) => boolean): number {
  let length = 0;
  while (length + 1 < limit && holds(length + 1)) length++;
  return length;
}

function escapeForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
