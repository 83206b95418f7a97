/** One selection in our words and in kvpress's. */
export interface Case {
  readonly label: string;
  readonly cache: string;
  readonly press: Press;
}

/** What `rows.py` makes a press of. */
export interface Press {
  readonly press: 'snapkv' | 'keydiff' | 'expected-attention' | 'h2o' | 'streaming' | 'kvzip';
  readonly rows: number;
  readonly window?: number;
  readonly kernel?: number;
  readonly epsilon?: number;
  readonly values?: 'critical';
  readonly budget?: 'adaptive';
}

/** As `EPSILON` of our selector; a press adds nothing unless it is told to. */
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

/** Selectors that kvpress gives no window: all rows are candidates. */
const windowless = (
  label: string,
  press: Exclude<Press['press'], 'snapkv'>,
  rows: number,
  others: Pick<Press, 'epsilon'> = {},
): Case => ({ label, cache: `${press}:${rows},window=0`, press: { press, rows, ...others } });

/** kvpress pools by means alone, so that no case has pool=max. */
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
