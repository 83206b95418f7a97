/** The measurement of one way to hold a context, relative to the faster of the two variants of libllama. */
export interface Measured {
  readonly depth: number;
  readonly name: string;
  readonly decodeRatio: number;
  readonly promptRatio: number;
  readonly attendedBytes?: number | undefined;
}

interface Goal {
  readonly depth: number;
  readonly name: string;
  readonly what: keyof typeof WHAT;
  /** The minimum speed ratio, or the maximum share of bytes. */
  readonly ratio: number;
}

const WHAT = {
  decode: 'tokens decoded',
  prompt: 'prompt tokens',
  bytes: 'bytes attended, of those of `full`',
} as const;

/** The goals. `tiered` includes repeated choices, at the quality of context-quality.md. */
const GOALS: readonly Goal[] = [
  { depth: 16_384, name: 'full', what: 'decode', ratio: 1.3 },
  { depth: 16_384, name: 'snapkv:2048', what: 'decode', ratio: 4.4 },
  { depth: 16_384, name: 'snapkv:1024', what: 'decode', ratio: 5.5 },
  { depth: 16_384, name: 'tiered:1024', what: 'decode', ratio: 4.4 },
  { depth: 16_384, name: 'snapkv:1024', what: 'prompt', ratio: 4 },
  { depth: 16_384, name: 'tiered:1024', what: 'prompt', ratio: 4 },
  { depth: 16_384, name: 'snapkv:2048', what: 'bytes', ratio: 1 / 8 },
  { depth: 32_768, name: 'snapkv:1024', what: 'decode', ratio: 8 },
];

/** Returns a line for each goal with a measurement, and whether it is met. */
export function goalLines(rows: readonly Measured[]): readonly string[] {
  const of = (depth: number, name: string): Measured | undefined =>
    rows.find((row) => row.depth === depth && row.name === name);
  return GOALS.flatMap(({ depth, name, what, ratio }) => {
    const measured = valueOf(what, of(depth, name), of(depth, 'full'));
    if (measured === undefined) return [];
    const [wanted, isMet] =
      what === 'bytes' ? [`≤ ${ratio.toFixed(3)}`, measured <= ratio] : [`≥ ${ratio}`, measured >= ratio];
    return [
      `| ${depth} | ${name} | ${WHAT[what]} | ${wanted} | ${measured.toFixed(what === 'bytes' ? 3 : 2)} | ${isMet ? 'met' : 'missed'} |`,
    ];
  });
}

function valueOf(what: Goal['what'], row: Measured | undefined, full: Measured | undefined): number | undefined {
  if (what !== 'bytes') return what === 'decode' ? row?.decodeRatio : row?.promptRatio;
  return row?.attendedBytes === undefined || full?.attendedBytes === undefined
    ? undefined
    : row.attendedBytes / full.attendedBytes;
}
