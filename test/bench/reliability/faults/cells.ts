/** The steps of a client's work. */
const STEPS = ['start', 'publish', 'load', 'keep', 'download', 'import', 'forget'] as const;
export type Step = (typeof STEPS)[number];
type Role = 'front' | 'engine' | 'client';

export type Fault =
  | { readonly kind: 'kill'; readonly role: Role }
  | { readonly kind: 'stop'; readonly role: Role; readonly seconds: number }
  | { readonly kind: 'full disk' }
  | { readonly kind: 'I/O error' }
  | { readonly kind: 'memory limit' }
  | { readonly kind: 'clock'; readonly offsetSeconds: number };

export interface Cell {
  readonly step: Step;
  readonly fault: Fault;
  /** For example "load, kill -9 of the engine". */
  readonly name: string;
  readonly faultName: string;
}

const STOPPED_SECONDS = [1, 10, 100] as const;
const HOUR_SECONDS = 3_600;
/** Steps before an engine runs. */
const WITHOUT_ENGINE: readonly Step[] = ['start', 'publish'];

/** Returns the process that does the work of a step. */
export function workerOf(step: Step): 'front' | 'engine' {
  return step === 'load' || step === 'keep' || step === 'forget' ? 'engine' : 'front';
}

export const CELLS: readonly Cell[] = STEPS.flatMap((step) =>
  faultsOf(step).map((fault) => ({ step, fault, faultName: nameOf(fault), name: `${step}, ${nameOf(fault)}` })),
);

function faultsOf(step: Step): readonly Fault[] {
  const roles = (['front', 'engine', 'client'] as const).filter(
    (role) => role !== 'engine' || !WITHOUT_ENGINE.includes(step),
  );
  return [
    ...roles.map((role) => ({ kind: 'kill', role }) as const),
    { kind: 'full disk' },
    { kind: 'I/O error' },
    { kind: 'memory limit' },
    ...roles.flatMap((role) => STOPPED_SECONDS.map((seconds) => ({ kind: 'stop', role, seconds }) as const)),
    { kind: 'clock', offsetSeconds: HOUR_SECONDS },
    { kind: 'clock', offsetSeconds: -HOUR_SECONDS },
  ];
}

function nameOf(fault: Fault): string {
  const of = (role: Role): string => (role === 'client' ? 'starter' : role);
  switch (fault.kind) {
    case 'kill':
      return `kill -9 of the ${of(fault.role)}`;
    case 'stop':
      return `${of(fault.role)} stopped for ${fault.seconds} s`;
    case 'clock':
      return `clock an hour ${fault.offsetSeconds > 0 ? 'forth' : 'back'}`;
    default:
      return fault.kind;
  }
}
