import type { Random } from './random.ts';

/** Code that handles external input, and the generator of inputs for it. */
export interface FuzzTarget<Input> {
  /** A short title for the page. */
  readonly title: string;
  /** The number of inputs that `make` returns at once (default 1). */
  readonly inputsAtOnce?: number;
  /** Makes an input, or several at once. The same random numbers make the same inputs. */
  make(random: Random): Input;
  /**
   * Handles an input and returns whether it was accepted. False means that it was correctly refused. Throws after an
   * error of another class, or if a condition does not hold afterwards.
   */
  run(input: Input): boolean | Promise<boolean>;
  /** Frees the target's resources. */
  close?(): Promise<void>;
}
