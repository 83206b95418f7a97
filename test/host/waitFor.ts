import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * The time limit for slow steps on a busy machine: starting VS Code, loading a model. Only a failure ever waits this
 * long.
 */
export const PATIENCE_MS = 120_000;

/** Polls until `probe` returns a value other than `undefined` or `false`. */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = PATIENCE_MS, intervalMs = 50 }: { readonly timeoutMs?: number; readonly intervalMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    assert.ok(Date.now() < deadline, `waited ${timeoutMs} ms for ${what}`);
    await delay(intervalMs);
  }
}
