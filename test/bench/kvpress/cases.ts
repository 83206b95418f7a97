/** A selection in the terms of Chorus and of kvpress. */
export interface Case {
  readonly label: string;
  readonly cache: string;
  readonly press: Press;
}

/** The parameters from which `rows.py` makes a press. */
export interface Press {
  readonly press: 'snapkv' | 'keydiff' | 'expected-attention' | 'h2o' | 'streaming' | 'kvzip';
  readonly rows: number;
  readonly window?: number;
  readonly kernel?: number;
  readonly epsilon?: number;
  readonly values?: 'critical';
  readonly budget?: 'adaptive';
}

/** Equal to `EPSILON` of our selector. A press adds nothing by default. */
const EXPECTED_ATTENTION_EPSILON = 0.02;

type SnapKv = Required<Pick<Press, 'rows' | 'window' | 'kernel'>> & Pick<Press, 'values' | 'budget'>;

function snapKv(label: string, options: SnapKv): Case {
  const { rows, ...others } = options;
  return {
    label,
    cache: [`snapkv:${rows}`, 'pool=avg', ...Object.entries(others).map(([name, value]) => `${name}=${value}`)].join(
      ',',
    ),
    press: { press: 'snapkv', ...options },
  };
}

/** A selector without a window in kvpress: all rows are candidates. */
const windowless = (
  label: string,
  press: Exclude<Press['press'], 'snapkv'>,
  rows: number,
  others: Pick<Press, 'epsilon'> = {},
): Case => ({ label, cache: `${press}:${rows},window=0`, press: { press, rows, ...others } });

/** kvpress pools only by means, so no case has pool=max. */
export const cases: readonly Case[] = [
  snapKv('SnapKV', { rows: 512, window: 64, kernel: 7 }),
  snapKv('SnapKV', { rows: 512, window: 32, kernel: 5 }),
  snapKv('SnapKV', { rows: 256, window: 32, kernel: 7 }),
  snapKv('SnapKV', { rows: 256, window: 8, kernel: 1 }),
  snapKv('SnapKV', { rows: 128, window: 64, kernel: 5 }),
  snapKv('SnapKV', { rows: 128, window: 16, kernel: 15 }),
  snapKv('SnapKV', { rows: 64, window: 8, kernel: 5 }),
  snapKv('SnapKV', { rows: 64, window: 1, kernel: 3 }),
  windowless('KeyDiff', 'keydiff', 256),
  windowless('Expected Attention', 'expected-attention', 256, { epsilon: EXPECTED_ATTENTION_EPSILON }),
  windowless('H2O', 'h2o', 256),
  windowless('StreamingLLM', 'streaming', 256),
  windowless('KVzip', 'kvzip', 256),
  snapKv('CriticalKV over SnapKV', { rows: 256, window: 32, kernel: 5, values: 'critical' }),
  snapKv('CriticalKV over SnapKV', { rows: 128, window: 8, kernel: 7, values: 'critical' }),
  snapKv('AdaKV over SnapKV', { rows: 256, window: 32, kernel: 5, budget: 'adaptive' }),
  snapKv('AdaKV over SnapKV', { rows: 128, window: 8, kernel: 5, budget: 'adaptive' }),
];
