import type { GgufHeader, GgufTensor } from './header.ts';

/** A tensor and the header of its file. */
export interface LocatedTensor extends GgufTensor {
  readonly header: Pick<GgufHeader, 'path' | 'dataOffsetBytes'>;
}

/** All tensors of a model's files, by name. */
export function locateTensors(headers: readonly GgufHeader[]): ReadonlyMap<string, LocatedTensor> {
  return new Map(
    headers.flatMap((header) => header.tensors.map((tensor) => [tensor.name, { ...tensor, header }] as const)),
  );
}
