import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TroubleError } from '../../sidecar/common/troubleError.ts';
import type { Architecture, Hyperparameters } from '../../sidecar/models/architectures/architecture.ts';
import { Metadata } from '../../sidecar/models/architectures/metadata.ts';
import type { GgufHeader } from '../../sidecar/models/gguf/header.ts';

type Value = number | string | boolean | readonly (number | boolean)[];
/** Keys without the prefix of the architecture. `undefined` leaves a key out. */
type Keys = Readonly<Record<string, Value | undefined>>;

/** A file that an architecture refuses: the reason, and the keys that differ from a valid file. */
export type RefusedKeys = readonly [what: string, code: TroubleError['code'], changes: Keys, says: RegExp];

/** Returns a function that reads `keys` with changes, as those of a file of the architecture. */
export function readerOf(architecture: Architecture, keys: Keys): (changes?: Keys) => Hyperparameters {
  return (changes = {}) => {
    const values = Object.entries({ ...keys, ...changes }).filter(([, value]) => value !== undefined);
    const header = {
      path: 'model.gguf',
      metadata: new Map([
        ['general.architecture', architecture.name],
        ...values.map(([key, value]) => [`${architecture.name}.${key}`, value] as const),
      ] as [string, Value][]),
      arrayLengths: new Map([['tokenizer.ggml.tokens', 1_000]]),
      tensors: [],
    } as unknown as GgufHeader;
    return architecture.readHyperparameters(new Metadata(header));
  };
}

/** Tests that each case is refused with its code, and with a message that names the file. */
export function itRefuses(read: (changes: Keys) => unknown, cases: readonly RefusedKeys[]): void {
  for (const [what, code, changes, says] of cases)
    it(`refuses a file ${what}`, () => {
      assert.throws(
        () => read(changes),
        (error: TroubleError) => {
          assert.equal(error.code, code, error.message);
          assert.match(error.message, /^model\.gguf: /);
          assert.match(error.message, says);
          return true;
        },
      );
    });
}
