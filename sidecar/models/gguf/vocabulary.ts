import type { TokenId } from '../../protocol/engine.ts';
import { readGgufHeader } from './header.ts';

/** Token kinds as GGUF's `tokenizer.ggml.token_type` numbers them. */
export const TOKEN_KIND = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/**
 * The exact bytes of each token. A token may hold a part of a character, so bytes are joined before they are decoded.
 */
export class Vocabulary {
  readonly #idByText: ReadonlyMap<string, TokenId>;

  constructor(
    private readonly bytes: readonly Buffer[],
    private readonly kinds: Uint8Array,
  ) {
    this.#idByText = new Map(this.#special().map((token) => [bytes[token]!.toString('utf8'), token]));
  }

  get size(): number {
    return this.bytes.length;
  }

  /** The bytes that the token adds to the text. Special tokens add none unless `special` is set. */
  tokenBytes(token: TokenId, options: { special?: boolean } = {}): Buffer {
    if (this.isControl(token) && !options.special) return Buffer.alloc(0);
    return this.bytes[token] ?? Buffer.alloc(0);
  }

  /** Whether the token is structure (`<|im_start|>`) and not text. */
  isControl(token: TokenId): boolean {
    return this.kinds[token] === TOKEN_KIND.control || this.kinds[token] === TOKEN_KIND.unknown;
  }

  /** Whether the token may occur in ordinary text. */
  isText(token: TokenId): boolean {
    const kind = this.kinds[token];
    return (
      (kind === TOKEN_KIND.normal || kind === TOKEN_KIND.userDefined || kind === TOKEN_KIND.byte) &&
      this.bytes[token]!.length > 0
    );
  }

  /** The special token with this text, if there is one. */
  specialToken(text: string): TokenId | undefined {
    return this.#idByText.get(text);
  }

  /** Whether a tokenizer recognises the token wherever its text occurs. */
  isUserDefined(token: TokenId): boolean {
    return this.kinds[token] === TOKEN_KIND.userDefined;
  }

  #special(): TokenId[] {
    const tokens: TokenId[] = [];
    for (let token = 0; token < this.bytes.length; token++) {
      if (this.kinds[token] === TOKEN_KIND.control || this.kinds[token] === TOKEN_KIND.userDefined) tokens.push(token);
    }
    return tokens;
  }
}

/**
 * Reads a file's vocabulary. Returns `undefined` unless its tokenizer spells tokens as bytes ("gpt2") or with
 * SentencePiece's marks ("llama"). Throws as `readGgufHeader` does.
 */
export async function readVocabulary(filePath: string): Promise<Vocabulary | undefined> {
  const raw: Buffer[] = [];
  const kinds: number[] = [];
  const header = await readGgufHeader(filePath, {
    visitedKeys: ['tokenizer.ggml.tokens', 'tokenizer.ggml.token_type'],
    visitArray: (key, _index, element) => {
      if (key === 'tokenizer.ggml.tokens' && Buffer.isBuffer(element)) raw.push(Buffer.from(element));
      else if (key === 'tokenizer.ggml.token_type' && typeof element === 'number') kinds.push(element);
    },
  });
  const spell = SPELLINGS.get(String(header.metadata.get('tokenizer.ggml.model')));
  if (!spell) return undefined;
  const kindOf = Uint8Array.from(raw, (_, token) => kinds[token] ?? TOKEN_KIND.normal);
  return new Vocabulary(
    raw.map((text, token) => spell(text, kindOf[token]!)),
    kindOf,
  );
}

const SPELLINGS: ReadonlyMap<string, (text: Buffer, kind: number) => Buffer> = new Map(
  Object.entries({
    gpt2: (text: Buffer, kind: number) =>
      kind === TOKEN_KIND.normal || kind === TOKEN_KIND.unused ? bytesOfByteLevel(text) : text,
    llama: (text: Buffer, kind: number) => {
      if (kind === TOKEN_KIND.byte) {
        const match = /^<0x([0-9A-F]{2})>$/i.exec(text.toString('latin1'));
        return match ? Buffer.from([Number.parseInt(match[1]!, 16)]) : text;
      }
      return kind === TOKEN_KIND.control || kind === TOKEN_KIND.unknown
        ? text
        : Buffer.from(text.toString('utf8').replaceAll('▁', ' '), 'utf8');
    },
  }),
);

/**
 * The byte that a character below U+0200 stands for, or −1. GPT-2 writes each byte as a printable character: its own if
 * printable, or else the next free one from U+0100.
 */
const BYTE_OF_CHARACTER: Readonly<Int16Array> = (() => {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  const bytes = new Int16Array(0x200).fill(-1);
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) bytes[printable(byte) ? byte : next++] = byte;
  return bytes;
})();

/** Decodes UTF-8 of one and two bytes itself, since decoders are slow for 100,000 small texts. Other bytes stay. */
function bytesOfByteLevel(text: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const first = text[at] as number;
    const second = text[at + 1] ?? 0;
    const isPair = first >= 0xc2 && first <= 0xc7 && (second & 0xc0) === 0x80;
    const byte = BYTE_OF_CHARACTER[isPair ? ((first & 0x1f) << 6) | (second & 0x3f) : first] as number;
    bytes[length++] = byte >= 0 ? byte : first;
    if (isPair && byte >= 0) at++;
  }
  return bytes.subarray(0, length);
}
