import type { ModelText } from '../../../sidecar/models/modelText.ts';
import { TokenHealing, type TokenIndex } from '../../../sidecar/engine/tokenHealing.ts';
import type { TokenId } from '../../../sidecar/protocol/engine.ts';

const LINE_FEED = 0x0a;

/** Tokens with which a line can end: they begin with a line break, or end the text. */
export function lineEnds({ vocabulary, special }: ModelText): ReadonlySet<TokenId> {
  const ends = new Set(special.endOfGeneration);
  for (let token = 0; token < vocabulary.size; token++) if (vocabulary.tokenBytes(token)[0] === LINE_FEED) ends.add(token);
  return ends;
}

export interface Missing {
  /** What healing took back and what is missing, as tokens. */
  readonly tokens: readonly TokenId[];
  readonly requiredPrefix: string;
  readonly index: TokenIndex;
  readonly ends: ReadonlySet<TokenId>;
}

/** Nats that a model needs for what is missing and for the line to end there. `logitsOf(i)` are those before token i, [vocabulary]; the last ones are those behind all. */
export function missingNats({ tokens, requiredPrefix, index, ends }: Missing, logitsOf: (position: number) => Float32Array): number {
  const healing = new TokenHealing(index, requiredPrefix);
  let nats = 0;
  for (const [position, token] of tokens.entries()) {
    nats += natsOfAny(logitsOf(position), new Set([token]), healing.allowed);
    healing.accept(token);
  }
  return nats + natsOfAny(logitsOf(tokens.length), ends);
}

/** Of one of `wanted`, where only `allowed` can come; without these any can. */
function natsOfAny(logits: Float32Array, wanted: ReadonlySet<TokenId>, allowed?: ReadonlySet<TokenId>): number {
  const possible = allowed ? [...allowed] : [...logits.keys()];
  const most = possible.reduce((highest, token) => Math.max(highest, logits[token] as number), -Infinity);
  let [all, own] = [0, 0];
  for (const token of possible) {
    const weight = Math.exp((logits[token] as number) - most);
    all += weight;
    if (wanted.has(token)) own += weight;
  }
  return Math.log(all) - Math.log(own);
}
